//! What the DaemonSet controller adds to the template of its pods: what they tolerate, and the node that each is for.
//!
//! Upstream: `pkg/controller/daemon/util/daemonset_util.go`

use crate::Value;

/// What a pod tolerates because its node's own pods have to run whatever befalls the node
/// (`AddOrUpdateDaemonPodTolerations`).
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

/// Lets a pod of this spec tolerate what its node's own pods have to.
pub fn add_tolerations(spec: &mut Value) {
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

/// Binds a pod of this spec to a node by its affinity, which takes the place of the terms by which the node was chosen
/// (`ReplaceDaemonSetPodNodeNameNodeAffinity`).
pub fn bind(spec: &mut Value, node: &str) {
    let mut field = Value::from_iter([("key", "metadata.name"), ("operator", "In")]);
    field.set("values", vec![node]);
    let term = Value::from_iter([("matchFields", vec![field])]);
    spec.child_mut("affinity")
        .child_mut("nodeAffinity")
        .child_mut("requiredDuringSchedulingIgnoredDuringExecution")
        .set("nodeSelectorTerms", vec![term]);
}

/// The node that the affinity of a pod of this spec binds it to (`GetTargetNodeName`).
pub fn bound_to(spec: &Value) -> Option<&str> {
    let required = spec.at(&[
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
    ])?;
    let terms = required.items("nodeSelectorTerms").iter();
    let mut fields = terms.flat_map(|term| term.items("matchFields"));
    let field = fields.find(|field| {
        field.str("key") == Some("metadata.name") && field.str("operator") == Some("In")
    })?;
    match field.items("values") {
        [node] => node.as_str(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn a_pod_tolerates_what_befalls_nodes_for_as_long_as_it_takes() {
        let of = |text| {
            let mut spec = json::from_str(text).unwrap();
            add_tolerations(&mut spec);
            spec.items("tolerations").to_vec()
        };
        let tolerations = of(
            r#"{"tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":5}]}"#,
        );
        assert_eq!(tolerations.len(), TOLERATIONS.len());
        assert_eq!(tolerations[0].get("tolerationSeconds"), None);
        let tolerations = of(r#"{"hostNetwork":true}"#);
        assert_eq!(tolerations.last().unwrap().str("key"), Some(NETWORK.0));
    }

    #[test]
    fn a_pod_is_bound_to_its_node_and_keeps_what_it_prefers() {
        let mut spec = json::from_str(
            r#"{"affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[],
            "requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[]}]}}}}"#,
        )
        .unwrap();
        assert_eq!(bound_to(&spec), None);
        bind(&mut spec, "one");
        assert_eq!(
            json::to_string(spec.get("affinity").unwrap()),
            r#"{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[],"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchFields":[{"key":"metadata.name","operator":"In","values":["one"]}]}]}}}"#
        );
        assert_eq!(bound_to(&spec), Some("one"));
    }
}
