//! Which nodes take a pod, worked out from the texts alone: no line of the scheduler is used.

use crate::simulation::mirror::{Mirror, is_terminal, meta, uid};
use tollgate_api::{Value, label_selector};

/// The taint that a cordoned node has, whether it is written down yet or not.
const CORDONED: &str = "node.kubernetes.io/unschedulable";

fn text<'v>(object: &'v Value, path: &[&str]) -> Option<&'v str> {
    object.at(path).and_then(Value::as_str)
}

fn tolerates(spec: &Value, key: &str, value: &str, effect: &str) -> bool {
    spec.items("tolerations").iter().any(|toleration| {
        let wanted = toleration.str_or_empty("key");
        let exists = toleration.str("operator") == Some("Exists");
        let meant = toleration.str_or_empty("effect");
        let is_effect = meant.is_empty() || meant == effect;
        let is_key = wanted == key || (wanted.is_empty() && exists);
        is_effect && is_key && (exists || toleration.str_or_empty("value") == value)
    })
}

/// Whether a label, or what stands in its place, fits one requirement.
fn fits(found: Option<&str>, requirement: &Value) -> bool {
    let values = requirement.items("values").iter();
    let values: Vec<&str> = values.filter_map(Value::as_str).collect();
    let number = |text: &str| text.parse::<i64>().ok();
    let bound = values.first().copied().and_then(number);
    match requirement.str_or_empty("operator") {
        "In" => found.is_some_and(|found| values.contains(&found)),
        "NotIn" => found.is_none_or(|found| !values.contains(&found)),
        "Exists" => found.is_some(),
        "DoesNotExist" => found.is_none(),
        "Gt" => found.and_then(number) > bound,
        "Lt" => found
            .and_then(number)
            .is_some_and(|found| Some(found) < bound),
        other => panic!("the simulation knows no operator {other}"),
    }
}

fn matches(term: &Value, node: &Value) -> bool {
    let (labels, fields) = (term.items("matchExpressions"), term.items("matchFields"));
    let by_label = labels.iter().all(|requirement| {
        let key = requirement.str_or_empty("key");
        fits(text(node, &["metadata", "labels", key]), requirement)
    });
    let by_field = fields
        .iter()
        .all(|requirement| fits(text(node, &["metadata", "name"]), requirement));
    by_label && by_field && !(labels.is_empty() && fields.is_empty())
}

/// Why a node does not take a pod, but for how much room there is.
pub(crate) fn refusal(pod: &Value, node: &Value) -> Option<String> {
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let of_node = node.get("spec").unwrap_or(&Value::Null);
    if of_node.bool("unschedulable") == Some(true) && !tolerates(spec, CORDONED, "", "NoSchedule") {
        return Some("it is cordoned".to_owned());
    }
    let untolerated = of_node.items("taints").iter().find(|taint| {
        let effect = taint.str_or_empty("effect");
        let (key, value) = (taint.str_or_empty("key"), taint.str_or_empty("value"));
        matches!(effect, "NoSchedule" | "NoExecute") && !tolerates(spec, key, value, effect)
    });
    if let Some(taint) = untolerated {
        return Some(format!("it has the taint {taint}"));
    }
    let labels = node.at(&["metadata", "labels"]);
    let selector = spec.get("nodeSelector").and_then(Value::as_object);
    let lacking = selector
        .into_iter()
        .flat_map(tollgate_api::Object::iter)
        .find(|(key, value)| labels.and_then(|labels| labels.get(key)) != Some(*value));
    if let Some((key, value)) = lacking {
        return Some(format!("it has no label {key}={value}"));
    }
    let required = spec.at(&[
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
    ]);
    if let Some(required) = required {
        let mut terms = required.items("nodeSelectorTerms").iter();
        if !terms.any(|term| matches(term, node)) {
            return Some(format!("the pod's affinity is for others: {required}"));
        }
    }
    None
}

fn repelled(pod: &Value) -> &[Value] {
    let terms = pod.at(&["spec", "affinity", "podAntiAffinity"]);
    terms.map_or(&[][..], |terms| {
        terms.items("requiredDuringSchedulingIgnoredDuringExecution")
    })
}

/// Whether one pod will have none like the other at its side.
pub(super) fn repels(pod: &Value, other: &Value, (from, to): (&Value, &Value)) -> bool {
    let labels = other.at(&["metadata", "labels"]).unwrap_or(&Value::Null);
    repelled(pod).iter().any(|term| {
        let selector = term.get("labelSelector").unwrap_or(&Value::Null);
        let topology = ["metadata", "labels", term.str_or_empty("topologyKey")];
        let place = from.at(&topology);
        place.is_some() && place == to.at(&topology) && label_selector::matches(selector, labels)
    })
}

