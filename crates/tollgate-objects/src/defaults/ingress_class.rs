//! IngressClass.

use super::set::{if_absent, pointer};
use tollgate_api::Value;

/// Sets the defaults of a class.
pub fn set_defaults(class: &mut Value) {
    if let Some(parameters) = pointer(class, "spec").and_then(|spec| pointer(spec, "parameters")) {
        if_absent(parameters, "scope", "Cluster");
    }
}
