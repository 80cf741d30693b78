//! Objects inside of objects: they have a kind and metadata of their own.

use super::schema::Schema;
use crate::validation::object_meta;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// What is wrong with the embedded resources in an object.
pub fn validate_embedded(value: &Value, schema: &Schema) -> Errors {
    let mut errors = Errors::new();
    level(value, schema, &Path::root(""), true, &mut errors);
    errors
}

fn level(value: &Value, schema: &Schema, path: &Path<'_>, is_root: bool, errors: &mut Errors) {
    match value {
        Value::Object(object) => {
            if schema.is_embedded && !is_root {
                resource(value, path, errors);
            }
            for (key, child) in object.iter() {
                if let Some(property) = schema.properties.get(key) {
                    level(child, property, &path.child(key), false, errors);
                } else if let Some(of) = schema.additional_schema() {
                    level(child, of, &path.key(key), false, errors);
                }
            }
        }
        Value::Array(items) => {
            if let Some(of) = &schema.items {
                for (place, item) in items.iter().enumerate() {
                    level(item, of, &path.index(place), false, errors);
                }
            }
        }
        _ => {}
    }
}

fn resource(value: &Value, path: &Path<'_>, errors: &mut Errors) {
    const EMPTY: &str = "must not be empty";
    const NO_TEXT: &str = "must be a string";
    for key in ["apiVersion", "kind"] {
        let path = path.child(key);
        match value.as_object().and_then(|object| object.get_or_null(key)) {
            None => errors.push(Error::required(&path, "")),
            Some(Value::String(text)) if text.is_empty() => {
                errors.push(Error::invalid(&path, "", EMPTY));
            }
            Some(Value::String(text)) if key == "apiVersion" => {
                if text.matches('/').count() > 1 {
                    let why = format!("unexpected GroupVersion string: {text}");
                    errors.push(Error::invalid(&path, text.as_str(), why));
                }
            }
            Some(Value::String(text)) => {
                let faults = names::dns1035_label(&text.to_lowercase());
                if !faults.is_empty() {
                    let why = format!(
                        "may have mixed case, but should otherwise match: {}",
                        faults.join(",")
                    );
                    errors.push(Error::invalid(&path, text.as_str(), why));
                }
            }
            Some(other) => errors.push(Error::invalid(&path, other.clone(), NO_TEXT)),
        }
    }
    if let Some(metadata) = value.get("metadata") {
        let mut metadata = metadata.clone();
        if metadata.str_or_empty("name").is_empty() {
            metadata.set("name", "fakename");
        }
        let namespaced = !metadata.str_or_empty("namespace").is_empty();
        let path = path.child("metadata");
        object_meta::validate_generic(&metadata, namespaced, names::path_segment, &path, errors);
    }
}
