//! ReplicationController.

use super::set::{if_absent, structure};
use super::{labels, pod_spec};
use tollgate_api::Value;

/// Sets the defaults of a ReplicationController.
pub fn set_defaults(controller: &mut Value) {
    labels::set_from_template(controller, false);
    if let Some(spec) = structure(controller, "spec") {
        if_absent(spec, "replicas", 1);
        if spec.get("template").is_some() {
            pod_spec::set_template_defaults(spec, "template");
        }
    }
}
