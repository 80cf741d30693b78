//! The one list of all controllers.

use crate::attributes_class_protection::AttributesClassProtection;
use crate::bootstrap_token_cleaning::BootstrapTokenCleaning;
use crate::certificates::approving::Approving;
use crate::certificates::cleaning::Cleaning;
use crate::certificates::signing::Signing;
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
use crate::node_ttl::NodeTtl;
use crate::persistent_volume::PersistentVolumeBinder;
use crate::pod_gc::PodGarbageCollector;
use crate::replica_set::ReplicaSets;
use crate::resource_claim::ResourceClaims;
use crate::resource_quota::ResourceQuotas;
use crate::root_ca::RootCa;
use crate::service_account::ServiceAccounts;
use crate::stateful_set::StatefulSets;
use crate::taint_eviction::TaintEviction;
use crate::token_secret::TokenSecrets;
use crate::token_secret::cleaning::TokenCleaning;
use crate::ttl_after_finished::TtlAfterFinished;
use crate::validating_admission_policy_status::ValidatingAdmissionPolicyStatus;
use crate::volume_expansion::VolumeExpander;
use crate::volume_protection::{ClaimProtection, VolumeProtection};
use std::sync::Arc;
use std::time::Duration;
use tollgate_api::certificate_authority::CertificateAuthority;
use tollgate_api::token_maker::TokenMaker;

/// What controllers have to be told.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The certificate of the authority that signed the server's (PEM), for `kube-root-ca.crt`.
    pub root_ca: String,
    /// Who signs certificates that are asked for; without it nobody looks at such requests.
    pub signer: Option<SignerSettings>,
    /// Who makes tokens that secrets keep; without it such secrets stay as they are.
    pub tokens: Option<Arc<dyn TokenMaker>>,
}

/// Who signs certificates that are asked for.
#[derive(Debug, Clone)]
pub struct SignerSettings {
    /// The authority that believes the server's clients.
    pub authority: Arc<dyn CertificateAuthority>,
    /// How long a certificate may count (upstream: `--cluster-signing-duration`).
    pub longest: Duration,
}

/// Every controller, by name.
pub fn controllers(settings: &Settings) -> Vec<Arc<dyn Controller>> {
    let mut controllers = always();
    controllers.push(Arc::new(RootCa::new(settings.root_ca.clone())));
    if let Some(SignerSettings { authority, longest }) = &settings.signer {
        controllers.push(Arc::new(Approving::new(Arc::clone(authority))));
        controllers.push(Arc::new(Cleaning::new(Arc::clone(authority))));
        controllers.push(Arc::new(Signing::new(Arc::clone(authority), *longest)));
    }
    if let Some(tokens) = &settings.tokens {
        let tokens = TokenSecrets::new(Arc::clone(tokens), settings.root_ca.clone());
        controllers.push(Arc::new(tokens));
    }
    controllers
}

/// Those that have to be told nothing.
fn always() -> Vec<Arc<dyn Controller>> {
    vec![
        Arc::new(AttributesClassProtection),
        Arc::new(BootstrapTokenCleaning),
        Arc::new(ClusterRoleAggregation),
        Arc::new(EndpointsController::default()),
        Arc::new(EndpointSliceController::default()),
        Arc::new(Mirroring),
        Arc::new(EphemeralVolumes),
        Arc::new(GarbageCollector::default()),
        Arc::new(HorizontalPodAutoscalers::default()),
        Arc::new(Namespaces),
        Arc::new(NodeLifecycle::default()),
        Arc::new(NodeTtl::default()),
        Arc::new(PersistentVolumeBinder::default()),
        Arc::new(ClaimProtection),
        Arc::new(VolumeExpander),
        Arc::new(VolumeProtection),
        Arc::new(PodGarbageCollector::default()),
        Arc::new(ResourceClaims),
        Arc::new(ResourceQuotas),
        Arc::new(DaemonSets::default()),
        Arc::new(Jobs::default()),
        Arc::new(CronJobs::default()),
        Arc::new(Deployments::default()),
        Arc::new(Disruption),
        Arc::new(ReplicaSets::of_replica_sets()),
        Arc::new(ReplicaSets::of_replication_controllers()),
        Arc::new(ServiceAccounts),
        Arc::new(TaintEviction::default()),
        Arc::new(StatefulSets::default()),
        Arc::new(TokenCleaning),
        Arc::new(TtlAfterFinished),
        Arc::new(ValidatingAdmissionPolicyStatus),
    ]
}