/// Whether a node, or one of its surroundings, has a pod that will not have this one beside it or that it will not have.
pub(crate) fn stands_apart(mirror: &Mirror, pod: &Value, node: &Value) -> bool {
    let mut others = mirror.of("", "pods", Some(meta(pod, "namespace")));
    others.any(|(_, other)| {
        let place = text(other, &["spec", "nodeName"]).unwrap_or_default();
        let there = mirror.get("", "nodes", "", place);
        let there = there.filter(|_| uid(other) != uid(pod) && !is_terminal(other));
        there.is_some_and(|there| {
            repels(pod, other, (node, there)) || repels(other, pod, (there, node))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[track_caller]
    fn check(pod: &str, node: &str, takes: bool) {
        let pod = json::from_str(&format!(r#"{{"spec":{{{pod}}}}}"#)).unwrap();
        let node = json::from_str(&format!(
            r#"{{"metadata":{{"name":"n","labels":{{"disk":"ssd","cores":"8"}}}},"spec":{{{node}}}}}"#
        ));
        let refusal = refusal(&pod, &node.unwrap());
        assert_eq!(refusal.is_none(), takes, "{refusal:?}");
    }

    #[test]
    fn taints_keep_pods_out_that_do_not_tolerate_them() {
        let taint = r#""taints":[{"key":"k","value":"v","effect":"NoExecute"}]"#;
        check("", taint, false);
        check(
            "",
            r#""taints":[{"key":"k","effect":"PreferNoSchedule"}]"#,
            true,
        );
        for (toleration, takes) in [
            (r#"{"operator":"Exists"}"#, true),
            (r#"{"key":"k","operator":"Exists"}"#, true),
            (r#"{"key":"k","value":"v"}"#, true),
            (r#"{"key":"k","value":"v","effect":"NoExecute"}"#, true),
            (r#"{"key":"k","value":"v","effect":"NoSchedule"}"#, false),
            (r#"{"key":"k","value":"w"}"#, false),
            (r#"{"key":"l","operator":"Exists"}"#, false),
        ] {
            check(&format!(r#""tolerations":[{toleration}]"#), taint, takes);
        }
        check("", r#""unschedulable":true"#, false);
        check(
            &format!(r#""tolerations":[{{"key":"{CORDONED}","operator":"Exists"}}]"#),
            r#""unschedulable":true"#,
            true,
        );
    }

    #[test]
    fn labels_and_the_name_are_what_selectors_and_affinities_ask_for() {
        check(r#""nodeSelector":{"disk":"ssd"}"#, "", true);
        check(r#""nodeSelector":{"disk":"hdd"}"#, "", false);
        for (requirement, takes) in [
            (
                r#""matchExpressions":[{"key":"disk","operator":"In","values":["hdd","ssd"]}]"#,
                true,
            ),
            (
                r#""matchExpressions":[{"key":"disk","operator":"NotIn","values":["ssd"]}]"#,
                false,
            ),
            (
                r#""matchExpressions":[{"key":"zone","operator":"NotIn","values":["a"]}]"#,
                true,
            ),
            (
                r#""matchExpressions":[{"key":"zone","operator":"Exists"}]"#,
                false,
            ),
            (
                r#""matchExpressions":[{"key":"zone","operator":"DoesNotExist"}]"#,
                true,
            ),
            (
                r#""matchExpressions":[{"key":"cores","operator":"Gt","values":["7"]}]"#,
                true,
            ),
            (
                r#""matchExpressions":[{"key":"cores","operator":"Lt","values":["8"]}]"#,
                false,
            ),
            (
                r#""matchExpressions":[{"key":"zone","operator":"Lt","values":["8"]}]"#,
                false,
            ),
            (
                r#""matchFields":[{"key":"metadata.name","operator":"In","values":["n"]}]"#,
                true,
            ),
            (
                r#""matchFields":[{"key":"metadata.name","operator":"In","values":["m"]}]"#,
                false,
            ),
            ("", false),
        ] {
            let affinity = format!(
                r#""affinity":{{"nodeAffinity":{{"requiredDuringSchedulingIgnoredDuringExecution":{{"nodeSelectorTerms":[{{{requirement}}}]}}}}}}"#
            );
            check(&affinity, "", takes);
        }
    }
}
