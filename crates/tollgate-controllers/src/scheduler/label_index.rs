//! Finds the selectors that may match some labels without asking each of them.

use super::selector::{Labels, Scope};
use std::collections::{BTreeMap, BTreeSet};
use tollgate_api::value::CompactString;

/// Numbers of selectors, by a label that everything they select has.
#[derive(Debug, Clone, Default)]
pub(super) struct LabelIndex {
    fixed: BTreeMap<(CompactString, CompactString), BTreeSet<usize>>,
    /// Selectors without such a label.
    loose: BTreeSet<usize>,
}

impl LabelIndex {
    /// Adds a selector.
    pub(super) fn insert(&mut self, scope: &Scope, number: usize) {
        match scope.selector.fixed_label() {
            Some((key, value)) => {
                let label = (key.into(), value.into());
                self.fixed.entry(label).or_default().insert(number);
            }
            None => {
                self.loose.insert(number);
            }
        }
    }

    /// Removes a selector.
    pub(super) fn remove(&mut self, scope: &Scope, number: usize) {
        let Some((key, value)) = scope.selector.fixed_label() else {
            self.loose.remove(&number);
            return;
        };
        let label = (key.into(), value.into());
        if let Some(numbers) = self.fixed.get_mut(&label) {
            numbers.remove(&number);
            if numbers.is_empty() {
                self.fixed.remove(&label);
            }
        }
    }

    /// The numbers of all selectors that may match; each number once.
    pub(super) fn candidates(&self, labels: &Labels) -> impl Iterator<Item = usize> {
        let fixed = labels.iter().filter_map(|label| self.fixed.get(label));
        fixed.flatten().chain(&self.loose).copied()
    }
}
