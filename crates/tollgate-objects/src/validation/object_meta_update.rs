//! Metadata of an update: what may not change, and what must be good again (`ValidateObjectMetaUpdate`).

use super::object_meta;
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::go_format::quote;

/// Validates the metadata of a core kind's update; `path` is usually `metadata`.
pub fn validate(new: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    validate_generic(new, old, path, errors);
    let path = path.child("finalizers");
    for (index, finalizer) in new.items("finalizers").iter().enumerate() {
        let name = finalizer.as_str().unwrap_or_default();
        object_meta::kube_finalizer(name, &path.index(index), errors);
    }
}

/// Validates the metadata of an update as `k8s.io/apimachinery` does for kinds of any group.
pub fn validate_generic(new: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    if old.get("deletionTimestamp").is_some() {
        no_new_finalizers(new, old, &path.child("finalizers"), errors);
    }
    if new.str_or_empty("resourceVersion").is_empty() {
        errors.push(Error::invalid(
            &path.child("resourceVersion"),
            "",
            "must be specified for an update",
        ));
    }
    let generation = new.int("generation").unwrap_or_default();
    if generation < old.int("generation").unwrap_or_default() {
        errors.push(Error::invalid(
            &path.child("generation"),
            generation,
            "must not be decremented",
        ));
    }
    for key in ["name", "namespace", "uid"] {
        if new.str_or_empty(key) != old.str_or_empty(key) {
            immutable(&path.child(key), new.str_or_empty(key).into(), errors);
        }
    }
    for key in [
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        if new.get(key) != old.get(key) {
            let value = new.get(key).cloned().unwrap_or_default();
            immutable(&path.child(key), value, errors);
        }
    }
    object_meta::labels(new, "labels", &path.child("labels"), errors);
    object_meta::annotations(new, &path.child("annotations"), errors);
    object_meta::owner_references(new, &path.child("ownerReferences"), errors);
    object_meta::managed_fields(new, &path.child("managedFields"), errors);
}

/// Reports that `path` may not become `value` (`ValidateImmutableField`).
pub fn immutable(path: &Path<'_>, value: Value, errors: &mut Errors) {
    errors.push(Error::invalid(path, value, "field is immutable"));
}

fn no_new_finalizers(new: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    let old = old.items("finalizers");
    let mut added: Vec<&str> = new
        .items("finalizers")
        .iter()
        .filter(|finalizer| !old.contains(finalizer))
        .filter_map(Value::as_str)
        .collect();
    if added.is_empty() {
        return;
    }
    added.sort_unstable();
    added.dedup();
    let added: Vec<String> = added.into_iter().map(quote).collect();
    errors.push(Error::forbidden(
        path,
        format!(
            "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
            added.join(", ")
        ),
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[track_caller]
    fn check(new: &str, old: &str, expected: &[&str]) {
        let mut errors = Errors::new();
        let (new, old) = (from_str(new).unwrap(), from_str(old).unwrap());
        validate(&new, &old, &Path::root("metadata"), &mut errors);
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(texts, expected);
    }

    #[test]
    fn an_identity_does_not_change() {
        let old = r#"{"name":"a","resourceVersion":"1","generation":2}"#;
        check(old, old, &[]);
        check(
            r#"{"name":"b","generation":1,"deletionGracePeriodSeconds":5}"#,
            old,
            &[
                "metadata.resourceVersion: Invalid value: \"\": must be specified for an update",
                "metadata.generation: Invalid value: 1: must not be decremented",
                "metadata.name: Invalid value: \"b\": field is immutable",
                "metadata.deletionGracePeriodSeconds: Invalid value: 5: field is immutable",
            ],
        );
    }

    #[test]
    fn what_is_being_deleted_takes_no_new_finalizer() {
        check(
            r#"{"resourceVersion":"1","deletionTimestamp":"t","finalizers":["x/b","x/a","x/old"]}"#,
            r#"{"resourceVersion":"1","deletionTimestamp":"t","finalizers":["x/old"]}"#,
            &[
                "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{\"x/a\", \"x/b\"}",
            ],
        );
    }
}
