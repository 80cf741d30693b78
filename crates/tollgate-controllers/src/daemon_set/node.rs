//! Which nodes a DaemonSet is for: a simulated scheduling of its pod on each of them.

use crate::driver::Cached;
use crate::resources::NODES;
use crate::scheduler::selector::{Labels, NodeTerm, Requirement};
use crate::scheduler::taint::{Effect, Taint, Toleration};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Value};

/// What placement asks of a node.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) name: CompactString,
    labels: Labels,
    taints: Vec<Taint>,
}

impl Node {
    /// Reads a node.
    pub(super) fn of(cached: &Cached) -> Result<Self, Status> {
        let object = cached.object_to_read()?;
        let spec = object.get("spec").unwrap_or(&Value::Null);
        let taints = spec.items("taints").iter();
        Ok(Self {
            name: cached.meta.name.clone(),
            labels: Labels::of(&object),
            taints: taints.filter_map(Taint::read).collect(),
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
pub(super) struct Placement {
    node: CompactString,
    labels: Vec<Requirement>,
    /// The alternatives that the affinity requires; none if it requires nothing.
    terms: Option<Vec<NodeTerm>>,
    tolerations: Vec<Toleration>,
}

impl Placement {
    /// Reads the template of a DaemonSet, with the tolerations that its pods get.
    pub(super) fn of(template: &Value) -> Self {
        let spec = template.get("spec").unwrap_or(&Value::Null);
        let required = spec.at(&[
            "affinity",
            "nodeAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
        ]);
        let labels = spec.str_entries("nodeSelector");
        let tolerations = spec.items("tolerations").iter();
        Self {
            node: spec.str_or_empty("nodeName").into(),
            labels: labels
                .map(|(key, value)| Requirement::equals(key, value))
                .collect(),
            terms: required.map(NodeTerm::read_all),
            tolerations: tolerations.map(Toleration::read).collect(),
        }
    }

    /// Whether a pod belongs on a node.
    pub(super) fn judge(&self, node: &Node) -> Fit {
        let is_named = self.node.is_empty() || self.node == node.name;
        let has_labels = self
            .labels
            .iter()
            .all(|one| one.accepts_label(&node.labels));
        let is_attractive = self.terms.as_ref().is_none_or(|terms| {
            let mut terms = terms.iter();
            terms.any(|term| term.matches(&node.name, &node.labels))
        });
        if !(is_named && has_labels && is_attractive) {
            return Fit {
                should_run: false,
                may_stay: false,
            };
        }
        let is_tolerated = |taint: &Taint| {
            let mut tolerations = self.tolerations.iter();
            tolerations.any(|toleration| toleration.tolerates(taint))
        };
        let mut untolerated = node.taints.iter().filter(|taint| !is_tolerated(taint));
        Fit {
            should_run: !untolerated.clone().any(|taint| taint.effect.is_hard()),
            may_stay: !untolerated.any(|taint| taint.effect == Effect::NoExecute),
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
