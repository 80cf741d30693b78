//! Who knows what pods and nodes use: the port behind `metrics.k8s.io`.
//!
//! The API server knows this trait and no node; whoever plays nodes implements it. Nothing is kept: every reading asks.

use crate::time::Timestamp;
use crate::value::Value;
use std::fmt::Debug;

/// Says what pods and nodes use.
pub trait UsageSource: Debug + Send + Sync + 'static {
    /// Whether somebody measures on a node: it is known, and up.
    fn measures(&self, node: &str) -> bool;

    /// The object `PodMetrics` (`metrics.k8s.io/v1beta1`) of a pod on a node that is measured; none if no container of
    /// it runs.
    fn pod(&self, pod: &Value, now: Timestamp) -> Option<Value>;

    /// The object `NodeMetrics` of a node that is measured, with the pods that are bound to it.
    fn node(&self, node: &Value, pods: &mut dyn Iterator<Item = Value>, now: Timestamp) -> Value;
}
