//! The hash of a pod template, by which a ReplicaSet and its pods are told from those of other templates.
//!
//! Upstream hashes a dump of Go structs, which changes from release to release. Ours hashes the template's JSON with
//! sorted keys; it looks the same and changes only when the template does.

use tollgate_api::{Object, Value, names};

/// The label that carries the hash.
pub(super) const LABEL: &str = "pod-template-hash";

/// The template as far as it makes pods: without the hash, without what says nothing, in a fixed order.
pub(super) fn canonical(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(labels) = template
        .get_mut("metadata")
        .and_then(|metadata| metadata.get_mut("labels"))
    {
        labels.remove(LABEL);
    }
    let mut template = reduced(&template);
    if let Some(metadata) = template.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|_, value| !is_empty_object(value));
    }
    if let Some(object) = template.as_object_mut() {
        object.retain(|_, value| !is_empty_object(value));
    }
    template
}

fn is_empty_object(value: &Value) -> bool {
    value.as_object().is_some_and(Object::is_empty)
}

/// Without nulls and empty lists, keys in order. An empty object says something: `emptyDir: {}`.
fn reduced(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let says_nothing = |value: &Value| {
                value.is_null() || value.as_array().is_some_and(<[Value]>::is_empty)
            };
            let entries = object.iter().filter(|(_, value)| !says_nothing(value));
            let mut value: Value = entries.map(|(key, value)| (key, reduced(value))).collect();
            if let Some(object) = value.as_object_mut() {
                object.sort_by_key();
            }
            value
        }
        Value::Array(items) => Value::Array(items.iter().map(reduced).collect()),
        other => other.clone(),
    }
}

/// The hash; `collisions` counts how often it was another template's already.
pub(super) fn of(template: &Value, collisions: Option<i64>) -> String {
    let text = canonical(template).to_string();
    let mut hash = fnv(0x811c_9dc5, text.as_bytes());
    if let Some(collisions) = collisions {
        hash = fnv(hash, &collisions.to_le_bytes());
    }
    names::safe_encode(&hash.to_string())
}

/// FNV-1a with 32 bits.
fn fnv(start: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(start, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    fn read(text: &str) -> Value {
        json::from_str(text).unwrap()
    }

    #[test]
    fn what_says_nothing_does_not_count() {
        let plain = read(
            r#"{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","env":[]}]}}"#,
        );
        let same = read(
            r#"{"spec":{"volumes":[],"containers":[{"name":"c"}]},"metadata":{"creationTimestamp":null,"annotations":{},"labels":{"a":"b","pod-template-hash":"x"}}}"#,
        );
        assert_eq!(canonical(&plain), canonical(&same));
        assert_eq!(of(&plain, None), of(&same, None));
        let volume = |text: &str| {
            read(&format!(
                r#"{{"spec":{{"volumes":[{{"name":"v"{text}}}]}}}}"#
            ))
        };
        assert_ne!(
            canonical(&volume(r#","emptyDir":{}"#)),
            canonical(&volume(""))
        );
    }

    #[test]
    fn hashes_differ_by_template_and_by_collisions() {
        let one = read(r#"{"spec":{"containers":[{"name":"c","image":"a"}]}}"#);
        let other = read(r#"{"spec":{"containers":[{"name":"c","image":"b"}]}}"#);
        assert_ne!(of(&one, None), of(&other, None));
        assert_ne!(of(&one, None), of(&one, Some(1)));
        assert_ne!(of(&one, Some(2)), of(&one, Some(1)));
        let hash = of(&one, None);
        assert!(
            hash.len() <= 10
                && hash
                    .bytes()
                    .all(|byte| names::GENERATED_LETTERS.contains(&byte)),
            "{hash}"
        );
    }

    #[test]
    fn fnv_is_the_known_one() {
        assert_eq!(fnv(0x811c_9dc5, b"foobar"), 0xbf9c_f968);
    }
}
