//! What a run is asked to assume: flags and configuration, read and checked.

use super::plugins::Plugins;
use tollgate_api::{Release, Timestamp, UserInfo};
use tollgate_objects::workloads::Cluster;
use tollgate_policy::pod_security;
use tollgate_policy::resource_quota::LimitedResource;

/// What a run assumes.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The namespace of objects that name none.
    pub namespace: String,
    /// Which release's rules and wording.
    pub release: Release,
    /// The nodes of the cluster.
    pub cluster: Cluster,
    /// Which plugins are on.
    pub plugins: Plugins,
    /// Who creates the objects of the input.
    pub user: UserInfo,
    /// Defaults and exemptions of Pod Security.
    pub pod_security: pod_security::Config,
    /// What may be used only where a quota covers it.
    pub limited_resources: Vec<LimitedResource>,
    /// The time at which everything happens.
    pub now: Timestamp,
}

/// Who creates objects if nobody is named: an administrator, as in the kubeconfig of a fresh cluster.
pub fn default_user() -> UserInfo {
    UserInfo {
        name: "kubernetes-admin".into(),
        groups: vec!["system:masters".into(), "system:authenticated".into()],
        ..UserInfo::default()
    }
}
