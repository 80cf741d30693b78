//! Environment variables that take their value from elsewhere.

use super::resource_list;
use super::set::{if_absent, if_empty, pointer, structures};
use tollgate_api::Value;

/// Sets the defaults of a container's environment.
pub(super) fn set_defaults(container: &mut Value) {
    for variable in structures(container, "env") {
        let Some(source) = pointer(variable, "valueFrom") else {
            continue;
        };
        set_field_defaults(source);
        if let Some(file) = pointer(source, "fileKeyRef") {
            if_absent(file, "optional", false);
        }
    }
}

/// Sets the defaults of a reference to a field of the pod: of a variable, or of a file of a downward API volume.
pub(super) fn set_field_defaults(source: &mut Value) {
    if let Some(field) = pointer(source, "fieldRef") {
        if_empty(field, "apiVersion", "v1");
    }
    if let Some(resource) = pointer(source, "resourceFieldRef") {
        resource_list::canonicalize(resource, "divisor");
    }
}
