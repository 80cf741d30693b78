//! Requests to resources: which verb answers, with which options and which body.

use super::body::{self, REQUEST_BYTES_MAX, ReadError};
use super::head::Head;
use super::options::{delete_options, list_options, write_options};
use super::service::Service;
use crate::error;
use crate::resources::{Resource, Verb};
use crate::verbs::options::{DeleteOptions, WriteKind};
use crate::verbs::{self, Answer, BodyFormat, Call, PatchType, legacy_token, subresources};
use bytes::Bytes;
use hyper::body::Incoming;
use tollgate_api::{GroupVersionKind, Object, Status, Value, json};

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
            let options = deletion(head, body).await?;
            verbs::delete(call, &options).await
        }
        Verb::DeleteCollection => {
            let selection = list_options(&head.query, resource)?;
            let options = deletion(head, body).await?;
            verbs::delete_collection(call, &selection, &options).await
        }
        Verb::Patch => patch(call, head, body).await,
    }
}

/// How a body is written; 415 for what nobody reads.
fn body_format(head: &Head, resource: &Resource) -> Result<BodyFormat, Status> {
    let media = head.content_type.as_deref().unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    match media {
        "" | "application/json" => Ok(BodyFormat::Json),
        "application/yaml" => Ok(BodyFormat::Yaml),
        "application/vnd.kubernetes.protobuf" if !resource.is_custom() => Ok(BodyFormat::Protobuf),
        _ if resource.is_custom() => Err(error::unsupported_media_type(
            "application/json, application/yaml",
        )),
        _ => Err(error::unsupported_media_type(
            "application/json, application/yaml, application/vnd.kubernetes.protobuf",
        )),
    }
}

async fn read(body: Incoming) -> Result<Bytes, Status> {
    body::read(body).await.map_err(|error| match error {
        ReadError::TooLarge => error::too_large(&format!("limit is {REQUEST_BYTES_MAX}")),
        ReadError::Broken => Status::bad_request("the body of the request cannot be read"),
    })
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
            return verbs::apply(call, &body, &options).await;
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

/// The options of a deletion, from the body if there is one.
async fn deletion(head: &Head, body: Incoming) -> Result<DeleteOptions, Status> {
    let body = read(body).await?;
    let options = if body.is_empty() {
        delete_options(&head.query)?
    } else {
        let media = head.content_type.as_deref().unwrap_or_default();
        if media.starts_with("application/vnd.kubernetes.protobuf") {
            let (_, value) = tollgate_objects::protobuf::decode(&body)
                .map_err(|error| Status::bad_request(error.to_string()))?;
            note_options(head, &value);
            DeleteOptions::from_value(&value)
        } else {
            let value = delete_body(&body)?;
            note_options(head, &value);
            DeleteOptions::from_value(&value)
        }
    };
    options.check()?;
    Ok(options)
}

/// Tells the audit log of a patch. Upstream loses the event of one that is YAML; here it is told as JSON.
fn note_patch(call: &Call<'_>, body: &[u8]) {
    call.trail.request_body(|| {
        let json = json::from_slice(body).ok();
        json.or_else(|| Some((call.api.read_yaml)(body).ok()?.tree))
    });
}

/// Tells the audit log of the options of a deletion.
fn note_options(head: &Head, value: &Value) {
    head.trail.request_body(|| {
        let version = value.str("apiVersion").unwrap_or("meta.k8s.io/v1");
        let mut options = Value::object();
        options.set("kind", "DeleteOptions");
        options.set("apiVersion", version);
        let written = value.as_object().into_iter().flat_map(Object::iter);
        for (key, value) in written.filter(|(key, _)| !matches!(*key, "kind" | "apiVersion")) {
            options.set(key, value.clone());
        }
        Some(options)
    });
}

fn delete_body(body: &[u8]) -> Result<Value, Status> {
    let value = json::from_slice(body).map_err(|error| {
        let why = error.message;
        Status::bad_request(format!(
            "couldn't get version/kind; json parse error: {why}"
        ))
    })?;
    let kind = GroupVersionKind::of(&value);
    if !kind.kind.is_empty() && kind.kind != "DeleteOptions" {
        let (kind, version) = (&kind.kind, kind.api_version());
        return Err(Status::bad_request(format!(
            "no kind \"{kind}\" is registered for version \"{version}\" in scheme \"pkg/runtime/scheme.go:111\""
        )));
    }
    Ok(value)
}
