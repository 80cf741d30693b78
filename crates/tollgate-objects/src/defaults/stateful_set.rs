//! StatefulSet.

use super::set::{if_absent, if_empty, pointer, structure, structures};
use super::{persistent_volume_claim, pod_spec};
use tollgate_api::Value;

/// Sets the defaults of a StatefulSet.
pub fn set_defaults(set: &mut Value) {
    let Some(spec) = structure(set, "spec") else {
        return;
    };
    if_empty(spec, "podManagementPolicy", "OrderedReady");
    if let Some(strategy) = structure(spec, "updateStrategy") {
        set_strategy_defaults(strategy);
    }
    if let Some(retention) = structure(spec, "persistentVolumeClaimRetentionPolicy") {
        if_empty(retention, "whenDeleted", "Retain");
        if_empty(retention, "whenScaled", "Retain");
    }
    if_absent(spec, "replicas", 1);
    if_absent(spec, "revisionHistoryLimit", 10);
    pod_spec::set_template_defaults(spec, "template");
    for claim in structures(spec, "volumeClaimTemplates") {
        if_empty(claim, "apiVersion", "v1");
        if_empty(claim, "kind", "PersistentVolumeClaim");
        persistent_volume_claim::set_defaults(claim);
    }
}

/// Only a strategy whose type is implied gets the parameters of a rolling update; given ones are completed.
fn set_strategy_defaults(strategy: &mut Value) {
    if strategy.str_or_empty("type").is_empty() {
        if_empty(strategy, "type", "RollingUpdate");
        if_absent(strategy, "rollingUpdate", Value::object());
    }
    if strategy.str("type") == Some("RollingUpdate")
        && let Some(parameters) = pointer(strategy, "rollingUpdate")
    {
        if_absent(parameters, "partition", 0);
    }
}
