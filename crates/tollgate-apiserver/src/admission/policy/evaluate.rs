//! What policies say of a request.

use super::compiled::{Binding, Compiled, Policies, Policy, Validation};
use super::parameters;
use crate::admission::equivalent::Equivalent;
use crate::admission::review::Review;
use crate::admission::{matching, request};
use crate::cel::{Bindings, OUT_OF_BUDGET};
use ::cel::Value as CelValue;
use tollgate_api::{Reason, Status, Value, status};

/// How long a message may be that an expression makes.
const MESSAGE_BYTES_MAX: usize = 5 * 1024;
/// How long a text for the audit log may be; what is longer is cut.
const NOTE_BYTES_MAX: usize = 10 * 1024;
/// Under which key the audit log is told of refusals.
const FAILURE_KEY: &str = "validation.policy.admission.k8s.io/validation_failure";

/// A refusal that has not been followed yet.
struct Denial {
    message: String,
    reason: String,
    cause: Cause,
}

/// What refuses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// The rule at that place; the binding says what follows.
    Rule(usize),
    /// How the policy is bound, or a text for the audit log that cannot be made: both refuse whatever the binding says.
    Fault,
}

/// What came of a policy under one binding.
#[derive(Default)]
struct Findings {
    denials: Vec<Denial>,
    /// Keys and texts for the audit log.
    notes: Vec<(String, String)>,
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
        let mut notes: Vec<(String, String)> = Vec::new();
        for binding in &policy.bindings {
            if !matching::takes_in(&binding.resources, review) {
                continue;
            }
            let equivalent = matching::other_form(&policy.constraints, review)
                .and_then(|resource| Equivalent::here(review, resource));
            let findings = if let Some(equivalent) = &equivalent {
                let shown = equivalent.review(review);
                findings(policy, binding, &shown, &Shared::new(&shown))
            } else {
                let shared = shared.get_or_insert_with(|| Shared::new(review));
                findings(policy, binding, review, shared)
            };
            for denial in findings.denials {
                let who = format!(
                    "ValidatingAdmissionPolicy '{}' with binding '{}'",
                    policy.name, binding.name
                );
                if binding.warns && denial.cause != Cause::Fault {
                    let message = &denial.message;
                    review
                        .warnings
                        .add(format!("Validation failed for {who}: {message}"));
                }
                audit(policy, binding, &denial, review);
                if (binding.denies || denial.cause == Cause::Fault) && first.is_none() {
                    let message = format!("{who} denied request: {}", denial.message);
                    first = Some((message, denial));
                }
            }
            for note in findings.notes {
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
        publish(policy, &notes, review);
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

/// Tells the audit log of a refusal, if the binding asks for it.
fn audit(policy: &Policy, binding: &Binding, denial: &Denial, review: &Review<'_>) {
    let Cause::Rule(place) = denial.cause else {
        return;
    };
    if !binding.audits {
        return;
    }
    review.trail.annotate(FAILURE_KEY, || {
        let mut failure = Value::object();
        failure.set("message", denial.message.as_str());
        failure.set("policy", policy.name.as_str());
        failure.set("binding", binding.name.as_str());
        failure.set("expressionIndex", i64::try_from(place).unwrap_or(i64::MAX));
        failure.set("validationActions", Value::Array(binding.actions.clone()));
        Value::Array(vec![failure]).to_string()
    });
}

/// Tells the audit log what the policy has to say: what several bindings say under one key stands side by side.
fn publish(policy: &Policy, notes: &[(String, String)], review: &Review<'_>) {
    for (place, (key, _)) in notes.iter().enumerate() {
        let is_known = notes.iter().take(place).any(|(known, _)| known == key);
        if is_known {
            continue;
        }
        let texts = notes.iter().filter(|(known, _)| known == key);
        let texts: Vec<&str> = texts.map(|(_, text)| text.as_str()).collect();
        let full_key = format!("{}/{key}", policy.name);
        review.trail.annotate(&full_key, || texts.join(", "));
    }
}

/// What a policy says of the request under one binding.
fn findings(policy: &Policy, binding: &Binding, review: &Review<'_>, shared: &Shared) -> Findings {
    let mut findings = Findings::default();
    let params = match parameters::of(policy, binding, review) {
        Ok(params) => params,
        Err(_) if policy.ignores_failure => return findings,
        Err(why) => {
            findings.denials.push(Denial {
                message: format!("failed to configure binding: {why}"),
                reason: String::new(),
                cause: Cause::Fault,
            });
            return findings;
        }
    };
    for params in params {
        let mut bindings = shared.bindings(review, &params);
        evaluate(policy, &mut bindings, &mut findings);
    }
    findings
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

fn evaluate(policy: &Policy, bindings: &mut Bindings, findings: &mut Findings) {
    let fail = |message: String, cause: Cause, findings: &mut Findings| {
        if !policy.ignores_failure {
            findings.denials.push(Denial {
                message,
                reason: String::new(),
                cause,
            });
        }
    };
    set_variables(policy, bindings);
    match bindings.for_conditions(|| conditions_hold(&policy.conditions, bindings)) {
        Ok(true) => {}
        Ok(false) => return,
        Err(why) => return fail(why, Cause::Rule(0), findings),
    }
    for (place, validation) in policy.validations.iter().enumerate() {
        let cause = Cause::Rule(place);
        match value_of(&validation.expression, bindings) {
            Ok(CelValue::Bool(true)) => {}
            Ok(_) => findings.denials.push(Denial {
                message: message_of(validation, bindings),
                reason: validation.reason.clone(),
                cause,
            }),
            Err(why) => {
                let is_last = why == OUT_OF_BUDGET;
                fail(why, cause, findings);
                if is_last {
                    return;
                }
            }
        }
    }
    for (key, expression) in &policy.audit_annotations {
        match note(expression, bindings) {
            Ok(Some(text)) => findings.notes.push((key.clone(), text)),
            Ok(None) => {}
            Err(why) => fail(why, Cause::Fault, findings),
        }
    }
}

/// A text for the audit log; null and the empty text are none.
fn note(expression: &Compiled, bindings: &Bindings) -> Result<Option<String>, String> {
    match value_of(expression, bindings)? {
        CelValue::Null => Ok(None),
        CelValue::String(text) => {
            let mut end = text.trim().len().min(NOTE_BYTES_MAX);
            while !text.trim().is_char_boundary(end) {
                end = end.saturating_sub(1);
            }
            let text = text.trim().get(..end).unwrap_or_default().to_owned();
            Ok(Some(text).filter(|text| !text.is_empty()))
        }
        other => {
            let text = expression
                .as_ref()
                .map_or("", |expression| expression.text());
            let found = type_name(&other);
            Err(format!(
                "valueExpression '{text}' resulted in unsupported return type: {found}. Return type must be either string or null."
            ))
        }
    }
}

/// The name of a value's type, as expressions spell it.
fn type_name(value: &CelValue) -> &'static str {
    match value {
        CelValue::Bool(_) => "bool",
        CelValue::Int(_) => "int",
        CelValue::UInt(_) => "uint",
        CelValue::Float(_) => "double",
        CelValue::Bytes(_) => "bytes",
        CelValue::List(_) => "list",
        CelValue::Map(_) => "map",
        CelValue::Duration(_) => "google.protobuf.Duration",
        CelValue::Timestamp(_) => "google.protobuf.Timestamp",
        _ => "dyn",
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
    Err(status::aggregate(&errors))
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
        details.causes.push(status::Cause {
            message,
            ..status::Cause::default()
        });
    }
    status
}
