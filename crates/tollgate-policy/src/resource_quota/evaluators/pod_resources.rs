//! What all containers of a pod request or limit together, as quotas count it: while containers are resized, the largest
//! of what is wanted, given and in force; of the pod's own amounts only what its spec says.

use tollgate_api::Value;
use tollgate_api::pod_resources::{self, Amounts, List, Resize};

/// What a pod requests.
pub(super) fn requests(pod: &Value) -> Amounts<'_> {
    let resize = Resize::of(pod);
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    pod_resources::requests(spec, None, |sum, container, role| {
        resize.add(sum, container, role, List::Requests);
    })
}

/// What a pod is limited to.
pub(super) fn limits(pod: &Value) -> Amounts<'_> {
    let resize = Resize::of(pod);
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    pod_resources::limits(spec, |sum, container, role| {
        resize.add(sum, container, role, List::Limits);
    })
}
