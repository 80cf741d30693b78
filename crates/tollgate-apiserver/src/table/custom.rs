//! Rows of custom resources, as their CustomResourceDefinition wants them.

use super::age;
use super::column::{Column, creation_timestamp_description, name_column};
use super::json_path::JsonPath;
use super::{Row, text};
use tollgate_api::{Timestamp, Value};
use tollgate_objects::encode;

/// The columns of one version of a CustomResourceDefinition, prepared for any number of rows.
#[derive(Debug, Clone)]
pub struct CustomColumns {
    columns: Vec<Column>,
    /// Of every column but the name; none if the path cannot be read, which leaves its cells empty.
    paths: Vec<Option<JsonPath>>,
}

impl CustomColumns {
    /// Reads `additionalPrinterColumns` of a version (or of the spec of a v1beta1 definition); without any, the age is shown.
    pub fn new(version: &Value) -> Self {
        let mut columns = vec![name_column()];
        let mut paths = Vec::new();
        for entry in version.items("additionalPrinterColumns") {
            let path = entry
                .str("jsonPath")
                .or(entry.str("JSONPath"))
                .unwrap_or_default();
            let description = match entry.str_or_empty("description") {
                "" => format!("Custom resource definition column (in JSONPath format): {path}"),
                text => text.to_owned(),
            };
            columns.push(Column {
                name: entry.str_or_empty("name").to_owned().into(),
                kind: entry.str_or_empty("type").to_owned().into(),
                format: entry.str_or_empty("format").to_owned().into(),
                description: description.into(),
                priority: entry.int("priority").unwrap_or_default(),
            });
            paths.push(JsonPath::parse(path));
        }
        if paths.is_empty() {
            columns.push(Column {
                name: "Age".into(),
                kind: "date".into(),
                format: "".into(),
                description: creation_timestamp_description().into(),
                priority: 0,
            });
            paths.push(JsonPath::parse(".metadata.creationTimestamp"));
        }
        Self { columns, paths }
    }

    /// The columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The row of an object.
    pub fn row(&self, object: &Value, now: Timestamp) -> Row {
        let kinds = self.columns.iter().skip(1).map(|column| &*column.kind);
        let found = kinds.zip(&self.paths).map(|(kind, path)| {
            let found = path.as_ref().and_then(|path| path.first(object));
            found.map_or(Value::Null, |value| cell(kind, value, now))
        });
        Row {
            cells: std::iter::once(text::name(object)).chain(found).collect(),
            conditions: &[],
        }
    }
}

/// A value as a cell of a column of that type; null if it is of another.
fn cell(kind: &str, value: &Value, now: Timestamp) -> Value {
    match (kind, value) {
        ("string", Value::Null) => Value::Null,
        ("string", value) => printed(value).into(),
        #[expect(clippy::cast_possible_truncation, reason = "as Go cuts a float")]
        ("integer", Value::Number(number)) => number
            .as_i64()
            .unwrap_or_else(|| number.as_f64() as i64)
            .into(),
        ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => value.clone(),
        ("date", Value::String(text)) if text.is_empty() => "<unknown>".into(),
        ("date", Value::String(text)) => match Timestamp::parse(text) {
            Some(time) => age::since_time(Some(time), now).into(),
            None => "<invalid>".into(),
        },
        _ => Value::Null,
    }
}

/// A value as text: lists and objects as JSON with sorted keys.
fn printed(value: &Value) -> String {
    if let Value::String(text) = value {
        return text.to_string();
    }
    let mut out = Vec::new();
    encode::sorted(value, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[test]
    fn cells_have_the_type_of_their_column_or_are_empty() {
        let version = from_str(
            r#"{"additionalPrinterColumns":[
            {"name":"A","type":"integer","jsonPath":".spec.n"},
            {"name":"B","type":"string","jsonPath":".spec.n"},
            {"name":"C","type":"boolean","jsonPath":".spec.n"},
            {"name":"D","type":"date","jsonPath":".spec.when"},
            {"name":"E","type":"date","jsonPath":".spec.text"},
            {"name":"F","type":"string","jsonPath":".spec.missing"},
            {"name":"G","type":"string","jsonPath":".spec.map","description":"d","priority":1},
            {"name":"H","type":"string","jsonPath":"spec["}]}"#,
        )
        .unwrap();
        let columns = CustomColumns::new(&version);
        let object = from_str(
            r#"{"metadata":{"name":"o"},"spec":{"n":2.9,"when":"1970-01-01T00:00:00Z","text":"x","map":{"b":"<","a":[1]}}}"#,
        )
        .unwrap();
        let row = columns.row(&object, Timestamp::from_unix_seconds(90));
        assert_eq!(
            Value::Array(row.cells).to_string(),
            r#"["o",2,"2.9",null,"90s","\u003cinvalid\u003e",null,"{\"a\":[1],\"b\":\"\\u003c\"}",null]"#
        );
        let descriptions: Vec<_> = columns
            .columns()
            .iter()
            .map(|column| &*column.description)
            .collect();
        assert_eq!(
            descriptions[1],
            "Custom resource definition column (in JSONPath format): .spec.n"
        );
        assert_eq!(descriptions[7], "d");
    }

    #[test]
    fn without_columns_the_age_is_shown() {
        let columns = CustomColumns::new(&Value::object());
        let object =
            from_str(r#"{"metadata":{"name":"o","creationTimestamp":"1970-01-01T00:00:00Z"}}"#)
                .unwrap();
        let row = columns.row(&object, Timestamp::from_unix_seconds(7));
        assert_eq!(row.cells, [Value::from("o"), Value::from("7s")]);
    }
}
