//! What a configuration's fields must hold, checked as Go's strict JSON decoding checks it.

use super::ConfigError;
use tollgate_api::Value;
use tollgate_api::go_format::json_kind;

/// The fields of a Go struct.
#[derive(Debug)]
pub(crate) struct Struct {
    /// Go's name of it.
    pub(crate) name: &'static str,
    /// Its fields by their JSON name.
    pub(crate) fields: &'static [(&'static str, Shape)],
}

/// What a field must hold. Types are named as Go names them.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Text of a type.
    Text(&'static str),
    /// A list of texts.
    Texts,
    /// A list of structs: the type of the list without its brackets, and the struct.
    Structs(&'static str, &'static Struct),
    /// Whatever is there is kept for somebody else.
    Any,
}

impl Struct {
    /// Checks an object. Wrong types are told before unknown fields, and only the first one.
    pub(crate) fn check(&self, object: &Value) -> Result<Vec<String>, ConfigError> {
        let mut walk = Walk::default();
        walk.object(self, object, "");
        match walk.wrong_type {
            Some(message) => Err(ConfigError::new(message)),
            None => Ok(walk.unknown),
        }
    }
}

/// The error about everything that is not fatal by itself, if there is anything.
pub(crate) fn strict_error(faults: &[String]) -> Result<(), ConfigError> {
    if faults.is_empty() {
        return Ok(());
    }
    Err(ConfigError::new(format!(
        "strict decoding error: {}",
        faults.join(", ")
    )))
}

#[derive(Default)]
struct Walk {
    /// The names of the fields on the way here, as Go shows them: without indexes.
    fields: Vec<&'static str>,
    unknown: Vec<String>,
    wrong_type: Option<String>,
}

impl Walk {
    fn object(&mut self, shape: &Struct, object: &Value, path: &str) {
        let mut keys: Vec<&str> = object
            .as_object()
            .map(|object| object.keys().collect())
            .unwrap_or_default();
        // The server turns YAML into JSON first, and that sorts keys.
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let path = match path {
                "" => key.to_owned(),
                path => format!("{path}.{key}"),
            };
            match shape.fields.iter().find(|(name, _)| *name == key) {
                Some((name, shape_of_field)) => {
                    if let Some(value) = object.get(key) {
                        self.fields.push(name);
                        self.field(shape, shape_of_field, value, &path);
                        self.fields.pop();
                    }
                }
                None => self.unknown.push(format!("unknown field \"{path}\"")),
            }
        }
    }

    fn field(&mut self, within: &Struct, shape: &Shape, value: &Value, path: &str) {
        match (shape, value) {
            (Shape::Any, _) | (Shape::Text(_), Value::String(_)) => {}
            (Shape::Text(go_type), _) => self.wrong(within, value, go_type),
            (Shape::Texts, Value::Array(items)) => {
                for item in items {
                    if !matches!(item, Value::String(_) | Value::Null) {
                        self.wrong(within, item, "string");
                    }
                }
            }
            (Shape::Texts, _) => self.wrong(within, value, "[]string"),
            (Shape::Structs(go_type, shape), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    match item {
                        Value::Object(_) => self.object(shape, item, &format!("{path}[{index}]")),
                        Value::Null => {}
                        _ => self.wrong(within, item, go_type),
                    }
                }
            }
            (Shape::Structs(go_type, _), _) => self.wrong(within, value, &format!("[]{go_type}")),
        }
    }

    fn wrong(&mut self, within: &Struct, value: &Value, go_type: &str) {
        let fields = self.fields.join(".");
        self.wrong_type.get_or_insert_with(|| {
            format!(
                "json: cannot unmarshal {} into Go struct field {}.{fields} of type {go_type}",
                json_kind(value),
                within.name,
            )
        });
    }
}
