//! Requests to resources: what the path means, and whether the method fits it.

use super::connect;
use super::head::Head;
use super::negotiate::Offer;
use super::perform::perform;
use super::present::present;
use super::respond::{self, HttpAnswer};
use super::service::Service;
use crate::crd;
use crate::error;
use crate::resources::{Catalog, Group, Resource, Verb};
use crate::verbs::convert;
use crate::verbs::{Call, Warnings};
use hyper::Method;
use hyper::body::Incoming;
use std::sync::Arc;
use tollgate_api::Status;

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
    if let Some(warning) = resource.deprecation(service.api.release) {
        warnings.add(warning);
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
        trail: &head.trail,
        now: service.api.environment.now(),
    };
    if connect::is_connect(info) {
        return connect::answer(service, &call, head, body).await;
    }
    let reads = matches!(verb, Verb::Get | Verb::List | Verb::Watch);
    let offer = Offer {
        protobuf: resource.is_built_in(),
        tables: resource.has_tables(&info.subresource),
        partial: true,
        list: !info.names_object && reads && verb != Verb::Watch,
        stream: verb == Verb::Watch,
    };
    let form = head.form(offer)?;
    let answer = perform(service, &call, head, body, verb).await?;
    let answer = convert::answer(&service.api, answer).await?;
    present(service, head, answer, form, call.now)
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
    let goes_on = info.goes_on && info.subresource != "proxy";
    if misplaced || unknown || goes_on {
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
        (&Method::GET, _) if info.verb == "watch" => Some(Verb::Watch),
        (&Method::GET, true) => Some(Verb::Get),
        // The handler of custom resources goes by verbs, and a look is a look.
        (&Method::HEAD, true) if resource.is_custom() => Some(Verb::Get),
        (&Method::HEAD, false) if resource.is_custom() => Some(Verb::List),
        // What is behind a proxy has its own idea of methods.
        (&Method::HEAD | &Method::OPTIONS, true) if info.subresource == "proxy" => Some(Verb::Get),
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
        None if resource.is_custom() && head.method == Method::PUT => {
            Err(Status::bad_request("name must be provided"))
        }
        _ if resource.is_custom() && (looks || !everywhere) => {
            let verb = match head.method {
                Method::POST => "create",
                Method::PUT => "update",
                Method::PATCH => "patch",
                Method::DELETE => "delete",
                Method::GET | Method::HEAD => "get",
                _ => "",
            };
            Err(error::method_not_supported(&resource.group_resource, verb))
        }
        _ => Err(error::method_not_allowed()),
    }
}
