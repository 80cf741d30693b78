//! `ValidateRuntimeClass` and its update.

use super::fields;
use super::object_meta;
use super::pod::resources::{container_resource_name, requirements};
use super::pod::tolerations;
use super::workload::metadata_update;
use super::{Options, go_values};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// Validates a RuntimeClass that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, false, names::dns1123_subdomain, errors);
    fields::required_name(
        object,
        "handler",
        names::dns1123_label,
        &Path::root(""),
        errors,
    );
    if let Some(overhead) = object.at(&["overhead", "podFixed"]) {
        // What pods cost beside their containers is judged as limits.
        let limits: Value = [("limits", overhead.clone())].into_iter().collect();
        let path = Path::root("overhead");
        requirements(&limits, container_resource_name, &path, errors);
    }
    if let Some(scheduling) = object.get("scheduling") {
        validate_scheduling(scheduling, &Path::root("scheduling"), errors);
    }
}

fn validate_scheduling(scheduling: &Value, path: &Path<'_>, errors: &mut Errors) {
    let selector = path.child("nodeSelector");
    object_meta::labels(scheduling, "nodeSelector", &selector, errors);
    let path = path.child("tolerations");
    let list = scheduling.items("tolerations");
    tolerations::validate(list, &path, errors);
    for (place, toleration) in list.iter().enumerate() {
        if list.iter().take(place).any(|earlier| earlier == toleration) {
            let shown = go_values::object([
                ("Key", go_values::text(toleration, "key")),
                ("Operator", go_values::text(toleration, "operator")),
                ("Value", go_values::text(toleration, "value")),
                ("Effect", go_values::text(toleration, "effect")),
                (
                    "TolerationSeconds",
                    go_values::nullable(toleration, "tolerationSeconds"),
                ),
            ]);
            errors.push(Error::duplicate(&path.index(place), shown));
        }
    }
}

/// Validates what a RuntimeClass becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    metadata_update(new, old, errors);
    fields::stays(new, old, "handler", &Path::root("handler"), errors);
    validate_create(new, options, errors);
}
