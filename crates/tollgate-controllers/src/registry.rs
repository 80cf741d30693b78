//! The one list of all controllers.

use crate::cluster_role_aggregation::ClusterRoleAggregation;
use crate::controller::Controller;
use crate::cron_job::CronJobs;
use crate::daemon_set::DaemonSets;
use crate::deployment::Deployments;
use crate::disruption::Disruption;
use crate::endpoint_slice::EndpointSliceController;
use crate::endpoint_slice::mirroring::Mirroring;
use crate::endpoints::EndpointsController;
use crate::ephemeral_volume::EphemeralVolumes;
use crate::garbage_collector::GarbageCollector;
use crate::horizontal_pod_autoscaler::HorizontalPodAutoscalers;
use crate::job::Jobs;
use crate::namespace::Namespaces;
use crate::node_lifecycle::NodeLifecycle;
use crate::persistent_volume::PersistentVolumeBinder;
use crate::pod_gc::PodGarbageCollector;
use crate::replica_set::ReplicaSets;
use crate::resource_quota::ResourceQuotas;
use crate::root_ca::RootCa;
use crate::service_account::ServiceAccounts;
use crate::stateful_set::StatefulSets;
use crate::taint_eviction::TaintEviction;
use crate::ttl_after_finished::TtlAfterFinished;
use crate::validating_admission_policy_status::ValidatingAdmissionPolicyStatus;
use crate::volume_expansion::VolumeExpander;
use crate::volume_protection::{ClaimProtection, VolumeProtection};
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
        Arc::new(EndpointsController::default()),
        Arc::new(EndpointSliceController::default()),
        Arc::new(Mirroring),
        Arc::new(EphemeralVolumes),
        Arc::new(GarbageCollector::default()),
        Arc::new(HorizontalPodAutoscalers::default()),
        Arc::new(Namespaces),
        Arc::new(NodeLifecycle::default()),
        Arc::new(PersistentVolumeBinder::default()),
        Arc::new(ClaimProtection),
        Arc::new(VolumeExpander),
        Arc::new(VolumeProtection),
        Arc::new(PodGarbageCollector::default()),
        Arc::new(ResourceQuotas),
        Arc::new(DaemonSets::default()),
        Arc::new(Jobs::default()),
        Arc::new(CronJobs::default()),
        Arc::new(Deployments::default()),
        Arc::new(Disruption),
        Arc::new(ReplicaSets::of_replica_sets()),
        Arc::new(ReplicaSets::of_replication_controllers()),
        Arc::new(RootCa::new(settings.root_ca.clone())),
        Arc::new(ServiceAccounts),
        Arc::new(TaintEviction::default()),
        Arc::new(StatefulSets::default()),
        Arc::new(TtlAfterFinished),
        Arc::new(ValidatingAdmissionPolicyStatus),
    ]
}
