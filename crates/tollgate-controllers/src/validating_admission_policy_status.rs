//! validatingadmissionpolicy-status-controller: the status of a policy says what is wrong with its expressions.
//!
//! Upstream: `pkg/controller/validatingadmissionpolicystatus`. A policy is looked at once for each generation, so what it
//! says of kinds that are defined later is not looked at anew. Upstream applies the status, this patches it.

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::Cache;
use crate::gone;
use crate::resources::VALIDATING_ADMISSION_POLICIES;
use tollgate_api::Value;
use tollgate_api::client::{ExpressionWarning, Identity, PatchKind, Pending, Target};

const NAME: &str = "validatingadmissionpolicy-status-controller";

/// The controller.
#[derive(Debug)]
pub struct ValidatingAdmissionPolicyStatus;

impl Controller for ValidatingAdmissionPolicyStatus {
    fn name(&self) -> &'static str {
        NAME
    }

    fn identity(&self) -> Identity {
        Identity {
            // Managed fields name the owner of the status as upstream's.
            user_agent: NAME.into(),
            ..Identity::controller(NAME)
        }
    }

    fn component(&self) -> &'static str {
        NAME
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&VALIDATING_ADMISSION_POLICIES])
    }

    fn concerns(&self, change: &Change<'_>, _: &Cache, queue: &mut dyn Enqueue) {
        if let Some(policy) = change.new {
            queue.add(Key::of(policy));
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(reconcile(context, key))
    }
}

async fn reconcile(context: &Context, key: &Key) -> Outcome {
    let policies = &VALIDATING_ADMISSION_POLICIES;
    let Some(policy) = context.cache.get(policies, "", &key.name) else {
        return Ok(Requeue::No);
    };
    let policy = policy.object()?;
    let Some(generation) = outdated(&policy) else {
        return Ok(Requeue::No);
    };
    let warnings = context.cluster().type_check(&policy);
    let target = Target::object(policies, "", &key.name).sub("status");
    let patch = patch(generation, &warnings);
    gone::outcome(context.patch(target, PatchKind::Merge, patch).await)
}

/// The generation of a policy whose status is about an older one.
fn outdated(policy: &Value) -> Option<i64> {
    let number = |path: &[&str]| policy.at(path).and_then(Value::as_i64).unwrap_or_default();
    let generation = number(&["metadata", "generation"]);
    (generation > number(&["status", "observedGeneration"])).then_some(generation)
}

fn patch(generation: i64, warnings: &[ExpressionWarning]) -> Value {
    // Null takes away what was said of an older generation.
    let mut listed = Value::Null;
    if !warnings.is_empty() {
        let warnings = warnings.iter().map(|warning| {
            [
                ("fieldRef", warning.field_ref.as_str()),
                ("warning", warning.warning.as_str()),
            ]
            .into_iter()
            .collect()
        });
        listed = Value::Array(warnings.collect());
    }
    let checked: Value = [("expressionWarnings", listed)].into_iter().collect();
    let mut status = Value::object();
    status.set("observedGeneration", generation);
    status.set("typeChecking", checked);
    [("status", status)].into_iter().collect()
}
