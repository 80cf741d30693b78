//! The schemas of custom kinds: what their definitions say, and what every object has.

use super::fields::{reference, typed};
use super::names;
use super::schemas::kind_entry;
use crate::resources::{Origin, Resource};
use tollgate_api::{GroupVersionKind, Value};

/// What `kubectl explain` says of the fields that every object has, beside what a definition says of its own.
const API_VERSION: &str =
    "APIVersion defines the group and the version in which the object is written.";
const KIND: &str = "Kind is the sort of the object, by which its schema is known.";

fn described(text: &'static str) -> Value {
    let mut schema = typed("string", "");
    schema.set("description", text);
    schema
}

/// The schema of a custom kind.
pub(super) fn schema(resource: &Resource) -> Value {
    let own = match &resource.origin {
        Origin::Custom(origin) => origin.openapi_schema(),
        Origin::BuiltIn | Origin::Measured(_) => None,
    };
    let mut schema = own.unwrap_or_else(|| typed("object", ""));
    let properties = schema.child_mut("properties");
    properties.set("apiVersion", described(API_VERSION));
    properties.set("kind", described(KIND));
    properties.set("metadata", reference(&names::of_type("meta/v1.ObjectMeta")));
    let kinds = vec![kind_entry(&resource.kind)];
    schema.set("x-kubernetes-group-version-kind", kinds);
    schema
}

/// The schema of the kind of its lists.
pub(super) fn list_schema(resource: &Resource) -> Value {
    let kind = &resource.kind;
    let mut items = typed("array", "");
    let item = names::of_custom(&kind.group, &kind.version, &kind.kind);
    items.set("items", reference(&item));
    let mut schema = typed("object", "");
    schema.set("required", vec!["items"]);
    let properties = schema.child_mut("properties");
    properties.set("apiVersion", typed("string", ""));
    properties.set("items", items);
    properties.set("kind", typed("string", ""));
    properties.set("metadata", reference(&names::of_type("meta/v1.ListMeta")));
    let list = GroupVersionKind {
        kind: resource.list_kind.clone(),
        ..kind.clone()
    };
    schema.set("x-kubernetes-group-version-kind", vec![kind_entry(&list)]);
    schema
}
