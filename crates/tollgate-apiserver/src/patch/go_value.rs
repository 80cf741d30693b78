//! A tree as Go's `%v` prints it: `map[a:1 b:[x y]]`, keys sorted.

use std::fmt::{self, Display, Formatter};
use tollgate_api::{Number, Object, Value};

/// Prints a value as Go's `%v` prints `interface{}`.
pub(super) struct Printed<'v>(pub(super) &'v Value);

/// Prints an object as Go's `%v` prints `map[string]interface{}`.
pub(super) struct PrintedMap<'v>(pub(super) &'v Object);

/// Prints a list as Go's `%v` prints `[]interface{}`.
pub(super) struct PrintedList<'v>(pub(super) &'v [Value]);

impl Display for Printed<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("<nil>"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Number(Number::Int(value)) => write!(f, "{value}"),
            Value::Number(Number::Float(value)) => write_float(f, *value),
            Value::String(text) => f.write_str(text),
            Value::Array(items) => PrintedList(items).fmt(f),
            Value::Object(object) => PrintedMap(object).fmt(f),
        }
    }
}

impl Display for PrintedMap<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let entries: std::collections::BTreeMap<&str, &Value> = self.0.iter().collect();
        f.write_str("map[")?;
        for (place, (key, value)) in entries.into_iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            write!(f, "{space}{key}:{}", Printed(value))?;
        }
        f.write_str("]")
    }
}

impl Display for PrintedList<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (place, value) in self.0.iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            write!(f, "{space}{}", Printed(value))?;
        }
        f.write_str("]")
    }
}

/// `%v` of a float is its shortest form, with an exponent of two digits from 1e+06 on and below 1e-4.
pub(super) fn write_float(f: &mut Formatter<'_>, value: f64) -> fmt::Result {
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-4..1e6).contains(&magnitude) {
        return write!(f, "{value}");
    }
    let text = format!("{value:e}");
    let Some((digits, exponent)) = text.split_once('e') else {
        return f.write_str(&text);
    };
    match exponent.strip_prefix('-') {
        Some(exponent) => write!(f, "{digits}e-{exponent:0>2}"),
        None => write!(f, "{digits}e+{exponent:0>2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[test]
    fn maps_are_sorted_and_text_is_bare() {
        let value = from_str(
            r#"{"b":[1,"x",null,{"c":true}],"a":1e21,"s":"q r","z":0.00001,"y":123456.5}"#,
        )
        .unwrap();
        assert_eq!(
            Printed(&value).to_string(),
            "map[a:1e+21 b:[1 x <nil> map[c:true]] s:q r y:123456.5 z:1e-05]"
        );
    }
}
