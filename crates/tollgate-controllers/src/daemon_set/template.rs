//! The template of a DaemonSet's pods, with what the controller adds.

use tollgate_api::Value;

/// The label that names the revision of the template.
pub(super) const HASH_LABEL: &str = "controller-revision-hash";
/// The label that counts templates, for pods of old releases.
const GENERATION_LABEL: &str = "pod-template-generation";
/// The annotation of a DaemonSet that counts its templates.
const GENERATION_ANNOTATION: &str = "deprecated.daemonset.template.generation";

/// What a pod tolerates because its node's own pods have to run whatever befalls the node.
const TOLERATIONS: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];
/// What a pod on its node's network tolerates, too.
const NETWORK: (&str, &str) = ("node.kubernetes.io/network-unavailable", "NoSchedule");

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
    add_tolerations(template.child_mut("spec"));
    template
}

fn add_tolerations(spec: &mut Value) {
    let network = (spec.bool("hostNetwork") == Some(true)).then_some(NETWORK);
    let mut tolerations = spec.items("tolerations").to_vec();
    for (key, effect) in TOLERATIONS.into_iter().chain(network) {
        let added = Value::from_iter([("key", key), ("operator", "Exists"), ("effect", effect)]);
        // One of the template that is for the same taints gives way, for however short a time it would tolerate them.
        let same = tolerations.iter_mut().find(|other| {
            ["key", "operator", "effect", "value"]
                .iter()
                .all(|field| other.str_or_empty(field) == added.str_or_empty(field))
        });
        match same {
            Some(place) => *place = added,
            None => tolerations.push(added),
        }
    }
    spec.set("tolerations", tolerations);
}

/// Binds a pod to a node by its affinity, which takes the place of the terms by which the node was chosen.
pub(super) fn bind(pod: &mut Value, node: &str) {
    let mut field = Value::from_iter([("key", "metadata.name"), ("operator", "In")]);
    field.set("values", vec![node]);
    let term = Value::from_iter([("matchFields", vec![field])]);
    pod.child_mut("spec")
        .child_mut("affinity")
        .child_mut("nodeAffinity")
        .child_mut("requiredDuringSchedulingIgnoredDuringExecution")
        .set("nodeSelectorTerms", vec![term]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[test]
    fn pods_carry_their_revision_and_tolerate_what_befalls_nodes() {
        let set = json::from_str(
            r#"{"metadata":{"annotations":{"deprecated.daemonset.template.generation":"3"}},
            "spec":{"template":{"metadata":{"labels":{"app":"a"}},"spec":{"tolerations":[
            {"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":5}]}}}}"#,
        );
        let template = of(&set.unwrap(), "abc");
        assert_eq!(
            json::to_string(template.at(&["metadata", "labels"]).unwrap()),
            r#"{"app":"a","pod-template-generation":"3","controller-revision-hash":"abc"}"#
        );
        let tolerations = template.at(&["spec", "tolerations"]).unwrap();
        let tolerations = tolerations.as_array().unwrap();
        assert_eq!(tolerations.len(), TOLERATIONS.len());
        assert_eq!(tolerations[0].get("tolerationSeconds"), None);
    }

    #[test]
    fn a_pod_is_bound_to_its_node_and_keeps_what_it_prefers() {
        let mut pod = json::from_str(
            r#"{"spec":{"affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[],
            "requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[]}]}}}}}"#,
        )
        .unwrap();
        bind(&mut pod, "one");
        let affinity = pod.at(&["spec", "affinity"]).unwrap();
        assert_eq!(
            json::to_string(affinity),
            r#"{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[],"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchFields":[{"key":"metadata.name","operator":"In","values":["one"]}]}]}}}"#
        );
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
