//! InterPodAffinity: nodes beside pods that the pod likes, or whose pods like it.

use super::super::cluster::Cluster;
use super::super::node::Slot;
use super::super::pod::PodInfo;
use super::super::tally::Question;
use super::super::term_index::TermEffect;
use super::super::topology::Domains;
use super::SCORE_MAX;
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_api::value::CompactString;

/// What stands in each domain of one node label, weighed.
struct Weighed {
    domains: Arc<Domains>,
    by_domain: Vec<i64>,
}

#[derive(Default)]
struct Weights(BTreeMap<CompactString, Weighed>);

impl Weights {
    fn add(&mut self, cluster: &mut Cluster, key: &CompactString, slot: Slot, weight: i64) {
        let weighed = self.0.entry(key.clone()).or_insert_with(|| {
            let domains = cluster.domains(key);
            let by_domain = vec![0; domains.len()];
            Weighed { domains, by_domain }
        });
        let domain = weighed.domains.of_slot(slot);
        if let Some(sum) = domain.and_then(|domain| weighed.by_domain.get_mut(domain)) {
            *sum = sum.saturating_add(weight);
        }
    }

    fn at(&self, slot: Slot) -> i64 {
        let sums = self.0.values().filter_map(|weighed| {
            let domain = weighed.domains.of_slot(slot)?;
            weighed.by_domain.get(domain).copied()
        });
        sums.fold(0, i64::saturating_add)
    }
}

/// Scores nodes.
pub fn score(cluster: &mut Cluster, pod: &PodInfo, slots: &[Slot]) -> Vec<i64> {
    let mut weights = Weights::default();
    let spec = Arc::clone(&pod.spec);
    for weighted in &spec.preferred_pods {
        let question = Question {
            scopes: vec![weighted.term.scope(&pod.namespace)],
            skips_terminating: false,
        };
        let counts = cluster.ask(question).to_vec();
        for (slot, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let weight = weighted.weight.saturating_mul(i64::from(*count));
            weights.add(cluster, &weighted.term.topology_key, slot, weight);
        }
    }
    for (key, slot, weight) in liking_terms(cluster, pod) {
        weights.add(cluster, &key, slot, weight);
    }
    if weights.0.is_empty() {
        return vec![0; slots.len()];
    }
    let scores: Vec<i64> = slots.iter().map(|slot| weights.at(*slot)).collect();
    let lowest = scores.iter().copied().min().unwrap_or(0);
    let range = scores
        .iter()
        .copied()
        .max()
        .unwrap_or(0)
        .saturating_sub(lowest);
    let stretch = |score: i64| {
        let above = score.saturating_sub(lowest).saturating_mul(SCORE_MAX);
        above.checked_div(range).unwrap_or(0)
    };
    scores.into_iter().map(stretch).collect()
}

fn liking_terms(cluster: &Cluster, pod: &PodInfo) -> Vec<(CompactString, Slot, i64)> {
    let labels = cluster.namespace_labels(&pod.namespace);
    let mut found = Vec::new();
    for term in cluster.terms().matching(pod, labels) {
        let TermEffect::Weighs(weight) = term.effect() else {
            continue;
        };
        for (slot, count) in &term.by_slot {
            let weight = weight.saturating_mul(i64::from(*count));
            found.push((term.topology_key().clone(), *slot, weight));
        }
    }
    found
}
