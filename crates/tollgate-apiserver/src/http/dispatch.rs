//! Requests to resources: which verb answers, with which options and which body.

use super::body::{self, REQUEST_BYTES_MAX, ReadError};
use super::negotiate::{Offer, Shape};
use super::options::{delete_options, list_options, write_options};
use super::render;
use super::respond::{self, HttpAnswer};
use super::service::{Head, Service};
use super::stream;
use super::table::{self, Look};
use crate::error;
use crate::crd;
use crate::resources::{Catalog, Group, Resource, Verb};
use crate::table::IncludeObject;
use crate::verbs::options::{DeleteOptions, WriteKind};
use crate::verbs::subresources;
use crate::verbs::{self, Answer, BodyFormat, Call, PatchType, Warnings};
use bytes::Bytes;
use hyper::Method;
use hyper::body::Incoming;
use std::sync::Arc;
use tollgate_api::{GroupVersionKind, Status, Timestamp, json};

/// The patches that there are of custom resources.
const CUSTOM_PATCHES: &str =
    "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";

/// Answers a request to a resource.
pub(super) async fn dispatch(
    service: &Service,
    head: &Head,
    body: Incoming,
    warnings: &Warnings,
) -> Result<HttpAnswer, Status> {
    let catalog = service.api.catalog.load();
    let Some(resource) = find(&catalog, head)? else {
        return Ok(respond::page_not_found());
    };
    let verb = allowed(resource, head)?;
    if let Some(warning) = crd::custom_of(resource).and_then(|custom| custom.warning.as_ref()) {
        warnings.add(warning.as_str());
    }
    let info = &head.info;
    let call = Call {
        api: &service.api,
        resource,
        subresource: &info.subresource,
        namespace: if resource.namespaced {
            &info.namespace
        } else {
            ""
        },
        name: if info.names_object { &info.name } else { "" },
        user: &head.user,
        user_agent: &head.user_agent,
        warnings,
        now: service.api.environment.now(),
    };
    let reads = matches!(verb, Verb::Get | Verb::List | Verb::Watch);
    let offer = Offer {
        protobuf: !resource.is_custom(),
        tables: true,
        partial: true,
        list: !info.names_object && reads && verb != Verb::Watch,
        stream: verb == Verb::Watch,
    };
    let form = head.form(offer)?;
    let sub = resource.subresource(&info.subresource);
    let scales = sub.is_some_and(|sub| sub.kind.kind == "Scale");
    let answer = match verb {
        Verb::Get if scales => subresources::get_scale(&call),
        Verb::Get => verbs::get(&call, head.query.text("resourceVersion")),
        Verb::List => verbs::list(&call, &list_options(&head.query, resource)?),
        Verb::Watch => verbs::watch(&call, &list_options(&head.query, resource)?),
        Verb::Create => create(service, &call, head, body).await,
        Verb::Update => update(&call, head, body).await,
        Verb::Delete => {
            let options = deletion(head, body).await?;
            verbs::delete(&call, &options).await
        }
        Verb::DeleteCollection => {
            let selection = list_options(&head.query, resource)?;
            let options = deletion(head, body).await?;
            verbs::delete_collection(&call, &selection, &options).await
        }
        Verb::Patch => patch(&call, head, body).await,
    };
    match answer? {
        Answer::Object {
            code,
            resource,
            object,
        } => {
            let body = match form.shape {
                Shape::Object => render::stored(&resource, &object, form)?,
                Shape::PartialList(_) => {
                    let what = table::internal_name(&resource, &resource.kind.kind);
                    return Err(error::no_such_shape(&format!(
                        "you requested PartialObjectMetadataList, but the requested object is not a list ({what})"
                    )));
                }
                _ => table::of_object(&resource, &object, form, &look(head, call.now)?)?,
            };
            Ok(respond::answer(code, form.media.as_str(), body))
        }
        Answer::Other { code, kind, object } => Ok(respond::object(code, &kind, &object, form)),
        Answer::List(listing) => {
            let body = match form.shape {
                Shape::Object => render::list(listing, form)?,
                Shape::Partial(_) => {
                    let what = table::internal_name(&listing.resource, &listing.resource.list_kind);
                    return Err(error::no_such_shape(&format!(
                        "you requested PartialObjectMetadata, but the requested object is a list ({what})"
                    )));
                }
                _ => table::of_list(&listing, form, &look(head, call.now)?)?.into(),
            };
            Ok(respond::answer(200, form.media.as_str(), body))
        }
        Answer::Watch(watching) => {
            let look = look(head, call.now)?;
            Ok(stream::start(service, *watching, form, look))
        }
    }
}

