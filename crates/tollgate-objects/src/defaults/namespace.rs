//! Namespace.

use super::set::{if_empty, structure};
use tollgate_api::Value;

/// The label that holds the name of a namespace, so that selectors can tell it.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// Sets the defaults of a Namespace.
pub fn set_defaults(namespace: &mut Value) {
    if let Some(metadata) = structure(namespace, "metadata") {
        let name = metadata.str_or_empty("name");
        if !name.is_empty() {
            let name = Value::from(name);
            if let Some(labels) = structure(metadata, "labels") {
                labels.set(NAME_LABEL, name);
            }
        }
    }
    if let Some(status) = structure(namespace, "status") {
        if_empty(status, "phase", "Active");
    }
}
