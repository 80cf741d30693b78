//! Heartbeats: the lease of each node, renewed as often as the cluster can bear.

use super::moment;
use tollgate_api::{Timestamp, Value};

/// Where leases of nodes are.
pub const NAMESPACE: &str = "kube-node-lease";

/// How often nodes report. Upstream's numbers hold up to a hundred nodes; beyond, all grow with the number of nodes, so
/// that the whole cluster renews ten leases a second at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeats {
    /// From one renewal of a lease to the next, in milliseconds.
    pub renew_every: i64,
    /// How long a lease holds without renewal, in seconds.
    pub lease_seconds: i64,
    /// From one report of an unchanged status to the next, in milliseconds.
    pub report_every: i64,
}

impl Heartbeats {
    /// Renewals of all leases together, a second.
    const RENEWALS_PER_SECOND_MAX: i64 = 10;

    /// The heartbeats of a cluster of so many nodes.
    pub fn of_cluster(nodes: usize) -> Self {
        let nodes = i64::try_from(nodes).unwrap_or(i64::MAX);
        let renew_seconds = nodes.div_euclid(Self::RENEWALS_PER_SECOND_MAX).max(10);
        Self {
            renew_every: renew_seconds.saturating_mul(moment::SECOND),
            lease_seconds: renew_seconds.saturating_mul(4),
            report_every: renew_seconds.saturating_mul(30 * moment::SECOND),
        }
    }

    /// When the node at this place of `nodes` renews first: at once, but where there are many spread over the time from
    /// one renewal to the next, so that they do not all come together.
    pub fn first_delay(self, place: usize, nodes: usize) -> i64 {
        let place = i64::try_from(place).unwrap_or(0);
        let nodes = i64::try_from(nodes).unwrap_or(i64::MAX).max(1);
        if nodes <= Self::RENEWALS_PER_SECOND_MAX.saturating_mul(10) {
            return 0;
        }
        self.renew_every.saturating_mul(place).div_euclid(nodes)
    }
}

/// The lease of a node that has none.
pub fn new_lease(node: &Value, heartbeats: Heartbeats, now: Timestamp) -> Value {
    let metadata = node.get("metadata").unwrap_or(&Value::Null);
    let name = metadata.str_or_empty("name");
    let owner = Value::from_iter([
        ("apiVersion", "v1"),
        ("kind", "Node"),
        ("name", name),
        ("uid", metadata.str_or_empty("uid")),
    ]);
    let metadata = Value::from_iter([
        ("name", Value::from(name)),
        ("namespace", NAMESPACE.into()),
        ("ownerReferences", vec![owner].into()),
    ]);
    let mut lease = Value::from_iter([
        ("apiVersion", Value::from("coordination.k8s.io/v1")),
        ("kind", "Lease".into()),
        ("metadata", metadata),
    ]);
    lease.set("spec", spec(name, heartbeats, now));
    lease
}

/// The change that renews a lease, as a merge patch.
pub fn renewal(node: &str, heartbeats: Heartbeats, now: Timestamp) -> Value {
    Value::from_iter([("spec", spec(node, heartbeats, now))])
}

fn spec(node: &str, heartbeats: Heartbeats, now: Timestamp) -> Value {
    Value::from_iter([
        ("holderIdentity", Value::from(node)),
        ("leaseDurationSeconds", heartbeats.lease_seconds.into()),
        ("renewTime", now.to_micro_time().into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_nodes_beat_as_upstream_and_many_more_slowly() {
        let few = Heartbeats::of_cluster(3);
        assert_eq!(
            (few.renew_every, few.lease_seconds, few.report_every),
            (10_000, 40, 300_000)
        );
        assert_eq!(Heartbeats::of_cluster(0), few);
        assert_eq!(Heartbeats::of_cluster(100), few);
        let many = Heartbeats::of_cluster(5_000);
        assert_eq!((many.renew_every, many.lease_seconds), (500_000, 2_000));
        assert_eq!(many.first_delay(2_500, 5_000), 250_000);
        assert_eq!(few.first_delay(2, 3), 0);
    }

    #[test]
    fn a_lease_belongs_to_its_node() {
        let node = tollgate_api::json::from_str(r#"{"metadata":{"name":"n","uid":"u"}}"#).unwrap();
        let lease = new_lease(
            &node,
            Heartbeats::of_cluster(1),
            Timestamp::from_unix_seconds(0),
        );
        assert_eq!(
            lease.get("metadata").unwrap().items("ownerReferences")[0].str("uid"),
            Some("u")
        );
        assert_eq!(
            lease.at(&["spec", "renewTime"]).unwrap().as_str(),
            Some("1970-01-01T00:00:00.000000Z")
        );
    }
}
