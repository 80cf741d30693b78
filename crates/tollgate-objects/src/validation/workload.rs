//! What Deployments, ReplicaSets, StatefulSets and DaemonSets share: a selector, a template, and how they go together.

use super::label_selector::{self, Values};
use super::{go_values, object_meta, object_meta_update};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, label_selector as selector, names};

const MISMATCH: &str = "`selector` does not match template `labels`";

/// The metadata of a namespaced kind whose names are DNS subdomains.
pub(super) fn metadata(object: &Value, errors: &mut Errors) {
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    let path = Path::root("metadata");
    object_meta::validate(metadata, true, names::dns1123_subdomain, &path, errors);
}

/// The metadata of an update.
pub(super) fn metadata_update(new: &Value, old: &Value, errors: &mut Errors) {
    let [new, old] = [new, old].map(|object| object.get("metadata").unwrap_or(&Value::Null));
    object_meta_update::validate(new, old, &Path::root("metadata"), errors);
}

/// The spec of an object, or nothing.
pub(super) fn spec(object: &Value) -> &Value {
    object.get("spec").unwrap_or(&Value::Null)
}

/// Which words a kind has for a selector that is wrong.
#[derive(Debug, Clone, Copy)]
pub(super) struct SelectorWords {
    /// Of a selector that matches everything.
    pub(super) empty: &'static str,
    /// Of a selector that cannot be made, if the kind says so.
    pub(super) invalid: Option<&'static str>,
}

/// `spec.selector`: required, well formed, not empty.
pub(super) fn required_selector(spec: &Value, words: SelectorWords, errors: &mut Errors) {
    let root = Path::root("spec");
    let path = root.child("selector");
    let Some(selector) = spec.get("selector") else {
        errors.push(Error::required(&path, ""));
        return;
    };
    label_selector::validate_at(selector, Values::Strict, &path, errors);
    if selector::is_empty(selector) {
        errors.push(Error::invalid(
            &path,
            go_values::selector(selector),
            words.empty,
        ));
    }
}

/// Whether the selector can be made into one that matches: operators are known and have the values they need.
pub(super) fn is_readable(selector: &Value) -> bool {
    let mut errors = Errors::new();
    label_selector::validate_at(
        selector,
        Values::Strict,
        &Path::root("selector"),
        &mut errors,
    );
    errors.is_empty()
}

/// The labels of a template must be those that the selector looks for. Says the words for a selector that cannot be
/// made, if there are some.
pub(super) fn template_matches(
    spec: &Value,
    words: SelectorWords,
    path: &Path<'_>,
    errors: &mut Errors,
) -> bool {
    let found = spec
        .get("selector")
        .filter(|selector| is_readable(selector));
    match (found, spec.get("selector"), words.invalid) {
        (None, Some(unreadable), Some(why)) => {
            errors.push(Error::invalid(
                &path.child("selector"),
                go_values::selector(unreadable),
                why,
            ));
            return false;
        }
        (None, Some(_), None) => return true,
        _ => {}
    }
    if found.is_some_and(selector::is_empty) {
        return true;
    }
    let labels = spec.at(&["template", "metadata", "labels"]);
    let shown = labels.unwrap_or(&Value::Null);
    // No selector at all matches nothing.
    if !found.is_some_and(|selector| selector::matches(selector, shown)) {
        let path = path.child("template");
        let path = path.child("metadata.labels");
        errors.push(Error::invalid(&path, go_values::map(shown), MISMATCH));
    }
    true
}

/// The rules for pods that run for ever.
pub(super) fn restarts_always(template: &Value, owner: &str, path: &Path<'_>, errors: &mut Errors) {
    let spec = spec(template);
    let path = path.child("spec");
    let policy = spec.str_or_empty("restartPolicy");
    // An empty policy was refused already.
    if policy != "Always" && !policy.is_empty() {
        let path = path.child("restartPolicy");
        errors.push(Error::not_supported(&path, policy, &["Always"]));
    }
    if spec.get("activeDeadlineSeconds").is_some() {
        let why = format!("activeDeadlineSeconds in {owner} is not Supported");
        errors.push(Error::forbidden(&path.child("activeDeadlineSeconds"), why));
    }
}

/// What must not change after creation.
pub(super) fn immutable_selector(new: &Value, old: &Value, errors: &mut Errors) {
    if spec(new).get("selector") != spec(old).get("selector") {
        let root = Path::root("spec");
        let value = spec(new).get("selector").map(go_values::selector);
        let value = value.unwrap_or_default();
        object_meta_update::immutable(&root.child("selector"), value, errors);
    }
}
