//! Which nodes a DaemonSet is for: a simulated scheduling of its pod on each of them.

use crate::driver::Cached;
use crate::resources::NODES;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Value};

/// What placement asks of a node.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) name: CompactString,
    labels: Value,
    taints: Vec<Value>,
}

impl Node {
    /// Reads a node.
    pub(super) fn of(cached: &Cached) -> Result<Self, Status> {
        let object = cached.object()?;
        let spec = object.get("spec").unwrap_or(&Value::Null);
        Ok(Self {
            name: cached.meta.name.clone(),
            labels: cached.meta.labels.clone(),
            taints: spec.items("taints").to_vec(),
        })
    }
}

/// The nodes as they were read last: a node says more often how it is than it changes what placement asks of it.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    read: Mutex<BTreeMap<CompactString, (u64, Arc<Node>)>>,
}

impl Nodes {
    /// All nodes, by name.
    pub(super) fn all(&self, cache: &crate::driver::Cache) -> Result<Vec<Arc<Node>>, Status> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = BTreeMap::new();
        let mut nodes = Vec::new();
        for cached in cache.list(&NODES, "") {
            let node = match read.get(&cached.meta.name) {
                Some((revision, node)) if *revision == cached.revision => Arc::clone(node),
                _ => Arc::new(Node::of(&cached)?),
            };
            nodes.push(Arc::clone(&node));
            known.insert(cached.meta.name.clone(), (cached.revision, node));
        }
        *read = known;
        Ok(nodes)
    }
}

/// Whether the pod of a DaemonSet belongs on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fit {
    /// A pod is to be made there if there is none.
    pub(super) should_run: bool,
    /// A pod that is there may stay.
    pub(super) may_stay: bool,
}

/// Where the pods of a template may be.
#[derive(Debug)]
pub(super) struct Placement<'t> {
    spec: &'t Value,
    tolerations: &'t [Value],
}

impl<'t> Placement<'t> {
    /// Reads the template of a DaemonSet, with the tolerations that its pods get.
    pub(super) fn of(template: &'t Value) -> Self {
        let spec = template.get("spec").unwrap_or(&Value::Null);
        Self {
            spec,
            tolerations: spec.items("tolerations"),
        }
    }

    /// Whether a pod belongs on a node.
    pub(super) fn judge(&self, node: &Node) -> Fit {
        let named = self.spec.str_or_empty("nodeName");
        if !(named.is_empty() || named == node.name) || !self.is_attracted_by(node) {
            return Fit {
                should_run: false,
                may_stay: false,
            };
        }
        let untolerated = |effects: &[&str]| {
            node.taints.iter().any(|taint| {
                effects.contains(&taint.str_or_empty("effect"))
                    && !self.tolerations.iter().any(|one| tolerates(one, taint))
            })
        };
        Fit {
            should_run: !untolerated(&["NoSchedule", "NoExecute"]),
            may_stay: !untolerated(&["NoExecute"]),
        }
    }

    /// The node selector and the required terms of the affinity.
    fn is_attracted_by(&self, node: &Node) -> bool {
        let mut labels = self.spec.str_entries("nodeSelector");
        if !labels.all(|(key, value)| node.labels.str(key) == Some(value)) {
            return false;
        }
        let required = self.spec.at(&[
            "affinity",
            "nodeAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
        ]);
        required.is_none_or(|required| {
            let mut terms = required.items("nodeSelectorTerms").iter();
            terms.any(|term| is_met(term, node))
        })
    }
}

/// Whether a node meets a term; one without conditions is met by none.
fn is_met(term: &Value, node: &Node) -> bool {
    let expressions = term.items("matchExpressions");
    let fields = term.items("matchFields");
    let field = |key: &str| (key == "metadata.name").then_some(node.name.as_str());
    !(expressions.is_empty() && fields.is_empty())
        && expressions
            .iter()
            .all(|one| accepts(one, node.labels.str(one.str_or_empty("key"))))
        && fields
            .iter()
            .all(|one| accepts(one, field(one.str_or_empty("key"))))
}

fn accepts(requirement: &Value, value: Option<&str>) -> bool {
    let values = requirement.items("values");
    let is_listed = |value: &str| values.iter().any(|one| one.as_str() == Some(value));
    let numbers = || {
        let limit = values.first()?.as_str()?.parse::<i64>().ok()?;
        Some((value?.parse::<i64>().ok()?, limit))
    };
    match requirement.str_or_empty("operator") {
        "In" => value.is_some_and(is_listed),
        "NotIn" => !value.is_some_and(is_listed),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => numbers().is_some_and(|(value, limit)| value > limit),
        "Lt" => numbers().is_some_and(|(value, limit)| value < limit),
        _ => false,
    }
}

fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let effect = toleration.str_or_empty("effect");
    let key = toleration.str_or_empty("key");
    let value = taint.str_or_empty("value");
    if !(effect.is_empty() || effect == taint.str_or_empty("effect"))
        || !(key.is_empty() || key == taint.str_or_empty("key"))
    {
        return false;
    }
    match toleration.str_or_empty("operator") {
        "" | "Equal" => toleration.str_or_empty("value") == value,
        "Exists" => true,
        operator => {
            let limit = toleration.str_or_empty("value").parse::<i64>();
            let (Ok(limit), Ok(value)) = (limit, value.parse::<i64>()) else {
                return false;
            };
            (operator == "Gt" && value > limit) || (operator == "Lt" && value < limit)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon_set::template;
    use tollgate_api::client::Stored;
    use tollgate_api::json;

    pub(super) fn node(labels: &str, taints: &str) -> Node {
        let text = format!(
            r#"{{"metadata":{{"name":"one","labels":{labels}}},"spec":{{"taints":{taints}}}}}"#
        );
        let stored = Stored {
            json: text.into_bytes().into(),
            revision: 1,
        };
        Node::of(&Cached::new(&stored, false).unwrap()).unwrap()
    }

    #[track_caller]
    fn check(pod_spec: &str, node: &Node, should_run: bool, may_stay: bool) {
        let set = format!(r#"{{"spec":{{"template":{{"spec":{pod_spec}}}}}}}"#);
        let template = template::of(&json::from_str(&set).unwrap(), "hash");
        let fit = Placement::of(&template).judge(node);
        let expected = Fit {
            should_run,
            may_stay,
        };
        assert_eq!(fit, expected, "{pod_spec}");
    }

    #[test]
    fn names_selectors_and_affinity_choose_nodes() {
        let node = node(r#"{"disk":"ssd","cores":"8"}"#, "[]");
        for (spec, fits) in [
            ("{}", true),
            (r#"{"nodeName":"one"}"#, true),
            (r#"{"nodeName":"two"}"#, false),
            (r#"{"nodeSelector":{"disk":"ssd"}}"#, true),
            (r#"{"nodeSelector":{"disk":"hdd"}}"#, false),
        ] {
            check(spec, &node, fits, fits);
        }
        for (term, fits) in [
            (
                r#"{"matchExpressions":[{"key":"disk","operator":"In","values":["ssd"]}]}"#,
                true,
            ),
            (
                r#"{"matchExpressions":[{"key":"disk","operator":"NotIn","values":["ssd"]}]}"#,
                false,
            ),
            (
                r#"{"matchExpressions":[{"key":"gpu","operator":"DoesNotExist"}]}"#,
                true,
            ),
            (
                r#"{"matchExpressions":[{"key":"cores","operator":"Gt","values":["4"]}]}"#,
                true,
            ),
            (
                r#"{"matchExpressions":[{"key":"cores","operator":"Lt","values":["4"]}]}"#,
                false,
            ),
            (
                r#"{"matchFields":[{"key":"metadata.name","operator":"In","values":["one"]}]}"#,
                true,
            ),
            (
                r#"{"matchFields":[{"key":"metadata.name","operator":"In","values":["two"]}]}"#,
                false,
            ),
            ("{}", false),
        ] {
            let spec = format!(
                r#"{{"affinity":{{"nodeAffinity":{{"requiredDuringSchedulingIgnoredDuringExecution":{{"nodeSelectorTerms":[{term}]}}}}}}}}"#
            );
            check(&spec, &node, fits, fits);
        }
    }

    #[test]
    fn taints_keep_pods_away_unless_they_are_tolerated() {
        let taint = |key: &str, effect: &str| {
            node(
                "{}",
                &format!(r#"[{{"key":"{key}","value":"v","effect":"{effect}"}}]"#),
            )
        };
        check("{}", &taint("a", "NoSchedule"), false, true);
        check("{}", &taint("a", "NoExecute"), false, false);
        check("{}", &taint("a", "PreferNoSchedule"), true, true);
        check(
            "{}",
            &taint("node.kubernetes.io/unschedulable", "NoSchedule"),
            true,
            true,
        );
        check(
            "{}",
            &taint("node.kubernetes.io/not-ready", "NoExecute"),
            true,
            true,
        );
        let network = "node.kubernetes.io/network-unavailable";
        check("{}", &taint(network, "NoSchedule"), false, true);
        check(
            r#"{"hostNetwork":true}"#,
            &taint(network, "NoSchedule"),
            true,
            true,
        );
        let exists = r#"{"tolerations":[{"operator":"Exists"}]}"#;
        check(exists, &taint("a", "NoExecute"), true, true);
        let equal = r#"{"tolerations":[{"key":"a","value":"v","effect":"NoSchedule"}]}"#;
        check(equal, &taint("a", "NoSchedule"), true, true);
        check(equal, &taint("a", "NoExecute"), false, false);
        let other = r#"{"tolerations":[{"key":"a","value":"w"}]}"#;
        check(other, &taint("a", "NoSchedule"), false, true);
    }
}
