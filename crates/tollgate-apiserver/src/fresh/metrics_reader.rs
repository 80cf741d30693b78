//! Who may read what pods and nodes use: whoever may view anything, as a metrics server's installation has it.

use super::Wanted;
use crate::resources::{Catalog, measured};
use tollgate_api::Status;

const READER: &str = r#"{"metadata":{"name":"system:aggregated-metrics-reader","labels":{"k8s-app":"metrics-server",
    "rbac.authorization.k8s.io/aggregate-to-admin":"true","rbac.authorization.k8s.io/aggregate-to-edit":"true",
    "rbac.authorization.k8s.io/aggregate-to-view":"true"}},
    "rules":[{"verbs":["get","list","watch"],"apiGroups":["metrics.k8s.io"],"resources":["pods","nodes"]}]}"#;

/// The role, where something is measured. It stays when nothing is any more: it allows nothing then.
pub(super) fn objects(catalog: &Catalog) -> Result<Option<Wanted>, Status> {
    let resource = ("rbac.authorization.k8s.io", "v1", "clusterroles");
    catalog
        .group(measured::GROUP)
        .map(|_| Wanted::read(resource, READER))
        .transpose()
}
