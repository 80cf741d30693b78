//! The schemas of custom kinds: what their definitions say, and what every object has.

use super::fields::{described, reference, typed};
use super::names;
use super::schemas::kind_entry;
use crate::resources::{Origin, Resource};
use tollgate_api::{GroupVersionKind, Value};
use tollgate_objects::schema::Descriptions;

/// What every object or list has, described.
fn every_field(name: &'static str, words: &Descriptions) -> Value {
    let name = format!("meta.TypeMeta.{name}");
    described(words.of_name(&name), typed("string", ""))
}

/// The schema of a custom kind.
pub(super) fn schema(resource: &Resource, words: &Descriptions) -> Value {
    let own = match &resource.origin {
        Origin::Custom(origin) => origin.openapi_schema(),
        Origin::BuiltIn | Origin::Measured(_) => None,
    };
    let mut schema = own.unwrap_or_else(|| typed("object", ""));
    let properties = schema.child_mut("properties");
    properties.set("apiVersion", every_field("apiVersion", words));
    properties.set("kind", every_field("kind", words));
    let metadata = reference(&names::of_type("meta/v1.ObjectMeta"));
    properties.set("metadata", described(words.of_name("*.metadata"), metadata));
    let kinds = vec![kind_entry(&resource.kind)];
    schema.set("x-kubernetes-group-version-kind", kinds);
    schema
}

/// The schema of the kind of its lists.
pub(super) fn list_schema(resource: &Resource, words: &Descriptions) -> Value {
    let kind = &resource.kind;
    let mut items = typed("array", "");
    let item = names::of_custom(&kind.group, &kind.version, &kind.kind);
    items.set("items", reference(&item));
    let mut schema = described(words.of_name("*List"), typed("object", ""));
    schema.set("required", vec!["items"]);
    let properties = schema.child_mut("properties");
    properties.set("apiVersion", every_field("apiVersion", words));
    properties.set("items", described(words.of_name("*List.items"), items));
    properties.set("kind", every_field("kind", words));
    let metadata = reference(&names::of_type("meta/v1.ListMeta"));
    properties.set(
        "metadata",
        described(words.of_name("*List.metadata"), metadata),
    );
    let list = GroupVersionKind {
        kind: resource.list_kind.clone(),
        ..kind.clone()
    };
    schema.set("x-kubernetes-group-version-kind", vec![kind_entry(&list)]);
    schema
}
