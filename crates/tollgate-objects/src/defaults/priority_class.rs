//! PriorityClass.

use super::set::if_absent;
use tollgate_api::Value;

/// Sets the defaults of a class: its pods preempt others.
pub fn set_defaults(class: &mut Value) {
    if_absent(class, "preemptionPolicy", "PreemptLowerPriority");
}
