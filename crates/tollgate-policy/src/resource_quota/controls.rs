//! interim
use crate::control::Control;
/// interim
pub const CONTROLS: &[Control] = &[];
pub(super) fn control_of_key(_key: &str) -> &'static str {
    "pods"
}
pub(super) fn control_of_scope(_key: &str) -> &'static str {
    "pods"
}
