//! The template of a DaemonSet's pods, with what the controller adds.

use tollgate_api::{Value, daemon_pod};

/// The label that names the revision of the template.
pub(super) const HASH_LABEL: &str = "controller-revision-hash";
/// The label that counts templates, for pods of old releases.
const GENERATION_LABEL: &str = "pod-template-generation";
/// The annotation of a DaemonSet that counts its templates.
const GENERATION_ANNOTATION: &str = "deprecated.daemonset.template.generation";

/// How often the template has changed, if it is counted.
pub(super) fn generation(set: &Value) -> Option<i64> {
    let annotations = set.at(&["metadata", "annotations"])?;
    annotations.str(GENERATION_ANNOTATION)?.parse().ok()
}

/// Whether labels are those of a pod of the template as it is.
pub(super) fn is_current(labels: &Value, hash: &str, generation: Option<i64>) -> bool {
    let counted = labels.str(GENERATION_LABEL);
    (!hash.is_empty() && labels.str(HASH_LABEL) == Some(hash))
        || generation.is_some_and(|generation| counted == Some(&generation.to_string()))
}

/// The template of the pods of a set; the revision of that hash is the template as it is.
pub(super) fn of(set: &Value, hash: &str) -> Value {
    let template = set.at(&["spec", "template"]);
    let mut template = template.cloned().unwrap_or_else(Value::object);
    let labels = template.child_mut("metadata").child_mut("labels");
    if let Some(generation) = generation(set) {
        labels.set(GENERATION_LABEL, generation.to_string());
    }
    if !hash.is_empty() {
        labels.set(HASH_LABEL, hash);
    }
    daemon_pod::add_tolerations(template.child_mut("spec"));
    template
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[test]
    fn pods_carry_their_revision_and_tolerate_what_befalls_nodes() {
        let set = json::from_str(
            r#"{"metadata":{"annotations":{"deprecated.daemonset.template.generation":"3"}},
            "spec":{"template":{"metadata":{"labels":{"app":"a"}},"spec":{}}}}"#,
        );
        let template = of(&set.unwrap(), "abc");
        assert_eq!(
            json::to_string(template.at(&["metadata", "labels"]).unwrap()),
            r#"{"app":"a","pod-template-generation":"3","controller-revision-hash":"abc"}"#
        );
        assert!(template.at(&["spec", "tolerations"]).is_some());
    }

    #[test]
    fn a_pod_is_current_by_its_hash_or_its_generation() {
        let labels = |text| json::from_str(text).unwrap();
        for (text, expected) in [
            (r#"{"controller-revision-hash":"abc"}"#, true),
            (r#"{"controller-revision-hash":"abd"}"#, false),
            (r#"{"pod-template-generation":"2"}"#, true),
            (r#"{"pod-template-generation":"1"}"#, false),
            ("{}", false),
        ] {
            assert_eq!(
                is_current(&labels(text), "abc", Some(2)),
                expected,
                "{text}"
            );
        }
        assert!(!is_current(&labels("{}"), "", None));
    }
}
