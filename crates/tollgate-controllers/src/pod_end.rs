//! Ending pods that nobody else will end: what is written into their status before they go.

use crate::conditions::OfPod;
use crate::context::Context;
use crate::driver::{Cached, condition};
use crate::resources::PODS;
use tollgate_api::client::{PatchKind, Stored, Target};
use tollgate_api::status::Reason;
use tollgate_api::{Status, Timestamp, Value};

/// Why a pod is ended: the condition `DisruptionTarget`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Disruption {
    /// In one word.
    pub(crate) reason: &'static str,
    /// For people.
    pub(crate) message: &'static str,
}

/// Writes the phase and the reason into the status of a pod, as far as they are not there. Nothing happens to a pod that
/// has gone.
pub(crate) async fn mark(
    context: &Context,
    pod: &Cached,
    phase: Option<&'static str>,
    disruption: Option<Disruption>,
) -> Result<(), Status> {
    let object = pod.object()?;
    let none = Value::Null;
    let status = object.get("status").unwrap_or(&none);
    let Some(changes) = changes(status, phase, disruption, pod.meta.generation, context.now) else {
        return Ok(());
    };
    let mut patch = Value::object();
    patch.child_mut("metadata").set("uid", pod.meta.uid.clone());
    patch.set("status", changes);
    let target = Target::object(&PODS, &pod.meta.namespace, &pod.meta.name).sub("status");
    unless_gone(context.patch(target, PatchKind::Strategic, patch).await)
}

/// What became of a write to a pod that may have gone, or been replaced by another of its name.
pub(crate) fn unless_gone(written: Result<Stored, Status>) -> Result<(), Status> {
    match written {
        Err(status) if !matches!(status.reason, Reason::NotFound | Reason::Conflict) => Err(status),
        _ => Ok(()),
    }
}

fn changes(
    status: &Value,
    phase: Option<&'static str>,
    disruption: Option<Disruption>,
    generation: i64,
    now: Timestamp,
) -> Option<Value> {
    let mut changes = Value::object();
    if let Some(phase) = phase.filter(|phase| status.str("phase") != Some(phase)) {
        changes.set("phase", phase);
    }
    if let Some(disruption) = disruption {
        let known = condition(status, "DisruptionTarget");
        let is_there = known.is_some_and(|known| {
            known.str("status") == Some("True") && known.str("reason") == Some(disruption.reason)
        });
        if !is_there {
            let condition = OfPod {
                condition_type: "DisruptionTarget",
                status: "True",
                reason: disruption.reason,
                message: disruption.message,
                generation: Some(generation).filter(|generation| *generation > 0),
            };
            changes.set("conditions", vec![condition.to_value(known, now)]);
        }
    }
    changes
        .as_object()
        .is_some_and(|changes| !changes.is_empty())
        .then_some(changes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[test]
    fn only_what_is_not_there_is_written() {
        let now = Timestamp::from_unix_seconds(1_768_478_400);
        let why = Disruption {
            reason: "R",
            message: "M",
        };
        let running = json::from_str(r#"{"phase":"Running"}"#).unwrap();
        let written = changes(&running, Some("Failed"), Some(why), 2, now).unwrap();
        assert_eq!(
            written.to_string(),
            r#"{"phase":"Failed","conditions":[{"type":"DisruptionTarget","observedGeneration":2,"status":"True","lastProbeTime":null,"lastTransitionTime":"2026-01-15T12:00:00Z","reason":"R","message":"M"}]}"#
        );
        assert!(changes(&written, Some("Failed"), Some(why), 2, now).is_none());
    }
}
