//! CSIDriver.

use super::set::{if_absent, structure};
use tollgate_api::Value;

/// Sets the defaults of a driver.
pub fn set_defaults(driver: &mut Value) {
    let Some(spec) = structure(driver, "spec") else {
        return;
    };
    if_absent(spec, "attachRequired", true);
    if_absent(spec, "podInfoOnMount", false);
    if_absent(spec, "storageCapacity", false);
    if_absent(spec, "fsGroupPolicy", "ReadWriteOnceWithFSType");
    if_absent(spec, "requiresRepublish", false);
    if_absent(spec, "seLinuxMount", false);
    if spec
        .get("volumeLifecycleModes")
        .is_none_or(|modes| modes.as_array().is_some_and(<[Value]>::is_empty))
    {
        spec.set("volumeLifecycleModes", vec!["Persistent"]);
    }
}
