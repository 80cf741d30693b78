//! MutatingAdmissionWebhook and ValidatingAdmissionWebhook: programs elsewhere that are asked about requests.

mod answer;
mod client;
mod hook;
mod notes;

pub(super) use hook::{Hook, Sort};

use super::expressions::CONDITION_NAMES;
use super::review::Review;
use super::{matching, request};
use crate::cel::{Bindings, Expression, Wanted};
use crate::patch;
use ::cel::Value as CelValue;
use answer::Answer;
use notes::Called;
use tollgate_api::go_format::quote;
use tollgate_api::{Operation, Status, Value, json};
use tollgate_objects::{defaults, schema};

/// What no webhook sees, lest nobody could take a bad one away.
const EXEMPT: [&str; 6] = [
    "mutatingadmissionpolicies",
    "mutatingadmissionpolicybindings",
    "mutatingwebhookconfigurations",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
    "validatingwebhookconfigurations",
];

fn is_exempt(review: &Review<'_>) -> bool {
    let resource = review.attributes.resource;
    resource.group == "admissionregistration.k8s.io" && EXEMPT.contains(&resource.resource.as_str())
}

/// Lets webhooks change the object, each seeing what those before it did. Gives those that want to be asked once more
/// because another changed the object after them; with `only` no others are asked.
pub(super) async fn mutate(
    review: &Review<'_>,
    object: &mut Value,
    only: Option<&[String]>,
) -> Result<Changes, Status> {
    let mut changes = Changes::default();
    if is_exempt(review) {
        return Ok(changes);
    }
    let hooks = review.prepared.webhooks(review.snapshot, Sort::Mutating);
    for (place, hook) in hooks.iter().enumerate() {
        if only.is_some_and(|only| !only.contains(&hook.id)) {
            continue;
        }
        let called = Called {
            sort: Sort::Mutating,
            hook,
            round: usize::from(only.is_some()),
            place,
        };
        let answer = {
            let before = review.with_object(object);
            if !applies(hook, &before)? {
                continue;
            }
            ask(called, &before).await
        };
        let patched = match answer {
            Ok(Some(Answer {
                patch: Some(patch), ..
            })) => {
                let patched = patched(hook, review, object, &patch);
                if patched.is_ok() {
                    called.note_patch(review, &patch);
                }
                patched
            }
            Ok(_) => Ok(None),
            Err(status) => Err(status),
        };
        called.note_mutation(review, matches!(patched, Ok(Some(_))));
        if let Some(patched) = patched? {
            *object = patched;
            changes.any = true;
            changes.again.append(&mut changes.asked);
        }
        if hook.reinvokes {
            changes.asked.push(hook.id.clone());
        }
    }
    Ok(changes)
}

/// What webhooks or policies did to an object.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Whether any changed it.
    pub(super) any: bool,
    /// Those that are to be asked once more.
    pub(super) again: Vec<String>,
    /// Those that would be, if the object changed after them.
    pub(super) asked: Vec<String>,
}

/// Lets webhooks judge; the first that refuses is the answer.
pub(super) async fn validate(review: &Review<'_>) -> Result<(), Status> {
    if is_exempt(review) {
        return Ok(());
    }
    let hooks = review.prepared.webhooks(review.snapshot, Sort::Validating);
    let mut place = 0;
    for hook in hooks.iter() {
        if applies(hook, review)? {
            let called = Called {
                sort: Sort::Validating,
                hook,
                round: 0,
                place,
            };
            ask(called, review).await?;
            place += 1;
        }
    }
    Ok(())
}

/// Whether a webhook is about the request.
fn applies(hook: &Hook, review: &Review<'_>) -> Result<bool, Status> {
    let mut rules = hook.rules.iter();
    if !rules.any(|rule| matching::is_under(rule, review, hook.equivalent))
        || !matching::selects(&hook.selectors, review)
    {
        return Ok(false);
    }
    if hook.conditions.is_empty() {
        return Ok(true);
    }
    let mut bindings = Bindings::default();
    bindings.bind("object", review.attributes.object);
    bindings.bind("oldObject", review.attributes.old_object);
    bindings.bind("request", Some(&request::describe(review)));
    request::bind_authorizer(review, &mut bindings);
    let mut errors = Vec::new();
    for condition in &hook.conditions {
        let value = Expression::compile(condition, CONDITION_NAMES, Wanted::Bool)
            .and_then(|expression| expression.evaluate(&bindings));
        match value {
            Ok(CelValue::Bool(false)) => return Ok(false),
            Ok(_) => {}
            Err(why) => errors.push(why),
        }
    }
    if errors.is_empty() {
        return Ok(true);
    }
    if hook.ignores_failure {
        return Ok(false);
    }
    let why = tollgate_api::status::aggregate(&errors);
    Err(review.forbidden(None, why))
}

/// Asks a webhook. Nothing comes back from one that failed and may.
async fn ask(call: Called<'_>, review: &Review<'_>) -> Result<Option<Answer>, Status> {
    let hook = call.hook;
    if review.attributes.dry_run && !hook.bears_dry_run {
        let name = quote(&hook.name);
        return Err(Status::bad_request(format!(
            "admission webhook {name} does not support dry run"
        )));
    }
    let uid = review.environment.uid();
    let body = json::to_string(&question(hook, review, &uid));
    let called = client::call(hook, review, body).await;
    let answer = called
        .map_err(|why| format!("failed to call webhook: {why}"))
        .and_then(|text| {
            answer::read(&text, &uid, hook)
                .map_err(|why| format!("received invalid webhook response: {why}"))
        });
    match answer {
        Ok(answer) => {
            for warning in &answer.warnings {
                review.warnings.add(warning.clone());
            }
            for (key, text) in &answer.audit_annotations {
                let key = format!("{}/{key}", hook.name);
                review.trail.annotate(&key, || text.clone());
            }
            match answer.refusal {
                Some(status) => Err(status),
                None => Ok(Some(answer)),
            }
        }
        Err(_) if hook.ignores_failure => {
            call.note_failure(review);
            Ok(None)
        }
        Err(why) => Err(failed(hook, &why)),
    }
}

fn failed(hook: &Hook, why: &str) -> Status {
    Status::internal(format!(
        "failed calling webhook {}: {why}",
        quote(&hook.name)
    ))
}

/// The `AdmissionReview` that a webhook is sent.
fn question(hook: &Hook, review: &Review<'_>, uid: &str) -> Value {
    let mut request = request::describe(review);
    request.set("uid", uid);
    if review.attributes.operation != Operation::Delete {
        request.set("object", review.attributes.object.cloned());
    }
    request.set("oldObject", review.attributes.old_object.cloned());
    let mut question = Value::object();
    question.set("kind", "AdmissionReview");
    question.set("apiVersion", hook.api_version());
    question.set("request", request);
    question
}

/// The object with the patch of a webhook applied; nothing if that changes nothing.
fn patched(
    hook: &Hook,
    review: &Review<'_>,
    object: &Value,
    patch: &Value,
) -> Result<Option<Value>, Status> {
    let mut patched = object.clone();
    if let Err(error) = patch::json::apply(&mut patched, patch) {
        if hook.ignores_failure {
            return Ok(None);
        }
        return Err(Status::internal(error));
    }
    let subresource = review.resource.subresource(review.attributes.subresource);
    let kind = subresource.map_or(&review.resource.kind, |subresource| &subresource.kind);
    if !review.resource.is_custom() {
        // What no field of the kind is called is dropped, as decoding would.
        schema::decode_canonical(kind, &mut patched);
        defaults::set_defaults(kind, &mut patched);
    }
    Ok((patched != *object).then_some(patched))
}
