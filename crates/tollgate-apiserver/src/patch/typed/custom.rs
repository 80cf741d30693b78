//! Structural schemas of custom resources, read once.

use super::types::{Atoms, Keys, List, Map, MapSort, Scalar, TableType, Type};
use std::collections::BTreeMap;
use tollgate_api::value::CompactString;
use tollgate_api::{GroupVersionKind, Value};
use tollgate_objects::schema::{ListType, type_of};

/// The structural schema of a version of a custom resource, as far as merging goes.
#[derive(Debug)]
pub struct CustomSchema(CustomType);

impl CustomSchema {
    /// Reads `spec.versions[].schema.openAPIV3Schema`; `preserve_unknown_fields` is that field of the definition.
    pub fn new(schema: &Value, preserve_unknown_fields: bool) -> Self {
        Self(CustomType::read(schema, preserve_unknown_fields, true))
    }

    pub(super) fn root(&self) -> &CustomType {
        &self.0
    }
}

/// A place of a structural schema.
#[derive(Debug)]
pub(crate) struct CustomType {
    scalar: Option<Scalar>,
    list: Option<CustomList>,
    map: Option<CustomMap>,
}

#[derive(Debug)]
struct CustomList {
    list_type: ListType,
    keys: Vec<CompactString>,
    element: Inner,
}

/// The fields of an object in a structural schema.
#[derive(Debug)]
pub(crate) struct CustomMap {
    fields: BTreeMap<CompactString, CustomField>,
    element: Option<Inner>,
    is_atomic: bool,
}

#[derive(Debug)]
pub(super) struct CustomField {
    pub(super) of: Inner,
    pub(super) default: Option<Value>,
}

#[derive(Debug)]
pub(super) enum Inner {
    Custom(Box<CustomType>),
    Table(TableType),
    Deduced,
    Untyped,
}

impl Inner {
    pub(super) fn as_type(&self) -> Type<'_> {
        match self {
            Self::Custom(custom) => Type::Custom(custom),
            Self::Table(table) => Type::Table(*table),
            Self::Deduced => Type::Deduced,
            Self::Untyped => Type::Untyped,
        }
    }
}

impl CustomMap {
    pub(super) fn field(&self, name: &str) -> Option<&CustomField> {
        self.fields.get(name)
    }

    pub(super) fn element(&self) -> Option<Type<'_>> {
        self.element.as_ref().map(Inner::as_type)
    }
}

impl CustomType {
    fn read(schema: &Value, preserves: bool, is_resource: bool) -> Self {
        // What is below a place that preserves unknown fields does, too.
        let preserves =
            preserves || schema.bool("x-kubernetes-preserve-unknown-fields") == Some(true);
        let is_resource =
            is_resource || schema.bool("x-kubernetes-embedded-resource") == Some(true);
        let (scalar, is_list, is_map) = match schema.str_or_empty("type") {
            "object" => (None, false, true),
            "array" => (None, true, false),
            "integer" | "number" => (Some(Scalar::Numeric), false, false),
            "boolean" => (Some(Scalar::Boolean), false, false),
            "string" => match schema.str_or_empty("format") {
                "" | "byte" => (Some(Scalar::Text), false, false),
                _ => (Some(Scalar::Any), false, false),
            },
            _ => (Some(Scalar::Any), true, true),
        };
        Self {
            scalar,
            list: is_list.then(|| CustomList::read(schema, preserves)),
            map: is_map.then(|| CustomMap::read(schema, preserves, is_resource)),
        }
    }

    pub(super) fn atoms(&self) -> Atoms<'_> {
        Atoms {
            scalar: self.scalar,
            list: self.list.as_ref().map(|list| List {
                relation: list.list_type,
                keys: Keys::Custom(&list.keys),
                element: list.element.as_type(),
            }),
            map: self.map.as_ref().map(|map| Map {
                sort: MapSort::Custom(map),
                is_atomic: map.is_atomic,
            }),
        }
    }
}

impl CustomList {
    fn read(schema: &Value, preserves: bool) -> Self {
        let list_type = match schema.str_or_empty("x-kubernetes-list-type") {
            "set" => ListType::Set,
            "map" => ListType::Map,
            _ => ListType::Atomic,
        };
        let keys = schema.items("x-kubernetes-list-map-keys").iter();
        Self {
            list_type,
            keys: keys
                .filter_map(Value::as_str)
                .map(CompactString::from)
                .collect(),
            element: schema.get("items").map_or(Inner::Untyped, |items| {
                Inner::Custom(Box::new(CustomType::read(items, preserves, false)))
            }),
        }
    }
}

impl CustomMap {
    fn read(schema: &Value, preserves: bool, is_resource: bool) -> Self {
        let mut fields = BTreeMap::new();
        for (name, property) in schema.entries("properties") {
            let field = CustomField {
                of: Inner::Custom(Box::new(CustomType::read(property, preserves, false))),
                default: property.get("default").cloned(),
            };
            fields.insert(name.into(), field);
        }
        let has_fields = !fields.is_empty();
        if is_resource {
            for (name, field) in resource_fields() {
                fields.insert(name.into(), field);
            }
        }
        let element = match schema.get("additionalProperties") {
            None => (preserves || !(has_fields || is_resource)).then_some(Inner::Deduced),
            Some(Value::Bool(allowed)) => allowed.then_some(Inner::Deduced),
            Some(values) => Some(Inner::Custom(Box::new(CustomType::read(
                values, preserves, false,
            )))),
        };
        Self {
            fields,
            element,
            is_atomic: schema.str("x-kubernetes-map-type") == Some("atomic"),
        }
    }
}

/// What every resource has.
fn resource_fields() -> Vec<(&'static str, CustomField)> {
    let text = || CustomField {
        of: Inner::Custom(Box::new(CustomType {
            scalar: Some(Scalar::Text),
            list: None,
            map: None,
        })),
        default: None,
    };
    let metadata =
        type_of(&GroupVersionKind::new("v1", "Pod")).and_then(|pod| pod.field("metadata"));
    let metadata = metadata.map_or(Inner::Deduced, |field| {
        Inner::Table(TableType {
            shape: field.shape(),
            field: None,
            structured: false,
        })
    });
    vec![
        ("apiVersion", text()),
        ("kind", text()),
        (
            "metadata",
            CustomField {
                of: metadata,
                default: None,
            },
        ),
    ]
}
