//! How many pods of a kind are on each node, counted as pods come and go.
//!
//! Topology spread and pod affinity ask such questions for every pod they decide about. A question is counted out when
//! it is first asked, over groups of pods with equal labels, and kept up to date from then on.

use super::label_index::LabelIndex;
use super::node::Slot;
use super::pod::PodInfo;
use super::selector::{Labels, Scope};
use std::collections::BTreeMap;
use tollgate_api::value::CompactString;

/// How many questions are remembered. Beyond, all are forgotten: what is still asked is counted again.
const TALLIES_MAX: usize = 4_096;

/// Which pods are counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// They match all of these.
    pub scopes: Vec<Scope>,
    /// Whether pods that are being deleted are left out.
    pub skips_terminating: bool,
}

impl Question {
    fn matches(&self, namespace: &str, namespace_labels: &Labels, labels: &Labels) -> bool {
        let mut scopes = self.scopes.iter();
        scopes.all(|scope| scope.matches(namespace, namespace_labels, labels))
    }
}

/// The answer to a question.
#[derive(Debug, Clone)]
struct Tally {
    question: Question,
    by_slot: Vec<u32>,
}

impl Tally {
    fn change(&mut self, slot: Slot, by: u32, comes: bool) {
        if self.by_slot.len() <= slot {
            self.by_slot.resize(slot.saturating_add(1), 0);
        }
        if let Some(count) = self.by_slot.get_mut(slot) {
            *count = if comes {
                count.saturating_add(by)
            } else {
                count.saturating_sub(by)
            };
        }
    }
}

/// Pods with equal labels in one namespace, by node: all, and those being deleted.
type Group = BTreeMap<Slot, (u32, u32)>;

/// All questions and their answers.
#[derive(Debug, Clone, Default)]
pub struct Tallies {
    groups: BTreeMap<(CompactString, Labels), Group>,
    counted: Vec<Tally>,
    numbers: BTreeMap<Question, usize>,
    index: LabelIndex,
}

impl Tallies {
    /// Counts a pod that comes to a node or leaves it.
    pub fn count(&mut self, pod: &PodInfo, namespace_labels: &Labels, slot: Slot, comes: bool) {
        let key = (pod.namespace.clone(), pod.labels.clone());
        let group = self.groups.entry(key.clone()).or_default();
        let (all, terminating) = group.entry(slot).or_default();
        let step = |count: &mut u32| {
            *count = if comes {
                count.saturating_add(1)
            } else {
                count.saturating_sub(1)
            };
        };
        step(all);
        if pod.is_terminating {
            step(terminating);
        }
        if *all == 0 {
            group.remove(&slot);
            if group.is_empty() {
                self.groups.remove(&key);
            }
        }
        for number in self.index.candidates(&pod.labels) {
            let Some(tally) = self.counted.get_mut(number) else {
                continue;
            };
            let question = &tally.question;
            if !(question.skips_terminating && pod.is_terminating)
                && question.matches(&pod.namespace, namespace_labels, &pod.labels)
            {
                tally.change(slot, 1, comes);
            }
        }
    }

    /// How many pods a question finds on each node; slots beyond the end have none.
    pub fn ask(
        &mut self,
        question: Question,
        namespaces: &BTreeMap<CompactString, Labels>,
    ) -> &[u32] {
        let number = match self.numbers.get(&question) {
            Some(number) => *number,
            None => self.count_out(question, namespaces),
        };
        self.counted
            .get(number)
            .map_or(&[], |tally| tally.by_slot.as_slice())
    }

    fn count_out(
        &mut self,
        question: Question,
        namespaces: &BTreeMap<CompactString, Labels>,
    ) -> usize {
        if self.counted.len() >= TALLIES_MAX {
            self.forget();
        }
        let number = self.counted.len();
        if let Some(scope) = question.scopes.first() {
            self.index.insert(scope, number);
        }
        let mut tally = Tally {
            question,
            by_slot: Vec::new(),
        };
        let no_labels = Labels::default();
        for ((namespace, labels), group) in &self.groups {
            let namespace_labels = namespaces.get(namespace).unwrap_or(&no_labels);
            if !tally.question.matches(namespace, namespace_labels, labels) {
                continue;
            }
            for (slot, (all, terminating)) in group {
                let skipped = if tally.question.skips_terminating {
                    *terminating
                } else {
                    0
                };
                tally.change(*slot, all.saturating_sub(skipped), true);
            }
        }
        self.numbers.insert(tally.question.clone(), number);
        self.counted.push(tally);
        number
    }

    /// Forgets all answers: needed when labels of a namespace change, since scopes may select by them.
    pub fn forget(&mut self) {
        self.counted.clear();
        self.numbers.clear();
        self.index = LabelIndex::default();
    }
}
