//! The schema as a tree of small nodes.

use super::formats::Format;
use super::numbers::NumberFormat;
use super::pattern::Pattern;
use std::collections::BTreeMap;
use tollgate_api::value::CompactString;
use tollgate_api::{Number, Value};

/// How a list merges, and what is unique in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ListSort {
    /// As a whole.
    #[default]
    Atomic,
    /// Its members are unique.
    Set,
    /// Its members are unique by some of their fields.
    Map,
}

/// What is allowed in an object beside its properties.
#[derive(Debug, Clone, Default)]
pub enum Additional {
    /// Nothing is said.
    #[default]
    Unsaid,
    /// Anything, or nothing.
    Allowed(bool),
    /// What fits a schema.
    Schema(Box<Schema>),
}

/// One place of a structural schema.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    /// The JSON types that a value may have; empty for any.
    pub types: Vec<CompactString>,
    /// A known format of texts.
    pub(super) format: Option<Format>,
    /// A known format of numbers, and which numbers have it.
    pub(super) number_format: Option<NumberFormat>,
    /// Whether null is a value.
    pub nullable: bool,
    /// `x-kubernetes-preserve-unknown-fields`
    pub preserves_unknown: bool,
    /// `x-kubernetes-embedded-resource`
    pub is_embedded: bool,
    /// Fields of an object.
    pub properties: BTreeMap<CompactString, Schema>,
    /// Other fields of an object.
    pub additional: Additional,
    /// Members of a list.
    pub items: Option<Box<Schema>>,
    /// What stands here if nothing does.
    pub default: Option<Value>,
    /// `x-kubernetes-list-type`
    pub list_sort: ListSort,
    /// `x-kubernetes-list-map-keys`
    pub list_keys: Vec<CompactString>,
    pub(super) checks: Checks,
}

/// What is said of a value beside its type.
#[derive(Debug, Clone, Default)]
pub(super) struct Checks {
    pub(super) enumeration: Vec<Value>,
    pub(super) pattern: Option<Pattern>,
    pub(super) minimum: Option<f64>,
    pub(super) exclusive_minimum: bool,
    pub(super) maximum: Option<f64>,
    pub(super) exclusive_maximum: bool,
    pub(super) multiple_of: Option<f64>,
    pub(super) min_length: Option<i64>,
    pub(super) max_length: Option<i64>,
    pub(super) min_items: Option<i64>,
    pub(super) max_items: Option<i64>,
    pub(super) min_properties: Option<i64>,
    pub(super) max_properties: Option<i64>,
    pub(super) unique_items: bool,
    pub(super) required: Vec<CompactString>,
    pub(super) all_of: Vec<Schema>,
    pub(super) any_of: Vec<Schema>,
    pub(super) one_of: Vec<Schema>,
    pub(super) not: Option<Box<Schema>>,
}

impl Schema {
    /// Reads `openAPIV3Schema`, which has been accepted.
    pub fn read(schema: &Value) -> Self {
        let flag = |key: &str| schema.bool(key) == Some(true);
        let mut types: Vec<CompactString> = Vec::new();
        if flag("x-kubernetes-int-or-string") {
            types.extend(["integer".into(), "string".into()]);
        } else if let Some(name) = schema.str("type").filter(|name| !name.is_empty()) {
            types.push(name.into());
        }
        let list_sort = match schema.str_or_empty("x-kubernetes-list-type") {
            "set" => ListSort::Set,
            "map" => ListSort::Map,
            _ => ListSort::Atomic,
        };
        let properties = schema.entries("properties");
        Self {
            types,
            format: Format::named(schema.str_or_empty("format")),
            number_format: NumberFormat::named(
                schema.str_or_empty("type"),
                schema.str_or_empty("format"),
            ),
            nullable: flag("nullable"),
            preserves_unknown: flag("x-kubernetes-preserve-unknown-fields"),
            is_embedded: flag("x-kubernetes-embedded-resource"),
            properties: properties
                .map(|(name, property)| (name.into(), Self::read(property)))
                .collect(),
            additional: match schema.get("additionalProperties") {
                Some(Value::Bool(allowed)) => Additional::Allowed(*allowed),
                Some(of @ Value::Object(_)) => Additional::Schema(Box::new(Self::read(of))),
                _ => Additional::Unsaid,
            },
            items: schema
                .get("items")
                .filter(|items| items.as_object().is_some())
                .map(|items| Box::new(Self::read(items))),
            default: schema
                .get("default")
                .filter(|value| !value.is_null())
                .cloned(),
            list_sort,
            list_keys: texts(schema, "x-kubernetes-list-map-keys"),
            checks: Checks::read(schema),
        }
    }

    /// Whether anything below has a default.
    pub fn has_defaults(&self) -> bool {
        let of_additional = match &self.additional {
            Additional::Schema(of) => of.has_defaults(),
            _ => false,
        };
        self.default.is_some()
            || of_additional
            || self
                .items
                .as_ref()
                .is_some_and(|items| items.has_defaults())
            || self.properties.values().any(Self::has_defaults)
    }

    /// The schema of other fields than the properties.
    pub(super) fn additional_schema(&self) -> Option<&Self> {
        match &self.additional {
            Additional::Schema(of) => Some(of),
            _ => None,
        }
    }
}

fn texts(schema: &Value, key: &str) -> Vec<CompactString> {
    let items = schema.items(key).iter().filter_map(Value::as_str);
    items.map(CompactString::from).collect()
}

impl Checks {
    fn read(schema: &Value) -> Self {
        let number = |key: &str| match schema.get(key) {
            Some(Value::Number(number)) => Some(number.as_f64()),
            _ => None,
        };
        let flag = |key: &str| schema.bool(key) == Some(true);
        let schemas =
            |key: &str| -> Vec<Schema> { schema.items(key).iter().map(Schema::read).collect() };
        Self {
            enumeration: schema.items("enum").to_vec(),
            pattern: schema
                .str("pattern")
                .filter(|pattern| !pattern.is_empty())
                .map(Pattern::new),
            minimum: number("minimum"),
            exclusive_minimum: flag("exclusiveMinimum"),
            maximum: number("maximum"),
            exclusive_maximum: flag("exclusiveMaximum"),
            multiple_of: number("multipleOf"),
            min_length: schema.int("minLength"),
            max_length: schema.int("maxLength"),
            min_items: schema.int("minItems"),
            max_items: schema.int("maxItems"),
            min_properties: schema.int("minProperties"),
            max_properties: schema.int("maxProperties"),
            unique_items: flag("uniqueItems"),
            required: texts(schema, "required"),
            all_of: schemas("allOf"),
            any_of: schemas("anyOf"),
            one_of: schemas("oneOf"),
            not: schema.get("not").map(|not| Box::new(Schema::read(not))),
        }
    }
}

/// The JSON type of a value.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(Number::Int(_)) => "integer",
        Value::Number(Number::Float(_)) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
