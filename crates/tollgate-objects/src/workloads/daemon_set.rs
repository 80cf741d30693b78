//! DaemonSet: a pod per node, bound to it by affinity.

use super::pod::{self, Name};
use super::{Cluster, Plan, UNKNOWN_SUFFIX, scaled};
use tollgate_api::{Value, daemon_pod};

pub(super) fn plan(template: Option<Value>, set: &Value, cluster: Cluster) -> Plan {
    let name = pod::name_of(set);
    let mut pod = pod::from_template(template, set, Name::Generated(name));
    pod::label(
        &mut pod,
        "controller-revision-hash",
        &format!("{UNKNOWN_SUFFIX}{UNKNOWN_SUFFIX}"),
    );
    pod::label(&mut pod, "pod-template-generation", "1");
    let spec = pod.child_mut("spec");
    daemon_pod::add_tolerations(spec);
    daemon_pod::bind(spec, UNKNOWN_SUFFIX);

    let strategy = set.at(&["spec", "updateStrategy"]);
    let rolling = strategy.filter(|strategy| strategy.str("type") != Some("OnDelete"));
    let parameter = |key| rolling?.get("rollingUpdate")?.get(key);
    let surge = scaled(parameter("maxSurge"), cluster.nodes, true, 0);
    Plan {
        pod,
        pods: cluster.nodes,
        surge,
        // Validation lets only one of maxSurge and maxUnavailable be set.
        may_shrink: surge == 0,
        objects: Vec::new(),
    }
}
