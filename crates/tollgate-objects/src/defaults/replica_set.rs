//! ReplicaSet.

use super::set::{if_absent, structure};
use super::{labels, pod_spec};
use tollgate_api::Value;

/// Sets the defaults of a ReplicaSet of `apps/v1`.
pub fn set_defaults(set: &mut Value) {
    if let Some(spec) = structure(set, "spec") {
        if_absent(spec, "replicas", 1);
        pod_spec::set_template_defaults(spec, "template");
    }
}

/// Sets the defaults of a ReplicaSet of `extensions/v1beta1`.
pub fn set_defaults_extensions(set: &mut Value) {
    labels::set_from_template(set, true);
    set_defaults(set);
}
