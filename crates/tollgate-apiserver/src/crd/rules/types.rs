//! What an expression of a rule is, as far as the schema tells.

use crate::cel::escaped;
use tollgate_api::Value;

/// What an expression is, as far as one can tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Bool,
    Text,
    Other,
    Unknown,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Type<'s> {
    Schema(&'s Value, bool),
    Plain(Kind),
}

pub(super) const UNKNOWN: Type<'static> = Type::Plain(Kind::Unknown);

impl Type<'_> {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Plain(kind) => kind,
            Self::Schema(schema, _) => match schema.str_or_empty("type") {
                "boolean" => Kind::Bool,
                "string" if schema.str_or_empty("format").is_empty() => Kind::Text,
                "integer" | "number" | "object" | "array" => Kind::Other,
                _ => Kind::Unknown,
            },
        }
    }
}

/// The type of a field; none if there is no such field.
pub(super) fn field<'s>(of: Type<'s>, name: &str) -> Option<Type<'s>> {
    let Type::Schema(schema, is_resource) = of else {
        return Some(UNKNOWN);
    };
    if schema.str_or_empty("type") != "object" {
        return Some(UNKNOWN);
    }
    let mut properties = schema.entries("properties");
    if let Some((_, property)) = properties.find(|(key, _)| escaped(key).as_deref() == Some(name)) {
        return Some(Type::Schema(property, false));
    }
    match schema.get("additionalProperties") {
        Some(of @ Value::Object(_)) => return Some(Type::Schema(of, false)),
        Some(Value::Bool(true)) => return Some(UNKNOWN),
        _ => {}
    }
    let is_resource = is_resource || schema.bool("x-kubernetes-embedded-resource") == Some(true);
    (is_resource && matches!(name, "apiVersion" | "kind" | "metadata")).then_some(UNKNOWN)
}

/// The type of a member of a list, or of a value of a map.
pub(super) fn element(of: Type<'_>) -> Type<'_> {
    match of {
        Type::Schema(schema, _) => {
            let below = schema.get("items").or_else(|| {
                schema
                    .get("additionalProperties")
                    .filter(|of| of.as_object().is_some())
            });
            below.map_or(UNKNOWN, |below| Type::Schema(below, false))
        }
        Type::Plain(_) => UNKNOWN,
    }
}

/// The type of what a loop goes over: members of lists, keys of maps.
pub(super) fn member(of: Type<'_>) -> Type<'_> {
    match of {
        Type::Schema(schema, _) if schema.str_or_empty("type") == "array" => element(of),
        _ => UNKNOWN,
    }
}
