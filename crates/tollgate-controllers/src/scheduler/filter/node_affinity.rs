//! NodeAffinity: node selector and required node affinity.

use super::super::node::NodeInfo;
use super::super::pod::PodSpec;
use super::super::reason::{Plugin, Reason, Rejection};
use std::collections::BTreeSet;
use tollgate_api::value::CompactString;

/// The nodes that a pod can run on by name, if every alternative of its affinity names some: pods of a DaemonSet do.
/// It is an error if the names exclude one another.
pub fn named_nodes(spec: &PodSpec) -> Result<Option<BTreeSet<CompactString>>, Rejection> {
    let Some(terms) = spec
        .required_nodes
        .as_ref()
        .filter(|terms| !terms.is_empty())
    else {
        return Ok(None);
    };
    let mut named = BTreeSet::new();
    for term in terms {
        let mut of_term: Option<BTreeSet<CompactString>> = None;
        for values in term
            .fields
            .iter()
            .filter_map(|field| field.in_values_of("metadata.name"))
        {
            let values: BTreeSet<CompactString> = values.iter().cloned().collect();
            of_term = Some(match of_term {
                Some(names) => names.intersection(&values).cloned().collect(),
                None => values,
            });
        }
        match of_term {
            Some(names) => named.extend(names),
            None => return Ok(None),
        }
    }
    if named.is_empty() {
        return Err(Rejection::unresolvable(
            Plugin::NodeAffinity,
            Reason::Text("pod affinity terms conflict"),
        ));
    }
    Ok(Some(named))
}

/// Judges a node.
pub fn filter(spec: &PodSpec, node: &NodeInfo) -> Option<Rejection> {
    let is_admitted = spec.admits_node(&node.name, &node.facts.labels);
    (!is_admitted).then(|| {
        Rejection::unresolvable(
            Plugin::NodeAffinity,
            Reason::Text("node(s) didn't match Pod's node affinity/selector"),
        )
    })
}
