//! ResourceQuota.

use super::resource_list;
use super::set::pointer;
use tollgate_api::Value;

/// Sets the defaults of a quota: its amounts are rounded.
pub fn set_defaults(quota: &mut Value) {
    if let Some(spec) = pointer(quota, "spec") {
        resource_list::set_defaults(spec, "hard");
    }
    if let Some(status) = pointer(quota, "status") {
        resource_list::set_defaults(status, "hard");
        resource_list::set_defaults(status, "used");
    }
}
