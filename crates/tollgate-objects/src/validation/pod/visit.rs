//! All containers of a pod, in the order in which upstream visits them.

use tollgate_api::Value;
use tollgate_api::field::Path;

/// Calls `visitor` with every container and its address: init containers, containers, ephemeral containers.
pub(in crate::validation) fn visit_containers(
    spec: &Value,
    path: &Path<'_>,
    mut visitor: impl FnMut(&Value, &Path<'_>),
) {
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        let path = path.child(list);
        for (index, container) in spec.items(list).iter().enumerate() {
            visitor(container, &path.index(index));
        }
    }
}
