//! Node.

use super::resource_list;
use super::set::{if_absent, pointer};
use tollgate_api::Value;

/// Sets the defaults of a Node: all of its capacity can be allocated.
pub fn set_defaults(node: &mut Value) {
    let Some(status) = pointer(node, "status") else {
        return;
    };
    if let Some(capacity) = status.get("capacity").cloned() {
        if_absent(status, "allocatable", capacity);
    }
    resource_list::set_defaults(status, "capacity");
    resource_list::set_defaults(status, "allocatable");
}
