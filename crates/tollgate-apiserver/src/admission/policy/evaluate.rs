//! What policies say of a request.

use super::compiled::{Binding, Compiled, Policies, Policy, Validation};
use super::parameters;
use crate::admission::equivalent::Equivalent;
use crate::admission::review::Review;
use crate::admission::{matching, request};
use crate::cel::{Bindings, OUT_OF_BUDGET};
use ::cel::Value as CelValue;
use tollgate_api::status::Cause;
use tollgate_api::{Reason, Status, Value};

/// How long a message may be that an expression makes.
const MESSAGE_BYTES_MAX: usize = 5 * 1024;

/// A refusal that has not been followed yet.
struct Denial {
    message: String,
    reason: String,
}

/// Asks every policy that is bound; the first refusal that is to be followed is the answer.
pub(in crate::admission) fn judge(policies: &Policies, review: &Review<'_>) -> Result<(), Status> {
    let mut first: Option<(String, Denial)> = None;
    // Made only when a policy is about the request, and then once.
    let mut shared: Option<Shared> = None;
    for policy in &policies.policies {
        if !matching::takes_in(&policy.constraints, review) {
            continue;
        }
        for binding in &policy.bindings {
            if !matching::takes_in(&binding.resources, review) {
                continue;
            }
            let equivalent = matching::other_form(&policy.constraints, review)
                .and_then(|resource| Equivalent::here(review, resource));
            let found = if let Some(equivalent) = &equivalent {
                let shown = equivalent.review(review);
                denials(policy, binding, &shown, &Shared::new(&shown))
            } else {
                let shared = shared.get_or_insert_with(|| Shared::new(review));
                denials(policy, binding, review, shared)
            };
            for (denial, is_configuration) in found {
                let who = format!(
                    "ValidatingAdmissionPolicy '{}' with binding '{}'",
                    policy.name, binding.name
                );
                if binding.warns && !is_configuration {
                    let message = &denial.message;
                    review
                        .warnings
                        .add(format!("Validation failed for {who}: {message}"));
                }
                if (binding.denies || is_configuration) && first.is_none() {
                    let message = format!("{who} denied request: {}", denial.message);
                    first = Some((message, denial));
                }
            }
        }
    }
    match first {
        None => Ok(()),
        Some((message, denial)) => Err(refusal(review, message, &denial.reason)),
    }
}

/// What all policies see of a request.
pub(super) struct Shared {
    request: Value,
    namespace: Option<std::sync::Arc<Value>>,
}

impl Shared {
    pub(super) fn new(review: &Review<'_>) -> Self {
        let namespace = matching::namespace(review);
        Self {
            request: request::describe(review),
            namespace,
        }
    }

    pub(super) fn bindings(&self, review: &Review<'_>, params: &Value) -> Bindings {
        let mut bindings = Bindings::default();
        bindings.bind("object", review.attributes.object);
        bindings.bind("oldObject", review.attributes.old_object);
        bindings.bind("request", Some(&self.request));
        bindings.bind("namespaceObject", self.namespace.as_deref());
        bindings.bind("params", Some(params));
        bindings.show_variables();
        request::bind_authorizer(review, &mut bindings);
        bindings
    }
}

/// Why a policy refuses the request, and whether that is for how it is bound.
fn denials(
    policy: &Policy,
    binding: &Binding,
    review: &Review<'_>,
    shared: &Shared,
) -> Vec<(Denial, bool)> {
    let params = match parameters::of(policy, binding, review) {
        Ok(params) => params,
        Err(_) if policy.ignores_failure => return Vec::new(),
        Err(why) => {
            let message = format!("failed to configure binding: {why}");
            let reason = String::new();
            return vec![(Denial { message, reason }, true)];
        }
    };
    let mut denials = Vec::new();
    for params in params {
        let mut bindings = shared.bindings(review, &params);
        evaluate(policy, &mut bindings, &mut denials);
    }
    denials.into_iter().map(|denial| (denial, false)).collect()
}

fn value_of(expression: &Compiled, bindings: &Bindings) -> Result<CelValue, String> {
    match expression {
        Ok(expression) => expression.evaluate(bindings),
        Err(why) => Err(why.clone()),
    }
}

/// Evaluates the variables of a policy, each of which knows those before it.
pub(super) fn set_variables(policy: &Policy, bindings: &mut Bindings) {
    for (name, expression) in &policy.variables {
        let value = value_of(expression, bindings).map_err(|why| {
            // The text names the expression already.
            match why.split_once(" resulted in error: ") {
                Some((_, why)) => why.to_owned(),
                None => why,
            }
        });
        bindings.add_variable(name, value);
    }
}

fn evaluate(policy: &Policy, bindings: &mut Bindings, denials: &mut Vec<Denial>) {
    let fail = |message: String, denials: &mut Vec<Denial>| {
        if !policy.ignores_failure {
            let reason = String::new();
            denials.push(Denial { message, reason });
        }
    };
    set_variables(policy, bindings);
    match conditions_hold(&policy.conditions, bindings) {
        Ok(true) => {}
        Ok(false) => return,
        Err(why) => return fail(why, denials),
    }
    for validation in &policy.validations {
        match value_of(&validation.expression, bindings) {
            Ok(CelValue::Bool(true)) => {}
            Ok(_) => denials.push(Denial {
                message: message_of(validation, bindings),
                reason: validation.reason.clone(),
            }),
            Err(why) => {
                let is_last = why == OUT_OF_BUDGET;
                fail(why, denials);
                if is_last {
                    return;
                }
            }
        }
    }
}

/// Whether all conditions hold. One that does not outweighs those that fail.
pub(super) fn conditions_hold(
    conditions: &[Compiled],
    bindings: &Bindings,
) -> Result<bool, String> {
    let mut errors = Vec::new();
    for condition in conditions {
        match value_of(condition, bindings) {
            Ok(CelValue::Bool(false)) => return Ok(false),
            Ok(_) => {}
            Err(why) => errors.push(why),
        }
    }
    if errors.is_empty() {
        return Ok(true);
    }
    Err(tollgate_api::status::aggregate(&errors))
}

/// What is said of a rule that does not hold: what its expression makes, else its text, else the rule itself.
fn message_of(validation: &Validation, bindings: &Bindings) -> String {
    let made = validation
        .message_expression
        .as_ref()
        .and_then(|expression| match value_of(expression, bindings) {
            Ok(CelValue::String(text)) => Some(text.trim().to_owned()),
            _ => None,
        })
        .filter(|text| !text.is_empty() && text.len() <= MESSAGE_BYTES_MAX && !text.contains('\n'));
    if let Some(made) = made {
        return made;
    }
    if !validation.message.is_empty() {
        return validation.message.clone();
    }
    let text = validation.expression.as_ref();
    let text = text.map_or("", |expression| expression.text().trim());
    format!("failed expression: {text}")
}

pub(super) fn refusal(review: &Review<'_>, message: String, reason: &str) -> Status {
    let mut status = review.forbidden(None, &message);
    (status.code, status.reason) = match reason {
        "Unauthorized" => (401, Reason::Unauthorized),
        "Forbidden" => (403, Reason::Forbidden),
        "RequestEntityTooLarge" => (413, Reason::RequestEntityTooLarge),
        _ => (422, Reason::Invalid),
    };
    if let Some(details) = &mut status.details {
        details.causes.push(Cause {
            message,
            ..Cause::default()
        });
    }
    status
}
