//! The strategy of Nodes: configuration from the cluster is gone.

use tollgate_api::{Release, Value};

/// Prepares a Node that is to be created.
pub(super) fn prepare_for_create(node: &mut Value, _release: Release) -> Vec<String> {
    drop_config_source(node, &Value::Null);
    if let Some(status) = node.get_mut("status") {
        status.remove("config");
    }
    Vec::new()
}

/// Prepares what a Node becomes by an update.
pub(super) fn prepare_for_update(new: &mut Value, old: &Value, _release: Release) {
    drop_config_source(new, old);
}

/// Who has one already keeps it.
fn drop_config_source(node: &mut Value, old: &Value) {
    if old.at(&["spec", "configSource"]).is_none()
        && let Some(spec) = node.get_mut("spec")
    {
        spec.remove("configSource");
    }
}
