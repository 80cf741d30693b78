//! What simulated nodes tell of usage when the API server asks.

use super::kubelets::Kubelets;
use super::metrics;
use std::sync::Arc;
use tollgate_api::usage_source::UsageSource;
use tollgate_api::{Timestamp, Value};

/// Measures on all simulated nodes that are up.
#[derive(Debug)]
pub struct SimulatedUsage {
    kubelets: Arc<Kubelets>,
}

impl SimulatedUsage {
    /// What happens on the nodes of these kubelets.
    pub fn new(kubelets: Arc<Kubelets>) -> Self {
        Self { kubelets }
    }
}

impl UsageSource for SimulatedUsage {
    fn measures(&self, node: &str) -> bool {
        self.kubelets
            .address_if_up(node)
            .is_some_and(|up| up.is_ok())
    }

    fn pod(&self, pod: &Value, now: Timestamp) -> Option<Value> {
        metrics::pod_metrics(pod, now)
    }

    fn node(&self, node: &Value, pods: &mut dyn Iterator<Item = Value>, now: Timestamp) -> Value {
        metrics::node_metrics(node, pods, now)
    }
}
