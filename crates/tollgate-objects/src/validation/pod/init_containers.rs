//! Init containers and sidecars: `validateInitContainers`.

use super::volumes::Volumes;
use super::{Scope, container, lifecycle, ports, probes, restart_policy};
use crate::validation::repeats::Repeats;
use std::collections::BTreeSet;
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

const NOT_WITHOUT_ALWAYS: &str = "may not be set for init containers without restartPolicy=Always";

/// Validates the init containers.
pub(super) fn validate(
    scope: Scope<'_>,
    volumes: &Volumes<'_>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let regular = scope.spec.items("containers");
    let containers = scope.spec.items("initContainers");
    let regular: BTreeSet<&str> = container::names_of(regular).collect();
    let mut repeats = Repeats::new(containers, |entry| entry.str_or_empty("name"));
    for (index, init) in containers.iter().enumerate() {
        let is_repeated = repeats.next();
        let own_path = path.index(index);
        container::common(init, scope, volumes, &own_path, errors);
        restart_policy::validate_init(init, &own_path, errors);
        let name = init.str_or_empty("name");
        if regular.contains(name) || (!name.is_empty() && is_repeated) {
            errors.push(Error::duplicate(&own_path.child("name"), name));
        }
        // Upstream looks at each alone, since they run one after another, and counts from 0 each time.
        ports::host_port_conflicts(std::slice::from_ref(init), path, errors);
        let always = init.str_or_empty("restartPolicy") == "Always";
        if always {
            lifecycle::validate(init, scope, &own_path.child("lifecycle"), errors);
            probes::validate_all(init, scope, &own_path, errors);
        } else {
            only_for_sidecars(init, &own_path, errors);
        }
    }
}

fn only_for_sidecars(init: &Value, path: &Path<'_>, errors: &mut Errors) {
    for field in [
        "lifecycle",
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
    ] {
        if init.get(field).is_some() {
            errors.push(Error::forbidden(&path.child(field), NOT_WITHOUT_ALWAYS));
        }
    }
    let path = path.child("resizePolicy");
    for (index, policy) in init.items("resizePolicy").iter().enumerate() {
        if policy.str_or_empty("restartPolicy") == "RestartContainer" {
            errors.push(Error::invalid(
                &path.index(index).child("restartPolicy"),
                "RestartContainer",
                "must not be set to 'RestartContainer' for non-sidecar initContainers",
            ));
        }
    }
}
