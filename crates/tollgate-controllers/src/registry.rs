//! The one list of all controllers.

use crate::controller::Controller;
use crate::cron_job::CronJobs;
use crate::daemon_set::DaemonSets;
use crate::deployment::Deployments;
use crate::disruption::Disruption;
use crate::job::Jobs;
use crate::replica_set::ReplicaSets;
use crate::root_ca::RootCa;
use crate::service_account::ServiceAccounts;
use crate::stateful_set::StatefulSets;
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
        Arc::new(CronJobs::default()),
        Arc::new(DaemonSets::default()),
        Arc::new(Deployments::default()),
        Arc::new(Disruption),
        Arc::new(Jobs::default()),
        Arc::new(ReplicaSets::of_replica_sets()),
        Arc::new(ReplicaSets::of_replication_controllers()),
        Arc::new(RootCa::new(settings.root_ca.clone())),
        Arc::new(ServiceAccounts),
        Arc::new(StatefulSets::default()),
        Arc::new(TtlAfterFinished),
    ]
}
