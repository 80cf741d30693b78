//! ReplicaSet and ReplicationController: pods straight from the template.

use super::pod::{self, Name};
use super::{Cluster, Plan, replicas};
use tollgate_api::Value;

pub(super) fn plan(template: Option<Value>, set: &Value, _cluster: Cluster) -> Plan {
    let name = pod::name_of(set);
    Plan {
        pod: pod::from_template(template, set, Name::Generated(name)),
        pods: replicas(set.get("spec"), "replicas", 1),
        surge: 0,
        may_shrink: true,
        objects: Vec::new(),
    }
}
