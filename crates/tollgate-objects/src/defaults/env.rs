//! Environment variables that take their value from elsewhere.

use super::resource_list;
use super::set::{if_absent, if_empty, pointer};
use tollgate_api::Value;

/// Sets the defaults of a variable of a container's environment.
pub(super) fn set_variable_defaults(variable: &mut Value) {
    let Some(source) = pointer(variable, "valueFrom") else {
        return;
    };
    set_field_defaults(source);
    if let Some(file) = pointer(source, "fileKeyRef") {
        if_absent(file, "optional", false);
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
