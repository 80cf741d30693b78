//! Ephemeral containers: `validateEphemeralContainers`. They are refused on create, but looked at all the same.

use super::volumes::Volumes;
use super::{Scope, container};
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

const NOT_FOR_EPHEMERAL: &str = "cannot be set for an Ephemeral Container";

/// Fields that ephemeral containers must not have, in the order in which Go declares them.
const FORBIDDEN: &[&str] = &[
    "ports",
    "resources",
    "resizePolicy",
    "restartPolicy",
    "restartPolicyRules",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
];

/// Validates the ephemeral containers.
pub(super) fn validate(
    scope: Scope<'_>,
    volumes: &Volumes<'_>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let containers = scope.spec.items("ephemeralContainers");
    let others = || {
        container::names_of(scope.spec.items("containers"))
            .chain(container::names_of(scope.spec.items("initContainers")))
    };
    for (index, ephemeral) in containers.iter().enumerate() {
        let path = path.index(index);
        container::common(ephemeral, scope, volumes, &path, errors);
        container::image_for_pod(ephemeral, &path, errors);
        let name = ephemeral.str_or_empty("name");
        let mut taken = others().chain(container::names_of(containers).take(index));
        if taken.any(|other| other == name) {
            errors.push(Error::duplicate(&path.child("name"), name));
        }
        let target = ephemeral.str_or_empty("targetContainerName");
        if !target.is_empty() && !others().any(|other| other == target) {
            errors.push(Error::not_found(&path.child("targetContainerName"), target));
        }
        for field in FORBIDDEN {
            if is_set(ephemeral, field) {
                errors.push(Error::forbidden(&path.child(field), NOT_FOR_EPHEMERAL));
            }
        }
        sub_paths(ephemeral, &path.child("volumeMounts"), errors);
    }
}

/// Whether Go's field is not the zero value: `resources` is a struct, everything else a pointer or a list.
fn is_set(container: &Value, field: &str) -> bool {
    match container.get(field) {
        Some(value) if field == "resources" => ["limits", "requests", "claims"]
            .into_iter()
            .any(|list| value.get(list).is_some()),
        value => value.is_some(),
    }
}

fn sub_paths(container: &Value, path: &Path<'_>, errors: &mut Errors) {
    for (index, mount) in container.items("volumeMounts").iter().enumerate() {
        for field in ["subPath", "subPathExpr"] {
            if !mount.str_or_empty(field).is_empty() {
                errors.push(Error::forbidden(
                    &path.index(index).child(field),
                    NOT_FOR_EPHEMERAL,
                ));
            }
        }
    }
}
