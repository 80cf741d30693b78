//! What the table of types says of a field to a strategic merge patch.

use super::super::go_value::Printed;
use super::{PatchError, unmergeable};
use tollgate_api::{Number, Value};
use tollgate_objects::schema::{ShapeRef, StructType};

/// The type of what is merged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schema(ShapeRef);

/// A field, its strategy and, for a list, the type of its members.
pub(super) struct FieldSchema {
    pub(super) schema: Schema,
    pub(super) strategy: Option<&'static str>,
    pub(super) merge_key: &'static str,
    is_pointer: bool,
}

impl Schema {
    pub(super) fn of(of: StructType) -> Self {
        Self(ShapeRef::Struct(of))
    }

    /// The field that is called `key` in JSON.
    pub(super) fn field(self, key: &str) -> Result<FieldSchema, PatchError> {
        let (ShapeRef::Struct(of) | ShapeRef::SchemaOr(of, _)) = self.0 else {
            let kind = self.kind();
            if kind == "struct" {
                return Err(no_field(self.go_name(), key));
            }
            return Err(unmergeable(format!(
                "merging an object in json but data type is not struct, instead is: {kind}"
            )));
        };
        let field = of
            .field(key)
            .or_else(|| {
                let mut fields = of.fields().iter();
                fields.find(|field| field.name.eq_ignore_ascii_case(key))
            })
            .ok_or_else(|| {
                no_field(of.name().rsplit(['.', '/']).next().unwrap_or_default(), key)
            })?;
        let mut strategies = field.patch_strategy.split(',');
        let strategy =
            strategies.find(|strategy| *strategy != "retainKeys" && !strategy.is_empty());
        Ok(FieldSchema {
            schema: Self(field.shape()),
            strategy,
            merge_key: field.patch_merge_key,
            is_pointer: field.is_pointer(),
        })
    }

    /// The field that is called `key`, a list, with the type of its members.
    pub(super) fn list_field(self, key: &str) -> Result<FieldSchema, PatchError> {
        let mut field = self.field(key)?;
        match field.schema.0 {
            ShapeRef::List(member) => match member.shape() {
                ShapeRef::List(_) | ShapeRef::Bytes => {
                    return Err(unmergeable("unexpected slice of slice".into()));
                }
                member => field.schema = Self(member),
            },
            // Upstream looks behind a pointer without asking what is there.
            _ if field.is_pointer => {}
            _ => {
                let kind = self.kind();
                return Err(unmergeable(format!(
                    "expected slice or array type, but got: {kind}"
                )));
            }
        }
        Ok(field)
    }

    /// Go's word for the sort of type.
    pub(super) fn kind(self) -> &'static str {
        match self.0 {
            ShapeRef::String => "string",
            ShapeRef::Bool => "bool",
            ShapeRef::Int32 => "int32",
            ShapeRef::Int64 => "int64",
            ShapeRef::Float64 => "float64",
            ShapeRef::Bytes | ShapeRef::List(_) => "slice",
            ShapeRef::Map(_) => "map",
            ShapeRef::Quantity
            | ShapeRef::IntOrString
            | ShapeRef::Time { .. }
            | ShapeRef::Any
            | ShapeRef::SchemaOr(..)
            | ShapeRef::Struct(_) => "struct",
        }
    }

    fn go_name(self) -> &'static str {
        match self.0 {
            ShapeRef::Quantity => "Quantity",
            ShapeRef::IntOrString => "IntOrString",
            ShapeRef::Time { micro: false } => "Time",
            ShapeRef::Time { micro: true } => "MicroTime",
            _ => "RawExtension",
        }
    }
}

fn no_field(of: &str, key: &str) -> PatchError {
    let key = tollgate_api::go_format::quote(key);
    unmergeable(format!(
        "unable to find api field in struct {of} for the json field {key}"
    ))
}

/// A value that is no text as Go's `%s` prints it.
pub(super) fn verb_mismatch(value: &Value) -> String {
    let go_type = match value {
        Value::Null => return "%!s(<nil>)".to_owned(),
        Value::Bool(_) => "bool",
        Value::Number(Number::Int(_)) => "int64",
        Value::Number(Number::Float(_)) => "float64",
        Value::String(_) | Value::Array(_) | Value::Object(_) => return Printed(value).to_string(),
    };
    format!("%!s({go_type}={})", Printed(value))
}
