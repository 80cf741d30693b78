//! Deployment: a ReplicaSet per revision, pods by the ReplicaSet controller.

use super::pod::{self, Name};
use super::{Cluster, Created, Plan, UNKNOWN_SUFFIX, replicas, scaled};
use tollgate_api::{GroupResource, Value};

pub(super) fn plan(template: Option<Value>, deployment: &Value, _cluster: Cluster) -> Plan {
    let spec = deployment.get("spec");
    // The hash of the template, ten characters; the template's own dump is Go's, so it cannot be known here.
    let hash = format!("{UNKNOWN_SUFFIX}{UNKNOWN_SUFFIX}");
    let set_name = format!("{}-{hash}", pod::name_of(deployment));
    let set = pod::created("apps/v1", "ReplicaSet", deployment, Name::Fixed(&set_name));
    let mut pod = pod::from_template(template, &set, Name::Generated(&set_name));
    pod::label(&mut pod, "pod-template-hash", &hash);

    let pods = replicas(spec, "replicas", 1);
    let (surge, may_shrink) = rolling_update(spec, pods);
    let sets_at_peak = u64::from(surge > 0 || pods > 0);
    Plan {
        pod,
        pods,
        surge,
        may_shrink,
        objects: vec![Created {
            resource: GroupResource::new("apps", "replicasets"),
            object: set,
            count: 1,
            surge: sets_at_peak,
        }],
    }
}

/// How many pods more a rolling update runs at its peak, and whether it may take old pods away first
/// (`ResolveFenceposts`).
fn rolling_update(spec: Option<&Value>, pods: u64) -> (u64, bool) {
    let strategy = spec.and_then(|spec| spec.get("strategy"));
    if strategy.is_some_and(|strategy| strategy.str("type") == Some("Recreate")) {
        return (0, true);
    }
    let parameters = strategy.and_then(|strategy| strategy.get("rollingUpdate"));
    let parameter = |key| parameters.and_then(|parameters| parameters.get(key));
    let quarter = |round_up| scaled(Some(&"25%".into()), pods, round_up, 0);
    let surge = scaled(parameter("maxSurge"), pods, true, quarter(true));
    let unavailable = scaled(parameter("maxUnavailable"), pods, false, quarter(false));
    // Both zero cannot move; the controller then takes one pod away first.
    (
        if pods == 0 { 0 } else { surge },
        unavailable > 0 || surge == 0,
    )
}
