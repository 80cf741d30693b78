//! The fields of objects, by the table of types, by a schema, or as upstream wrote them down.

use super::functions;
use super::types::Type;
use crate::cel::names::escaped;
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_api::{GroupVersionKind, Value};
use tollgate_objects::schema::{ShapeRef, StructType, type_of};

/// An object whose fields are known. Two are the same type if they have the same name.
#[derive(Debug, Clone)]
pub(in crate::cel) struct Struct<'s> {
    name: Arc<str>,
    source: Source<'s>,
}

impl PartialEq for Struct<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// Who knows the fields.
#[derive(Debug, Clone)]
enum Source<'s> {
    /// The table of built-in types.
    Table(StructType),
    /// A schema of a definition.
    Schema(&'s Value, Fields),
    /// A list of names and types.
    Listed(&'static [(&'static str, &'static str)]),
    /// The variables of a policy.
    Variables(Arc<BTreeMap<String, Type<'static>>>),
}

/// Which fields there are beside those of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fields {
    /// None.
    Own,
    /// Those that an object has within another.
    OfEmbedded,
    /// Those of every object.
    OfObject,
}

impl<'s> Struct<'s> {
    fn new(name: impl Into<Arc<str>>, source: Source<'s>) -> Self {
        Self {
            name: name.into(),
            source,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The type of a field; none if there is no such field.
    pub(super) fn field(&self, name: &str) -> Option<Type<'s>> {
        match &self.source {
            Source::Variables(variables) => variables.get(name).cloned(),
            Source::Listed(fields) => {
                let mut fields = fields.iter();
                let (_, of) = fields.find(|(known, _)| is_named(known, name))?;
                functions::type_of(of)
            }
            Source::Table(of) => {
                let known = of.names().find(|known| is_named(known, name))?;
                let of = declaring(*of, known);
                let shape = of.field(known)?.shape();
                of_shape(shape, of, &format!("{}.{name}", self.name))
            }
            Source::Schema(schema, fields) => {
                let path = format!("{}.{name}", self.name);
                if let Some(of) = of_every_object(name, *fields, &path) {
                    return Some(of);
                }
                let mut properties = schema.entries("properties");
                let (_, property) = properties.find(|(known, _)| is_named(known, name))?;
                of_schema(property, within(property), &path)
            }
        }
    }
}

/// Whether an expression may write the field in that way.
fn is_named(field: &str, written: &str) -> bool {
    field == written || escaped(field).as_deref() == Some(written)
}

/// The objects of a built-in kind.
pub(super) fn of_kind(kind: &str, of: StructType) -> Type<'static> {
    Type::Struct(Struct::new(kind, Source::Table(of)))
}

/// The objects of a kind with a schema; nothing is known of them if the schema does not say.
pub(super) fn of_definition<'s>(kind: &str, schema: &'s Value) -> Type<'s> {
    of_schema(schema, Fields::OfObject, kind).unwrap_or(Type::Dyn)
}

/// `variables`, with the types of those that are known by then.
pub(super) fn of_variables(variables: BTreeMap<String, Type<'static>>) -> Type<'static> {
    let source = Source::Variables(Arc::new(variables));
    Type::Struct(Struct::new("kubernetes.variables", source))
}

/// The type that upstream wrote down under that name.
pub(super) fn known(name: &'static str) -> Option<Type<'static>> {
    let mut listed = LISTED.iter();
    let (name, fields) = listed.find(|(known, _)| *known == name)?;
    Some(Type::Struct(Struct::new(*name, Source::Listed(fields))))
}

/// What the table says of a field does not tell who declares it, but what is embedded shows in that.
fn declaring(of: StructType, field: &str) -> StructType {
    let inlined = of.fields().iter().find_map(|inner| match inner.shape() {
        ShapeRef::Struct(inner_type)
            if inner.is_inline() && inner_type.names().any(|name| name == field) =>
        {
            Some(inner_type)
        }
        _ => None,
    });
    inlined.map_or(of, |inner| declaring(inner, field))
}

fn object<'s>(name: &str, source: Source<'s>) -> Type<'s> {
    Type::Struct(Struct::new(name, source))
}

/// What a shape is in expressions; none if they do not see it.
fn of_shape(shape: ShapeRef, owner: StructType, path: &str) -> Option<Type<'static>> {
    Some(match shape {
        ShapeRef::String => Type::String,
        ShapeRef::Bool => Type::Bool,
        ShapeRef::Int32 | ShapeRef::Int64 => Type::Int,
        ShapeRef::Float64 => Type::Double,
        ShapeRef::Bytes => Type::Bytes,
        ShapeRef::Quantity | ShapeRef::IntOrString => Type::Dyn,
        ShapeRef::Time { .. } => Type::Timestamp,
        ShapeRef::Struct(of) => object(path, Source::Table(of)),
        ShapeRef::List(of) => {
            let of = of_shape(of.shape(), owner, &format!("{path}.@idx"))?;
            Type::list(of)
        }
        ShapeRef::Map(of) => {
            let of = of_shape(of.shape(), owner, &format!("{path}.@elem"))?;
            Type::map(Type::String, of)
        }
        // The schema of JSON has no type.
        ShapeRef::SchemaOr(..) => return None,
        ShapeRef::Any if owner.name() == "apiextensions/v1.JSONSchemaProps" => return None,
        ShapeRef::Any => object(path, Source::Listed(&[])),
    })
}

