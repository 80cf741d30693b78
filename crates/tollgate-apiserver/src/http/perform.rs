//! Requests to resources: which verb answers, with which options and which body.

use super::deletion::deletion;
use super::head::Head;
use super::options::{list_options, write_options};
use super::received::{body_format, read};
use super::service::Service;
use crate::error;
use crate::resources::Verb;
use crate::verbs::options::WriteKind;
use crate::verbs::{self, Answer, Call, PatchType, legacy_token, subresources};
use hyper::body::Incoming;
use tollgate_api::{GroupVersionKind, Status, json};

/// The patches that there are of custom resources.
const CUSTOM_PATCHES: &str =
    "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";

/// Lets the verb answer.
pub(super) async fn perform(
    service: &Service,
    call: &Call<'_>,
    head: &Head,
    body: Incoming,
    verb: Verb,
) -> Result<Answer, Status> {
    let resource = call.resource;
    let sub = resource.subresource(call.subresource);
    match verb {
        Verb::Get if sub.is_some_and(|sub| sub.kind.kind == "Scale") => {
            subresources::get_scale(call).await
        }
        Verb::Get => verbs::get(call, head.query.text("resourceVersion")),
        Verb::List => verbs::list(call, &list_options(&head.query, resource)?),
        Verb::Watch => {
            let mut options = list_options(&head.query, resource)?;
            options.watch = true;
            if head.info.names_object {
                options.fields.demand_name(&head.info.name);
            }
            verbs::watch(call, &options)
        }
        Verb::Create => create(service, call, head, body).await,
        Verb::Update => update(call, head, body).await,
        Verb::Delete => {
            let options = deletion(call, head, body).await?;
            verbs::delete(call, &options).await
        }
        Verb::DeleteCollection => {
            let selection = list_options(&head.query, resource)?;
            let options = deletion(call, head, body).await?;
            verbs::delete_collection(call, &selection, &options).await
        }
        Verb::Patch => patch(call, head, body).await,
    }
}

/// The kind of the bodies of a request: the resource's or its subresource's.
fn kind_of<'c>(call: &'c Call<'_>) -> &'c GroupVersionKind {
    match call.resource.subresource(call.subresource) {
        Some(sub) => &sub.kind,
        None => &call.resource.kind,
    }
}

async fn create(
    service: &Service,
    call: &Call<'_>,
    head: &Head,
    body: Incoming,
) -> Result<Answer, Status> {
    let format = body_format(head, call.resource)?;
    let body = read(body).await?;
    let options = write_options(&head.query);
    options.check(WriteKind::Create)?;
    let kind = kind_of(call);
    let object = verbs::decode(call, kind, &body, format, options.validation())?;
    call.trail.request_object(kind, &object);
    match (call.resource.plural(), call.subresource) {
        ("pods", "binding") | ("bindings", "") => {
            return subresources::bind(call, &object, &options).await;
        }
        ("pods", "eviction") => return subresources::evict(call, &object, &options).await,
        ("serviceaccounts", "token") => {
            return subresources::token(call, kind, &object, &options).await;
        }
        (_, "") => {}
        _ => return Err(error::method_not_allowed()),
    }
    if let Some(answer) = verbs::review(call, &service.authenticator, &object) {
        let (answer, used) = answer?;
        if let Some(used) = used {
            legacy_token::annotate(call.trail, call.warnings, &used);
            legacy_token::label(&service.api, &used).await;
        }
        return Ok(answer);
    }
    verbs::create(call, object, &options).await
}

async fn patch(call: &Call<'_>, head: &Head, body: Incoming) -> Result<Answer, Status> {
    let media = head.content_type.as_deref().unwrap_or_default();
    let patch_type = match media.split(';').next().unwrap_or_default().trim() {
        "application/json-patch+json" => PatchType::Json,
        "application/merge-patch+json" => PatchType::Merge,
        "application/strategic-merge-patch+json" if call.resource.is_custom() => {
            return Err(error::unsupported_media_type(CUSTOM_PATCHES));
        }
        "application/strategic-merge-patch+json" => PatchType::Strategic,
        "application/apply-patch+yaml" => {
            let body = read(body).await?;
            note_patch(call, &body);
            let options = write_options(&head.query);
            options.check(WriteKind::Apply)?;
            if kind_of(call).kind == "Scale" {
                return subresources::apply_scale(call, &body, &options).await;
            }
            return verbs::apply(call, &body, &options).await;
        }
        _ if call.resource.is_custom() => {
            return Err(error::unsupported_media_type(CUSTOM_PATCHES));
        }
        _ => return Err(error::unknown_patch_type()),
    };
    let body = read(body).await?;
    note_patch(call, &body);
    let options = write_options(&head.query);
    options.check(WriteKind::Patch)?;
    if kind_of(call).kind == "Scale" {
        return subresources::patch_scale(call, &body, patch_type, &options).await;
    }
    verbs::patch(call, &body, patch_type, &options).await
}

async fn update(call: &Call<'_>, head: &Head, body: Incoming) -> Result<Answer, Status> {
    let format = body_format(head, call.resource)?;
    let body = read(body).await?;
    let options = write_options(&head.query);
    options.check(WriteKind::Update)?;
    let kind = kind_of(call);
    let object = verbs::decode(call, kind, &body, format, options.validation())?;
    call.trail.request_object(kind, &object);
    if kind.kind == "Scale" {
        return subresources::replace_scale(call, &object, &options).await;
    }
    verbs::replace(call, object, &options).await
}

/// Tells the audit log of a patch. Upstream loses the event of one that is YAML; here it is told as JSON.
fn note_patch(call: &Call<'_>, body: &[u8]) {
    call.trail.request_body(|| {
        let json = json::from_slice(body).ok();
        json.or_else(|| Some((call.api.read_yaml)(body).ok()?.tree))
    });
}
