//! `AdmissionRequest`: a request as the world outside sees it, expressions and webhooks.

use super::review::Review;
use crate::cel::Bindings;
use crate::resources::Resource;
use tollgate_api::value::CompactString;
use tollgate_api::{GroupVersionKind, Operation, UserInfo, Value};
use tollgate_policy::rbac::ResourceAccess;

/// The request without its objects, its kind and its resource as they are shown and as they were asked for.
pub(super) fn describe(review: &Review<'_>) -> Value {
    let attributes = &review.attributes;
    let mut request = Value::object();
    let forms = [
        (review.resource, ["kind", "resource", "subResource"]),
        (
            review.requested,
            ["requestKind", "requestResource", "requestSubResource"],
        ),
    ];
    for (resource, [kind_key, resource_key, sub_key]) in forms {
        let named = resource
            .subresource(attributes.subresource)
            .map_or(&resource.kind, |subresource| &subresource.kind);
        request.set(kind_key, kind(named));
        request.set(resource_key, plural(resource));
        if !attributes.subresource.is_empty() {
            request.set(sub_key, attributes.subresource);
        }
    }
    if !attributes.name.is_empty() {
        request.set("name", attributes.name);
    }
    if !attributes.namespace.is_empty() {
        request.set("namespace", attributes.namespace);
    }
    request.set("operation", attributes.operation.as_str());
    request.set("userInfo", user(attributes.user));
    request.set("dryRun", attributes.dry_run);
    request.set("options", options(review));
    request
}

/// Lets expressions ask what the user may do with what is requested, and with anything else.
pub(super) fn bind_authorizer(review: &Review<'_>, bindings: &mut Bindings) {
    let attributes = &review.attributes;
    let Some(user) = attributes.user else {
        return;
    };
    let requested = ResourceAccess {
        verb: "",
        group: review.resource.group(),
        resource: review.resource.plural(),
        subresource: attributes.subresource,
        namespace: attributes.namespace,
        name: attributes.name,
        field_selector: "",
    };
    bindings.bind_authorizer(review.authorizer, user, &requested);
}

fn kind(kind: &GroupVersionKind) -> Value {
    let parts = [
        ("group", kind.group.clone()),
        ("version", kind.version.clone()),
        ("kind", kind.kind.clone()),
    ];
    parts.into_iter().collect()
}

fn plural(resource: &Resource) -> Value {
    let parts = [
        ("group", CompactString::from(resource.group())),
        ("version", resource.kind.version.clone()),
        ("resource", CompactString::from(resource.plural())),
    ];
    parts.into_iter().collect()
}

fn user(user: Option<&UserInfo>) -> Value {
    let mut info = Value::object();
    let Some(user) = user else {
        return info;
    };
    let texts = |texts: &[CompactString]| -> Value { texts.to_vec().into() };
    info.set("username", user.name.clone());
    if !user.uid.is_empty() {
        info.set("uid", user.uid.clone());
    }
    info.set("groups", texts(&user.groups));
    if !user.extra.is_empty() {
        let extra: Value = user
            .extra
            .iter()
            .map(|(key, values)| (key.clone(), texts(values)))
            .collect();
        info.set("extra", extra);
    }
    info
}

/// The options of the request's verb, as far as plugins know them.
fn options(review: &Review<'_>) -> Value {
    let mut options = Value::object();
    if review.attributes.operation == Operation::Connect {
        // The options of a connection are its object.
        return Value::Null;
    }
    options.set(
        "kind",
        match review.attributes.operation {
            Operation::Update => "UpdateOptions",
            Operation::Delete => "DeleteOptions",
            Operation::Create | Operation::Connect => "CreateOptions",
        },
    );
    options.set("apiVersion", "meta.k8s.io/v1");
    if review.attributes.dry_run {
        options.set("dryRun", Value::from(vec!["All"]));
    }
    options
}
