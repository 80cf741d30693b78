//! The pod spec as it stands in a Pod and in every pod template.

use super::set::{if_absent, if_empty, pointer, structure, structures};
use super::{container, resource_list, volume};
use tollgate_api::Value;

/// How many fields a pod spec gets that says the least, with those that admission adds.
const DEFAULTED_FIELDS: usize = 8;

/// Sets the defaults that pods and pod templates have in common. What only a Pod takes is in [`super::pod`].
pub fn set_defaults(spec: &mut Value) {
    if let Some(fields) = spec.as_object_mut() {
        fields.reserve(DEFAULTED_FIELDS);
    }
    if_empty(spec, "dnsPolicy", "ClusterFirst");
    if_empty(spec, "restartPolicy", "Always");
    if_absent(spec, "securityContext", Value::object());
    if_absent(spec, "terminationGracePeriodSeconds", 30);
    if_empty(spec, "schedulerName", "default-scheduler");
    for volume in structures(spec, "volumes") {
        volume::set_defaults(volume);
    }
    for key in ["initContainers", "containers", "ephemeralContainers"] {
        for container in structures(spec, key) {
            container::set_defaults(container);
        }
    }
    resource_list::set_defaults(spec, "overhead");
    if let Some(resources) = pointer(spec, "resources") {
        resource_list::set_defaults(resources, "limits");
        resource_list::set_defaults(resources, "requests");
    }
}

/// Sets the defaults of the pod template that `owner` holds under `key`.
pub(super) fn set_template_defaults(owner: &mut Value, key: &'static str) {
    if let Some(template) = structure(owner, key)
        && let Some(spec) = structure(template, "spec")
    {
        set_defaults(spec);
    }
}
