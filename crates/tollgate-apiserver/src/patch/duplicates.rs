//! Keys that stand twice in the text of a patch.

use std::borrow::Cow;
use tollgate_api::Value;

/// Upstream reports this many.
const DUPLICATES_MAX: usize = 100;

/// `duplicate field "data.a"` for every key that stands in an object of `patch` twice, each text once.
///
/// Strict field validation refuses a patch for these, and warns of them by default.
pub fn duplicate_fields(patch: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(patch, &mut String::new(), &mut found);
    found
}

fn walk(value: &Value, path: &mut String, found: &mut Vec<String>) {
    let before = path.len();
    match value {
        Value::Object(object) => {
            let twice = object.has_duplicates();
            let mut seen = std::collections::BTreeSet::new();
            for (key, child) in object.iter() {
                if before > 0 {
                    path.push('.');
                }
                path.push_str(key);
                if twice && !seen.insert(key) {
                    let text = format!("duplicate field \"{path}\"");
                    if found.len() < DUPLICATES_MAX && !found.contains(&text) {
                        found.push(text);
                    }
                }
                walk(child, path, found);
                path.truncate(before);
            }
        }
        Value::Array(items) => {
            for (index, child) in items.iter().enumerate() {
                path.push_str(&format!("[{index}]"));
                walk(child, path, found);
                path.truncate(before);
            }
        }
        _ => {}
    }
}

/// The patch as a reader sees it that keeps the last of keys that stand twice.
pub(super) fn last_of_each(patch: &Value) -> Cow<'_, Value> {
    if !any_twice(patch) {
        return Cow::Borrowed(patch);
    }
    let mut patch = patch.clone();
    drop_earlier(&mut patch);
    Cow::Owned(patch)
}

fn any_twice(value: &Value) -> bool {
    match value {
        Value::Object(object) => {
            object.has_duplicates() || object.iter().any(|(_, child)| any_twice(child))
        }
        Value::Array(items) => items.iter().any(any_twice),
        _ => false,
    }
}

fn drop_earlier(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.drop_duplicates();
            object.iter_mut().for_each(|(_, child)| drop_earlier(child));
        }
        Value::Array(items) => items.iter_mut().for_each(drop_earlier),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[test]
    fn a_key_that_stands_twice_is_named_with_its_path() {
        let patch = from_str(r#"{"a":1,"l":[{"x":1,"x":2,"x":3}],"a":2}"#).unwrap();
        assert_eq!(
            duplicate_fields(&patch),
            ["duplicate field \"l[0].x\"", "duplicate field \"a\""]
        );
    }
}
