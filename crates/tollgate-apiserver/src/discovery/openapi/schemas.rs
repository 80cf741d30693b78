//! The schemas of a document: found from the kinds it is about, made one at a time while it is written.
//!
//! They are made in the words of version 3; `v2` makes those of version 2 from them.

use super::custom;
use super::facts::Facts;
use super::fields::{self, described, flattened, property, special_of};
use super::names;
use super::special::Special;
use crate::resources::Resource;
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_api::{GroupVersionKind, Value};
use tollgate_objects::schema::{Field, ShapeRef, StructType, type_of};

/// Where a schema comes from.
#[derive(Debug, Clone)]
enum Source {
    Struct(StructType),
    Special(Special),
    Custom(Arc<Resource>),
    CustomList(Arc<Resource>),
}

/// The schemas of a document, by name.
#[derive(Debug)]
pub(super) struct Schemas<'f> {
    facts: &'f Facts,
    sources: BTreeMap<String, Source>,
    /// The kinds under which a type is served, by the name of the type's schema.
    served: BTreeMap<String, Vec<GroupVersionKind>>,
}

impl<'f> Schemas<'f> {
    pub(super) fn new(facts: &'f Facts) -> Self {
        Self {
            facts,
            sources: BTreeMap::new(),
            served: BTreeMap::new(),
        }
    }

