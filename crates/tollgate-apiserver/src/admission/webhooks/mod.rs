//! MutatingAdmissionWebhook and ValidatingAdmissionWebhook: programs elsewhere that are asked about requests.

mod answer;
mod hook;
mod notes;

pub(super) use hook::{Hook, Sort};

use super::equivalent::Equivalent;
use super::expressions::scope_of_conditions;
use super::matching::{self, Form};
use super::request;
use super::review::Review;
use crate::cel::{Bindings, Expression, Wanted};
use crate::outside;
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
        let put = put_to(called, &review.with_object(object)).await?;
        if let Put::Aside = put {
            continue;
        }
        if let Put::Changed(patched) = put {
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
        let called = Called {
            sort: Sort::Validating,
            hook,
            round: 0,
            place,
        };
        if !matches!(put_to(called, review).await?, Put::Aside) {
            place += 1;
        }
    }
    Ok(())
}

/// What came of putting a request to a webhook.
enum Put {
    /// It was not asked: it is about other requests.
    Aside,
    /// It leaves the object as it is, or did not answer and may.
    Unchanged,
    /// The object as it wants it.
    Changed(Value),
}

/// Puts a request to a webhook, if it is about it, in the version that it wants to see.
async fn put_to(called: Called<'_>, review: &Review<'_>) -> Result<Put, Status> {
    let hook = called.hook;
    if !matching::selects(&hook.selectors, review) {
        return Ok(Put::Aside);
    }
    let resource = match matching::form(&hook.rules, review, hook.equivalent) {
        None => return Ok(Put::Aside),
        Some(Form::Requested) => return put_as_shown(called, review).await,
        Some(Form::Other(resource)) => resource,
    };
    let equivalent = Equivalent::new(review, resource).await?;
    Ok(
        match put_as_shown(called, &equivalent.review(review)).await? {
            Put::Changed(patched) => Put::Changed(equivalent.back(review, patched).await?),
            other => other,
        },
    )
}

async fn put_as_shown(called: Called<'_>, review: &Review<'_>) -> Result<Put, Status> {
    if !conditions_hold(called.hook, review)? {
        return Ok(Put::Aside);
    }
    let put = heard(called, review).await;
    if called.sort == Sort::Mutating {
        called.note_mutation(review, matches!(put, Ok(Put::Changed(_))));
    }
    put
}

/// Asks a webhook and applies its patch.
async fn heard(called: Called<'_>, review: &Review<'_>) -> Result<Put, Status> {
    let patch = ask(called, review).await?.and_then(|answer| answer.patch);
    let (Some(patch), Some(object)) = (patch, review.attributes.object) else {
        return Ok(Put::Unchanged);
    };
    let patched = patched(called.hook, review, object, &patch)?;
    called.note_patch(review, &patch);
    Ok(patched.map_or(Put::Unchanged, Put::Changed))
}

/// What goes wrong with the conditions of a webhook; none if one of them does not hold.
fn evaluated(hook: &Hook, bindings: &Bindings) -> Option<Vec<String>> {
    let scope = scope_of_conditions();
    let mut errors = Vec::new();
    for condition in &hook.conditions {
        let value = Expression::compile(condition, &scope, Wanted::Bool)
            .and_then(|expression| expression.evaluate(bindings));
        match value {
            Ok(CelValue::Bool(false)) => return None,
            Ok(_) => {}
            Err(why) => errors.push(why),
        }
    }
    Some(errors)
}

/// Whether the conditions of a webhook hold.
fn conditions_hold(hook: &Hook, review: &Review<'_>) -> Result<bool, Status> {
    if hook.conditions.is_empty() {
        return Ok(true);
    }
    let mut bindings = Bindings::default();
    bindings.bind("object", review.attributes.object);
    bindings.bind("oldObject", review.attributes.old_object);
    bindings.bind("request", Some(&request::describe(review)));
    request::bind_authorizer(review, &mut bindings);
    let Some(errors) = bindings.for_conditions(|| evaluated(hook, &bindings)) else {
        return Ok(false);
    };
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
    let called = outside::ask(&hook.target, review.snapshot, body).await;
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
