//! DaemonSet.

use super::set::{if_absent, if_empty, structure};
use super::{labels, pod_spec};
use tollgate_api::Value;

/// Sets the defaults of a DaemonSet of `apps/v1`.
pub fn set_defaults(set: &mut Value) {
    set_with_strategy(set, "RollingUpdate");
}

/// Sets the defaults of a DaemonSet of `extensions/v1beta1`, which updates pods when they are deleted.
pub fn set_defaults_extensions(set: &mut Value) {
    labels::set_from_template(set, true);
    set_with_strategy(set, "OnDelete");
}

fn set_with_strategy(set: &mut Value, kind: &'static str) {
    let Some(spec) = structure(set, "spec") else {
        return;
    };
    if let Some(strategy) = structure(spec, "updateStrategy") {
        if_empty(strategy, "type", kind);
        if strategy.str("type") == Some("RollingUpdate")
            && let Some(parameters) = structure(strategy, "rollingUpdate")
        {
            if_absent(parameters, "maxUnavailable", 1);
            if_absent(parameters, "maxSurge", 0);
        }
    }
    if_absent(spec, "revisionHistoryLimit", 10);
    pod_spec::set_template_defaults(spec, "template");
}