    /// The names, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.sources.keys().map(String::as_str)
    }

    /// Adds the type of a built-in kind and all that it refers to; gives its name.
    pub(super) fn add_kind(&mut self, kind: &GroupVersionKind) -> Option<String> {
        let of = type_of(kind)?;
        let name = self.add_struct(of);
        let served = self.served.entry(name.clone()).or_default();
        if !served.contains(kind) {
            served.push(kind.clone());
        }
        Some(name)
    }

    /// Adds a type that is no kind of the table; gives its name.
    pub(super) fn add_special(&mut self, special: Special) -> String {
        let name = special.name.to_owned();
        self.sources.insert(name.clone(), Source::Special(special));
        name
    }

    /// Adds the kind of a resource; gives its name.
    pub(super) fn add_resource(&mut self, resource: &Arc<Resource>) -> Option<String> {
        if !resource.is_custom() {
            return self.add_kind(&resource.kind);
        }
        self.add_metadata();
        let kind = &resource.kind;
        let name = names::of_custom(&kind.group, &kind.version, &kind.kind);
        let source = Source::Custom(Arc::clone(resource));
        self.sources.insert(name.clone(), source);
        Some(name)
    }

    /// Adds the kind of a resource's lists; gives its name.
    pub(super) fn add_list(&mut self, resource: &Arc<Resource>) -> Option<String> {
        let kind = GroupVersionKind {
            kind: resource.list_kind.clone(),
            ..resource.kind.clone()
        };
        if !resource.is_custom() {
            return self.add_kind(&kind);
        }
        self.add_metadata();
        let name = names::of_custom(&kind.group, &kind.version, &kind.kind);
        let source = Source::CustomList(Arc::clone(resource));
        self.sources.insert(name.clone(), source);
        Some(name)
    }

    /// The metadata of objects and lists, which custom kinds refer to.
    fn add_metadata(&mut self) {
        for kind in ["ConfigMap", "ConfigMapList"] {
            let of = type_of(&GroupVersionKind::new("v1", kind));
            let metadata = of.and_then(|of| of.field("metadata"));
            if let Some(ShapeRef::Struct(of)) = metadata.map(Field::shape) {
                self.add_struct(of);
            }
        }
    }

    fn add_struct(&mut self, of: StructType) -> String {
        let name = names::of_type(of.name());
        if self.sources.contains_key(&name) {
            return name;
        }
        self.sources.insert(name.clone(), Source::Struct(of));
        for (declaring, field) in flattened(of) {
            self.add_shape(field.shape(), declaring);
        }
        name
    }

    fn add_shape(&mut self, shape: ShapeRef, owner: StructType) {
        match shape {
            ShapeRef::Struct(of) | ShapeRef::SchemaOr(of, _) => {
                self.add_struct(of);
            }
            ShapeRef::List(inner) | ShapeRef::Map(inner) => self.add_shape(inner.shape(), owner),
            _ => {}
        }
        if let Some(special) = special_of(shape, owner) {
            self.add_special(special);
        }
    }

    /// The schema of that name as version 3 writes it, or what version 2 is made from.
    pub(super) fn schema(&self, name: &str, v3: bool) -> Value {
        let words = &self.facts.words;
        match self.sources.get(name) {
            Some(Source::Struct(of)) => self.of_struct(name, *of),
            Some(Source::Special(special)) => special.schema(v3, words),
            Some(Source::Custom(resource)) => custom::schema(resource, words),
            Some(Source::CustomList(resource)) => custom::list_schema(resource, words),
            None => Value::object(),
        }
    }

    fn of_struct(&self, name: &str, of: StructType) -> Value {
        let said = self.facts.of(of);
        let words = &self.facts.words;
        let mut schema = Value::object();
        fields::describe(&mut schema, words.of_type(of));
        schema.set("type", "object");
        let required: Vec<Value> = match said {
            Some(said) => said.items("required").to_vec(),
            None => flattened(of)
                .into_iter()
                .filter(|(_, field)| !field.omits_empty() && !field.omits_zero())
                .map(|(_, field)| field.name.into())
                .collect(),
        };
        if !required.is_empty() {
            schema.set("required", Value::Array(required));
        }
        let mut fields = flattened(of);
        fields.sort_by_key(|(_, field)| field.name);
        let properties: Value = fields
            .into_iter()
            .map(|(declaring, field)| {
                let said = self.facts.field(of, declaring, field.name);
                let schema = property(declaring, field, said);
                let text = words.of_field(declaring, field);
                (field.name, described(text, schema))
            })
            .collect();
        if properties.as_object().is_some_and(|all| !all.is_empty()) {
            schema.set("properties", properties);
        }
        let kinds = self.kinds(name, said);
        if !kinds.is_empty() {
            schema.set("x-kubernetes-group-version-kind", Value::Array(kinds));
        }
        if let Some(said) = said {
            fields::copy(said, "mapType", &mut schema, "x-kubernetes-map-type");
            fields::copy(said, "unions", &mut schema, "x-kubernetes-unions");
        }
        schema
    }

    fn kinds(&self, name: &str, said: Option<&Value>) -> Vec<Value> {
        let said = said.map_or(&[][..], |said| said.items("kinds"));
        if !said.is_empty() {
            let text = |entry: &Value, place: usize| {
                let part = entry.as_array().and_then(|parts| parts.get(place));
                part.cloned().unwrap_or_default()
            };
            let kind = |entry: &Value| -> Value {
                [
                    ("group", text(entry, 0)),
                    ("kind", text(entry, 2)),
                    ("version", text(entry, 1)),
                ]
                .into_iter()
                .collect()
            };
            return said.iter().map(kind).collect();
        }
        let served = self.served.get(name).into_iter().flatten();
        served.map(kind_entry).collect()
    }
}

/// A kind as vendor extensions name it.
pub(super) fn kind_entry(kind: &GroupVersionKind) -> Value {
    [
        ("group", kind.group.clone()),
        ("kind", kind.kind.clone()),
        ("version", kind.version.clone()),
    ]
    .into_iter()
    .collect()
}

/// The names that a piece of a document refers to.
#[cfg(test)]
pub(super) fn references(piece: &Value, found: &mut Vec<String>) {
    match piece {
        Value::Object(entries) => {
            for (key, value) in entries.iter() {
                match value.as_str() {
                    Some(text) if key == "$ref" => found.push(text.to_owned()),
                    _ => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}
