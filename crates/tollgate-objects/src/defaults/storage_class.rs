//! StorageClass.

use super::set::if_absent;
use tollgate_api::Value;

/// Sets the defaults of a class.
pub fn set_defaults(class: &mut Value) {
    if_absent(class, "reclaimPolicy", "Delete");
    if_absent(class, "volumeBindingMode", "Immediate");
}
