//! Pod: the defaults of its spec, and those that a pod template does not take.

use super::set::{if_absent, structure, structures};
use super::{container, pod_level_resources, pod_spec};
use tollgate_api::Value;

/// Sets the defaults of a Pod.
///
/// ```
/// let mut pod = tollgate_api::json::from_str(
///     r#"{"spec":{"containers":[{"name":"app","image":"app:1","resources":{"limits":{"cpu":"0.5"}}}]}}"#,
/// )
/// .unwrap();
/// tollgate_objects::defaults::pod::set_defaults(&mut pod);
/// let container = pod.at(&["spec"]).unwrap().items("containers").first().unwrap();
/// assert_eq!(container.str("imagePullPolicy"), Some("IfNotPresent"));
/// assert_eq!(container.at(&["resources", "requests", "cpu"]).unwrap().as_str(), Some("500m"));
/// ```
pub fn set_defaults(pod: &mut Value) {
    let Some(spec) = structure(pod, "spec") else {
        return;
    };
    // Before the amounts are rounded: a sum of requests is rounded once, not each of its parts.
    for key in ["containers", "initContainers"] {
        for container in structures(spec, key) {
            container::set_requests_from_limits(container);
        }
    }
    pod_level_resources::set_defaults(spec);
    if_absent(spec, "enableServiceLinks", true);
    if spec.bool("hostNetwork") == Some(true) {
        for key in ["containers", "initContainers"] {
            for container in structures(spec, key) {
                container::set_host_ports(container);
            }
        }
    }
    pod_spec::set_defaults(spec);
}
