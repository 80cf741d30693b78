//! The strategy of DaemonSets: their templates are counted, in an annotation that once was a field.

use tollgate_api::{Release, Value};

const GENERATION: &str = "deprecated.daemonset.template.generation";

/// Prepares a DaemonSet that is to be created.
pub(super) fn prepare_for_create(set: &mut Value, _release: Release) -> Vec<String> {
    count(set, 1);
    Vec::new()
}

/// Prepares what a DaemonSet becomes by an update.
pub(super) fn prepare_for_update(new: &mut Value, old: &Value, _release: Release) {
    let found = old.at(&["metadata", "annotations", GENERATION]);
    let before: i64 = found
        .and_then(Value::as_str)
        .and_then(|text| text.parse().ok())
        .unwrap_or_default();
    let template = ["spec", "template"];
    let changed = new.at(&template) != old.at(&template);
    count(new, before.saturating_add(i64::from(changed)));
}

/// The annotation of a set that says nothing: no template was counted.
pub(super) fn show_generation(set: &mut Value) {
    let annotations = set.child_mut("metadata").child_mut("annotations");
    annotations.set_default(GENERATION, || "0");
}

/// Takes the annotation from the set as it was.
pub(super) fn keep_generation(new: &mut Value, old: &Value) {
    if let Some(found) = old.at(&["metadata", "annotations", GENERATION]) {
        let annotations = new.child_mut("metadata").child_mut("annotations");
        annotations.set(GENERATION, found.clone());
    }
}

fn count(set: &mut Value, generation: i64) {
    let annotations = set.child_mut("metadata").child_mut("annotations");
    annotations.set(GENERATION, generation.to_string());
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    fn counted(set: &Value) -> Option<&str> {
        set.at(&["metadata", "annotations", GENERATION])?.as_str()
    }

    #[test]
    fn a_set_shows_how_many_templates_it_had() {
        let mut set = Value::object();
        show_generation(&mut set);
        assert_eq!(counted(&set), Some("0"));
        prepare_for_create(&mut set, Release::default());
        show_generation(&mut set);
        assert_eq!(counted(&set), Some("1"));
        let mut new = Value::object();
        keep_generation(&mut new, &set);
        assert_eq!(counted(&new), Some("1"));
    }

    #[test]
    fn templates_are_counted() {
        let mut set = from_str(r#"{"spec":{"template":{"a":1}}}"#).unwrap();
        prepare_for_create(&mut set, Release::default());
        assert_eq!(counted(&set), Some("1"));
        let mut same = from_str(r#"{"spec":{"template":{"a":1},"b":2}}"#).unwrap();
        prepare_for_update(&mut same, &set, Release::default());
        assert_eq!(counted(&same), Some("1"));
        let mut other = from_str(r#"{"spec":{"template":{"a":2}}}"#).unwrap();
        prepare_for_update(&mut other, &set, Release::default());
        assert_eq!(counted(&other), Some("2"));
    }
}
