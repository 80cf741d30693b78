//! Bounds of numbers, as Go compares and prints them.

use super::schema::Schema;
use tollgate_api::{Number, Value};

/// A known format of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberFormat {
    Int32,
    Int64,
    Float,
    Double,
}

impl NumberFormat {
    /// The format of that name, if it is one for numbers of the type.
    pub(super) fn named(of: &str, name: &str) -> Option<Self> {
        match (of, name) {
            ("integer", "int32") => Some(Self::Int32),
            ("integer", "int64") => Some(Self::Int64),
            ("number", "float") => Some(Self::Float),
            ("number", "double") => Some(Self::Double),
            _ => None,
        }
    }

    /// As a schema names it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Float => "float",
            Self::Double => "double",
        }
    }

    /// Whether a number has it.
    pub(super) fn holds(self, number: Number) -> bool {
        match self {
            Self::Int32 => number
                .as_i64()
                .is_some_and(|number| i32::try_from(number).is_ok()),
            Self::Int64 => number.as_i64().is_some(),
            Self::Float => number.as_f64().abs() <= f64::from(f32::MAX),
            Self::Double => true,
        }
    }
}

/// The type and format that a number should have and has not.
pub(super) fn out_of_range(number: Number, schema: &Schema) -> Option<String> {
    let [only] = schema.types.as_slice() else {
        return None;
    };
    match schema.number_format {
        Some(format) if !format.holds(number) => {
            Some(format!("{only} with format {}", format.name()))
        }
        None if only == "integer" && number.as_i64().is_none() => {
            Some("integer (default format)".to_owned())
        }
        _ => None,
    }
}

/// The name of a value's Go type, where a format is held against it: only numbers have one.
pub(super) fn go_type_of(value: &Value) -> Option<&'static str> {
    match value {
        Value::Number(Number::Int(_)) => Some("int64"),
        Value::Number(Number::Float(_)) => Some("float64"),
        Value::Bool(_) | Value::Object(_) => Some(""),
        Value::Null | Value::String(_) | Value::Array(_) => None,
    }
}

/// A float as Go's `%v` prints it.
pub(super) fn shown(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e21).contains(&magnitude) {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(rest) => ('-', rest),
            None => ('+', exponent),
        };
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    format!("{value}")
}

/// The bound as it is held against a number: whole for whole numbers.
pub(super) fn bound_for(number: Number, bound: f64) -> f64 {
    match number {
        Number::Int(_) => bound.trunc(),
        Number::Float(_) => bound,
    }
}

/// Whether a number is a multiple of another.
pub(super) fn is_multiple(number: Number, of: f64) -> bool {
    if matches!(number, Number::Int(_)) && of.trunc() == 0.0 {
        // Refused in other words.
        return true;
    }
    if let (Number::Int(value), Some(of)) = (number, Number::Float(of).as_i64()) {
        return of == 0 || value.checked_rem(of).is_none_or(|rest| rest == 0);
    }
    let value = number.as_f64();
    let times = if of < 1.0 {
        (1.0 / of) * value
    } else {
        value / of
    };
    let nearest = times.round();
    (times - nearest).abs() <= f64::EPSILON * nearest.abs().max(1.0)
}
