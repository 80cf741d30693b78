//! PersistentVolumeClaim, also as a template in a pod's ephemeral volume or in a StatefulSet.

use super::resource_list;
use super::set::{if_absent, if_empty, pointer, structure};
use tollgate_api::Value;

/// Sets the defaults of a claim.
pub fn set_defaults(claim: &mut Value) {
    if let Some(status) = structure(claim, "status") {
        if_empty(status, "phase", "Pending");
        resource_list::set_defaults(status, "capacity");
        resource_list::set_defaults(status, "allocatedResources");
    }
    if let Some(spec) = structure(claim, "spec") {
        set_spec_defaults(spec);
    }
}

/// Sets the defaults of a claim's spec.
pub(super) fn set_spec_defaults(spec: &mut Value) {
    if_absent(spec, "volumeMode", "Filesystem");
    if let Some(resources) = pointer(spec, "resources") {
        resource_list::set_defaults(resources, "limits");
        resource_list::set_defaults(resources, "requests");
    }
}
