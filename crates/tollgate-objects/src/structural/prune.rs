//! Pruning: fields that a schema does not know go.

use super::schema::{Additional, Schema};
use tollgate_api::Value;

/// Removes what `schema` does not know; without one, everything but what each object has. Returns the fields, sorted.
pub fn prune(object: &mut Value, schema: Option<&Schema>) -> Vec<String> {
    let mut walk = Walk {
        unknown: Vec::new(),
    };
    walk.level(object, schema, "", true);
    walk.unknown.sort();
    walk.unknown
}

/// The same for a part of an object, such as a default.
pub fn prune_part(value: &mut Value, schema: &Schema) -> Vec<String> {
    let mut walk = Walk {
        unknown: Vec::new(),
    };
    walk.level(value, Some(schema), "", false);
    walk.unknown.sort();
    walk.unknown
}

struct Walk {
    unknown: Vec<String>,
}

fn is_of_every_object(key: &str) -> bool {
    matches!(key, "apiVersion" | "kind" | "metadata")
}

impl Walk {
    fn level(&mut self, value: &mut Value, schema: Option<&Schema>, path: &str, is_resource: bool) {
        let keeps = schema.is_some_and(|schema| schema.preserves_unknown);
        let is_resource = is_resource || schema.is_some_and(|schema| schema.is_embedded);
        match value {
            Value::Object(object) => {
                let mut gone = Vec::new();
                for (key, child) in object.iter_mut() {
                    if is_resource && is_of_every_object(key) {
                        continue;
                    }
                    let below = join(path, key);
                    let property = schema.and_then(|schema| schema.properties.get(key));
                    if property.is_some() {
                        self.level(child, property, &below, false);
                        continue;
                    }
                    match schema.map(|schema| &schema.additional) {
                        Some(Additional::Schema(of)) => self.level(child, Some(of), &below, false),
                        _ if keeps => {}
                        Some(Additional::Allowed(_)) => self.level(child, None, &below, false),
                        _ => gone.push((key.to_owned(), below)),
                    }
                }
                for (key, path) in gone {
                    object.remove(&key);
                    self.unknown.push(path);
                }
            }
            Value::Array(items) => {
                let of = schema.and_then(|schema| schema.items.as_deref());
                if of.is_none() && keeps {
                    return;
                }
                for (place, item) in items.iter_mut().enumerate() {
                    self.level(item, of, &format!("{path}[{place}]"), false);
                }
            }
            _ => {}
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
