//! Whether a value has a type that its schema names, and what is said if not: by its format, where it has one.

use super::numbers::{NumberFormat, go_type_of};
use super::schema::{Schema, type_name};
use super::validate::Judge;
use tollgate_api::field::Error;
use tollgate_api::{Number, Value};

impl Judge<'_> {
    pub(super) fn check_type(&self, value: &Value, schema: &Schema, name: &str) -> Option<Error> {
        let types = &schema.types;
        if types.is_empty() {
            return None;
        }
        let has = |wanted: &str| types.iter().any(|known| known == wanted);
        let is_text = matches!(types.as_slice(), [only] if only == "string");
        let text_format = schema.format.as_ref().filter(|_| is_text);
        if text_format.is_some() && matches!(value, Value::Array(_)) {
            // Upstream takes a list for bytes, which have any format.
            return None;
        }
        let fits = match value {
            Value::Null => schema.nullable || has("null"),
            Value::Number(Number::Int(_)) => has("integer") || has("number"),
            Value::Number(number) => has("number") || (has("integer") && number.as_i64().is_some()),
            other => has(type_name(other)),
        };
        if fits {
            return None;
        }
        let format = text_format.map(|format| format.name.as_str());
        let format = format.or(schema.number_format.map(NumberFormat::name));
        // Where there is a format, what is no text and no list is held against it.
        let found = go_type_of(value);
        Some(match (format, found) {
            (Some(format), Some(found)) => self.type_invalid(name, found, format),
            _ => self.type_invalid(name, type_name(value), &types.join(",")),
        })
    }
}
