//! Defaults, and nulls that are none.

use super::schema::Schema;
use tollgate_api::Value;

/// Puts defaults where nothing stands, and takes away nulls where null is no value.
pub fn set_defaults(value: &mut Value, schema: &Schema) {
    fill(value, schema);
    drop_nulls(value, schema);
}

fn is_no_value(value: &Value, schema: &Schema) -> bool {
    value.is_null() && !schema.nullable
}

fn fill(value: &mut Value, schema: &Schema) {
    match value {
        Value::Object(object) => {
            for (name, property) in &schema.properties {
                let Some(default) = &property.default else {
                    continue;
                };
                let found = object.get_or_null(name);
                if found.is_none_or(|found| is_no_value(found, property)) {
                    object.insert(name.clone(), default.clone());
                }
            }
            for (key, child) in object.iter_mut() {
                if let Some(property) = schema.properties.get(key) {
                    fill(child, property);
                } else if let Some(of) = schema.additional_schema() {
                    fill_member(child, of);
                }
            }
        }
        Value::Array(items) => {
            if let Some(of) = &schema.items {
                for item in items {
                    fill_member(item, of);
                }
            }
        }
        _ => {}
    }
}

fn fill_member(value: &mut Value, schema: &Schema) {
    if is_no_value(value, schema) {
        *value = schema.default.clone().unwrap_or_default();
    }
    fill(value, schema);
}

fn drop_nulls(value: &mut Value, schema: &Schema) {
    match value {
        Value::Object(object) => {
            let of = |key: &str| schema.properties.get(key).or(schema.additional_schema());
            object.retain(|key, child| of(key).is_none_or(|of| !is_no_value(child, of)));
            for (key, child) in object.iter_mut() {
                if let Some(of) = of(key) {
                    drop_nulls(child, of);
                }
            }
        }
        Value::Array(items) => {
            if let Some(of) = &schema.items {
                for item in items {
                    drop_nulls(item, of);
                }
            }
        }
        _ => {}
    }
}