/// What Tables are to hold.
fn look(head: &Head, now: Timestamp) -> Result<Look, Status> {
    let include =
        IncludeObject::parse(head.query.text("includeObject")).map_err(Status::bad_request);
    match include {
        Ok(include) => Ok(Look { include, now }),
        // Only who asks for a Table can ask for it wrongly.
        Err(_) if !head.wants_table() => Ok(Look {
            include: IncludeObject::Metadata,
            now,
        }),
        Err(status) => Err(status),
    }
}

/// The resource under the path. An unknown group is no router's, and answered in plain text.
fn find<'c>(catalog: &'c Catalog, head: &Head) -> Result<Option<&'c Arc<Resource>>, Status> {
    let info = &head.info;
    let Some(resource) = catalog.resource(&info.group, &info.version, &info.resource) else {
        return match catalog.group(&info.group) {
            // Nor has the group of a definition a router for what it does not define.
            Some(group) if is_custom(group) => Ok(None),
            Some(_) => Err(error::no_such_resource()),
            None => Ok(None),
        };
    };
    let is_namespace = resource.group().is_empty() && resource.plural() == "namespaces";
    let has_namespace = !info.namespace.is_empty() && !is_namespace;
    let misplaced = if resource.namespaced {
        info.names_object && !has_namespace
    } else {
        has_namespace
    };
    let unknown = !info.subresource.is_empty() && resource.subresource(&info.subresource).is_none();
    if unknown && resource.is_custom() && info.names_object {
        return Err(error::not_found(&resource.group_resource, &info.name));
    }
    if misplaced || unknown || info.goes_on {
        return Err(error::no_such_resource());
    }
    Ok(Some(resource))
}

/// Whether everything in a group is defined.
fn is_custom(group: &Group) -> bool {
    let mut resources = group.versions.iter().flat_map(|version| &version.resources);
    resources.all(|resource| resource.is_custom())
}

/// The verb of the request, if the resource or its subresource has it.
fn allowed(resource: &Resource, head: &Head) -> Result<Verb, Status> {
    let info = &head.info;
    let verb = match (&head.method, info.names_object) {
        (&Method::GET, true) if info.verb == "watch" => Some(Verb::Watch),
        (&Method::GET, true) => Some(Verb::Get),
        (&Method::GET, false) if info.verb == "watch" => Some(Verb::Watch),
        (&Method::GET, false) => Some(Verb::List),
        (&Method::POST, false) => Some(Verb::Create),
        (&Method::POST, true) if !info.subresource.is_empty() => Some(Verb::Create),
        (&Method::PUT, true) => Some(Verb::Update),
        (&Method::PATCH, true) => Some(Verb::Patch),
        (&Method::DELETE, true) => Some(Verb::Delete),
        (&Method::DELETE, false) => Some(Verb::DeleteCollection),
        _ => None,
    };
    let verbs = match resource.subresource(&info.subresource) {
        Some(sub) => sub.verbs,
        None => resource.verbs,
    };
    // A collection in all namespaces is only looked at.
    let everywhere = resource.namespaced && info.namespace.is_empty();
    let looks = matches!(verb, Some(Verb::List | Verb::Watch | Verb::Get));
    match verb {
        Some(verb) if verbs.contains(verb) && (looks || !everywhere) => Ok(verb),
        _ => Err(error::method_not_allowed()),
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
    match (call.resource.plural(), call.subresource) {
        ("pods", "binding") | ("bindings", "") => {
            return subresources::bind(call, &object, &options).await;
        }
        ("pods", "eviction") => return subresources::evict(call, &object, &options).await,
        ("serviceaccounts", "token") => return subresources::token(call, kind, &object),
        (_, "") => {}
        _ => return Err(error::method_not_allowed()),
    }
    if let Some(answer) = verbs::review(call, &service.authenticator, &object) {
        return answer;
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
            let options = write_options(&head.query);
            options.check(WriteKind::Apply)?;
            return verbs::apply(call, &body, &options).await;
        }
        _ => return Err(error::unknown_patch_type()),
    };
    let body = read(body).await?;
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
            DeleteOptions::from_value(&value)
        } else {
            delete_body(&body)?
        }
    };
    options.check()?;
    Ok(options)
}

fn delete_body(body: &[u8]) -> Result<DeleteOptions, Status> {
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
    Ok(DeleteOptions::from_value(&value))
}