/// What a schema says of values; none if expressions do not see them.
///
/// Upstream: `SchemaDeclType` of `apiserver/pkg/cel/common`.
fn of_schema<'s>(schema: &'s Value, fields: Fields, path: &str) -> Option<Type<'s>> {
    let format = schema.str_or_empty("format");
    if format == "int-or-string" || schema.bool("x-kubernetes-int-or-string") == Some(true) {
        return Some(Type::Dyn);
    }
    Some(match schema.str_or_empty("type") {
        "array" => {
            let items = schema.get("items")?;
            let of = of_schema(items, within(items), &format!("{path}.@idx"))?;
            Type::list(of)
        }
        "object" => match schema.get("additionalProperties") {
            Some(of @ Value::Object(_)) => {
                let of = of_schema(of, within(of), &format!("{path}.@elem"))?;
                Type::map(Type::String, of)
            }
            _ => object(path, Source::Schema(schema, fields)),
        },
        "string" => match format {
            "byte" => Type::Bytes,
            "duration" => Type::Duration,
            "date" | "date-time" => Type::Timestamp,
            _ => Type::String,
        },
        "boolean" => Type::Bool,
        "number" => Type::Double,
        "integer" => Type::Int,
        _ => return None,
    })
}

/// The fields of a value within an object.
fn within(schema: &Value) -> Fields {
    if schema.bool("x-kubernetes-embedded-resource") == Some(true) {
        Fields::OfEmbedded
    } else {
        Fields::Own
    }
}

/// What an object has, whatever its schema says.
fn of_every_object(name: &str, fields: Fields, path: &str) -> Option<Type<'static>> {
    let metadata = match fields {
        Fields::Own => return None,
        Fields::OfEmbedded => Source::Listed(METADATA),
        Fields::OfObject => {
            let of = type_of(&GroupVersionKind::new("v1", "ConfigMap"))?;
            match of.field("metadata")?.shape() {
                ShapeRef::Struct(of) => Source::Table(of),
                _ => return None,
            }
        }
    };
    match name {
        "apiVersion" | "kind" => Some(Type::String),
        "metadata" => Some(object(path, metadata)),
        _ => None,
    }
}

type Listed = [(&'static str, &'static str)];

/// What is known of the metadata of an object within another.
const METADATA: &Listed = &[("generateName", "string"), ("name", "string")];

/// Upstream: `BuildRequestType` and `BuildNamespaceType` of `apiserver/pkg/admission/plugin/cel`.
const LISTED: &[(&str, &Listed)] = &[
    (
        "kubernetes.AdmissionRequest",
        &[
            ("kind", "kubernetes.GroupVersionKind"),
            ("resource", "kubernetes.GroupVersionResource"),
            ("subResource", "string"),
            ("requestKind", "kubernetes.GroupVersionKind"),
            ("requestResource", "kubernetes.GroupVersionResource"),
            ("requestSubResource", "string"),
            ("name", "string"),
            ("namespace", "string"),
            ("operation", "string"),
            ("userInfo", "kubernetes.UserInfo"),
            ("dryRun", "bool"),
            ("options", "dyn"),
        ],
    ),
    (
        "kubernetes.GroupVersionKind",
        &[
            ("group", "string"),
            ("version", "string"),
            ("kind", "string"),
        ],
    ),
    (
        "kubernetes.GroupVersionResource",
        &[
            ("group", "string"),
            ("version", "string"),
            ("resource", "string"),
        ],
    ),
    (
        "kubernetes.Namespace",
        &[
            ("metadata", "kubernetes.NamespaceMetadata"),
            ("spec", "kubernetes.NamespaceSpec"),
            ("status", "kubernetes.NamespaceStatus"),
        ],
    ),
    (
        "kubernetes.NamespaceCondition",
        &[
            ("status", "string"),
            ("type", "string"),
            ("lastTransitionTime", "timestamp"),
            ("message", "string"),
            ("reason", "string"),
        ],
    ),
    (
        "kubernetes.NamespaceMetadata",
        &[
            ("name", "string"),
            ("generateName", "string"),
            ("namespace", "string"),
            ("labels", "map(string, string)"),
            ("annotations", "map(string, string)"),
            ("UID", "string"),
            ("creationTimestamp", "timestamp"),
            ("deletionGracePeriodSeconds", "int"),
            ("deletionTimestamp", "timestamp"),
            ("generation", "int"),
            ("resourceVersion", "string"),
            ("finalizers", "list(string)"),
        ],
    ),
    (
        "kubernetes.NamespaceSpec",
        &[("finalizers", "list(string)")],
    ),
    (
        "kubernetes.NamespaceStatus",
        &[
            ("conditions", "list(kubernetes.NamespaceCondition)"),
            ("phase", "string"),
        ],
    ),
    (
        "kubernetes.UserInfo",
        &[
            ("username", "string"),
            ("uid", "string"),
            ("groups", "list(string)"),
            ("extra", "map(string, list(string))"),
        ],
    ),
];
