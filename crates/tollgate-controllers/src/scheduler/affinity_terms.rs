//! Terms of pod affinity and anti-affinity.

use super::selector::{Scope, Selector};
use tollgate_api::Value;
use tollgate_api::value::CompactString;

/// Pods, and the node label within whose values one stands beside them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodTerm {
    /// The node label.
    pub topology_key: CompactString,
    /// Namespaces by name; the pod's own if neither names nor a selector are given.
    namespaces: Vec<CompactString>,
    namespace_selector: Option<Selector>,
    selector: Selector,
}

impl PodTerm {
    /// Reads a `PodAffinityTerm`. Label keys to match are part of its selector already: the API server puts them there.
    pub fn read(term: &Value) -> Self {
        let names = term.items("namespaces").iter();
        let mut namespaces: Vec<CompactString> = names
            .filter_map(Value::as_str)
            .map(CompactString::from)
            .collect();
        namespaces.sort();
        let namespace_selector = term.get("namespaceSelector");
        Self {
            topology_key: term.str_or_empty("topologyKey").into(),
            namespaces,
            namespace_selector: namespace_selector.map(|selector| Selector::read(Some(selector))),
            selector: Selector::read(term.get("labelSelector")),
        }
    }

    /// The pods that are meant by the term of a pod in `namespace`.
    pub fn scope(&self, namespace: &str) -> Scope {
        let mut namespaces = self.namespaces.clone();
        if namespaces.is_empty() && self.namespace_selector.is_none() {
            namespaces.push(namespace.into());
        }
        Scope {
            namespaces,
            namespace_selector: self.namespace_selector.clone().unwrap_or(Selector::Nothing),
            selector: self.selector.clone(),
        }
    }
}

/// A term that is only a preference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WeightedPodTerm {
    /// How much it counts; negative if the pods are to be avoided.
    pub weight: i64,
    /// The term.
    pub term: PodTerm,
}

impl WeightedPodTerm {
    /// Reads weighted terms; `sign` is -1 for anti-affinity.
    pub fn read_all(terms: &[Value], sign: i64) -> Vec<Self> {
        let terms = terms.iter();
        terms
            .filter_map(|weighted| {
                Some(Self {
                    weight: weighted.int("weight").unwrap_or(0).saturating_mul(sign),
                    term: PodTerm::read(weighted.get("podAffinityTerm")?),
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[track_caller]
    fn check(term: &str, namespace: &str, expected: bool) {
        let term = PodTerm::read(&json::from_str(term).unwrap());
        let labels = [("team", "a")].into_iter().collect();
        let found = term.scope("own").matches(namespace, &labels, &labels);
        assert_eq!(found, expected);
    }

    #[test]
    fn a_term_is_about_its_own_namespace_unless_it_says_otherwise() {
        check(r#"{"labelSelector":{}}"#, "own", true);
        check(r#"{"labelSelector":{}}"#, "other", false);
        check(
            r#"{"labelSelector":{},"namespaces":["other"]}"#,
            "own",
            false,
        );
        check(
            r#"{"labelSelector":{},"namespaces":["other"]}"#,
            "other",
            true,
        );
        check(
            r#"{"labelSelector":{},"namespaceSelector":{}}"#,
            "other",
            true,
        );
        let team = r#"{"labelSelector":{},"namespaceSelector":{"matchLabels":{"team":"b"}}}"#;
        check(team, "own", false);
        check("{}", "own", false);
    }
}
