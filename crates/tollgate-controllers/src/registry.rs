//! The one list of all controllers.

use crate::cluster_role_aggregation::ClusterRoleAggregation;
use crate::controller::Controller;
use crate::daemon_set::DaemonSets;
use crate::deployment::Deployments;
use crate::garbage_collector::GarbageCollector;
use crate::job::Jobs;
use crate::namespace::Namespaces;
use crate::node_lifecycle::NodeLifecycle;
use crate::pod_gc::PodGarbageCollector;
use crate::replica_set::ReplicaSets;
use crate::resource_quota::ResourceQuotas;
use crate::root_ca::RootCa;
use crate::service_account::ServiceAccounts;
use crate::taint_eviction::TaintEviction;
use crate::ttl_after_finished::TtlAfterFinished;
use std::sync::Arc;

/// What controllers have to be told.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The certificate of the authority that signed the server's (PEM), for `kube-root-ca.crt`.
    pub root_ca: String,
}

/// Every controller, by name.
pub fn controllers(settings: &Settings) -> Vec<Arc<dyn Controller>> {
    vec![
        Arc::new(ClusterRoleAggregation),
        Arc::new(GarbageCollector::default()),
        Arc::new(Namespaces),
        Arc::new(NodeLifecycle::default()),
        Arc::new(PodGarbageCollector::default()),
        Arc::new(ResourceQuotas),
        Arc::new(DaemonSets::default()),
        Arc::new(Jobs::default()),
        Arc::new(Deployments::default()),
        Arc::new(ReplicaSets::of_replica_sets()),
        Arc::new(ReplicaSets::of_replication_controllers()),
        Arc::new(RootCa::new(settings.root_ca.clone())),
        Arc::new(ServiceAccounts),
        Arc::new(TaintEviction::default()),
        Arc::new(TtlAfterFinished),
    ]
}
