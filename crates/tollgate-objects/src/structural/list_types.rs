//! Lists that are sets or maps: no member twice.

use super::schema::{ListSort, Schema};
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

/// Members of sets and maps that come again.
pub fn validate_list_types(value: &Value, schema: &Schema) -> Errors {
    let mut errors = Errors::new();
    level(value, schema, &Path::root(""), &mut errors);
    errors
}

fn level(value: &Value, schema: &Schema, path: &Path<'_>, errors: &mut Errors) {
    match value {
        Value::Array(items) => {
            let Some(of) = schema.items.as_deref() else {
                return;
            };
            let strange = items.iter().position(|item| item.as_object().is_none());
            if let (ListSort::Map, Some((place, item))) = (
                schema.list_sort,
                strange.and_then(|place| Some((place, items.get(place)?))),
            ) {
                // Nothing else is said of such a list.
                let why = "must be an object for an array of list-type map";
                errors.push(Error::invalid(&path.index(place), item.clone(), why));
                return;
            }
            let identity: Vec<Value> = match schema.list_sort {
                ListSort::Atomic => Vec::new(),
                ListSort::Set => items.clone(),
                ListSort::Map => items.iter().map(|item| keys(item, schema)).collect(),
            };
            for (place, member) in identity.iter().enumerate() {
                let earlier = identity.get(..place).unwrap_or_default();
                let told = earlier.iter().filter(|other| *other == member).count();
                // The third one is told no more than the second.
                if told == 1 {
                    errors.push(Error::duplicate(&path.index(place), member.clone()));
                }
            }
            for (place, item) in items.iter().enumerate() {
                level(item, of, &path.index(place), errors);
            }
        }
        Value::Object(object) => {
            for (key, child) in object.iter() {
                if let Some(property) = schema.properties.get(key) {
                    level(child, property, &path.child(key), errors);
                } else if let Some(of) = schema.additional_schema() {
                    level(child, of, &path.key(key), errors);
                }
            }
        }
        _ => {}
    }
}

/// What tells a member of a map from others.
fn keys(item: &Value, schema: &Schema) -> Value {
    let of = schema.items.as_deref();
    let keys = schema.list_keys.iter();
    keys.filter_map(|key| {
        let default = of.and_then(|of| of.properties.get(key)?.default.as_ref());
        Some((key.clone(), item.get(key).or(default)?.clone()))
    })
    .collect()
}
