//! How long plugins take.

use crate::metrics::{Bounds, Histogram, Page};
use std::time::Duration;
use tollgate_api::Operation;

const DURATIONS: Bounds = &[
    (0.005, "0.005"),
    (0.025, "0.025"),
    (0.1, "0.1"),
    (0.5, "0.5"),
    (1.0, "1"),
    (2.5, "2.5"),
];
const OPERATIONS: [Operation; 4] = [
    Operation::Connect,
    Operation::Create,
    Operation::Delete,
    Operation::Update,
];

/// What a plugin does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It may change the object.
    Admit,
    /// It judges.
    Validate,
}

impl Step {
    const ALL: [Self; 2] = [Self::Admit, Self::Validate];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Admit => "admit",
            Self::Validate => "validate",
        }
    }
}

/// The durations of one plugin, or of all together: for each operation and step, of requests that passed and of others.
#[derive(Debug)]
pub(super) struct Timings(Vec<(Operation, Step, bool, Histogram)>);

impl Default for Timings {
    fn default() -> Self {
        let mut all = Vec::new();
        for operation in OPERATIONS {
            for rejected in [false, true] {
                for step in Step::ALL {
                    all.push((operation, step, rejected, Histogram::new(DURATIONS)));
                }
            }
        }
        Self(all)
    }
}

impl Timings {
    pub(super) fn observe(&self, operation: Operation, step: Step, rejected: bool, took: Duration) {
        let mut all = self.0.iter();
        let found =
            all.find(|(known, of, is, _)| (*known, *of, *is) == (operation, step, rejected));
        if let Some((.., histogram)) = found {
            histogram.observe(took);
        }
    }

    /// Writes down what was seen; `plugin` is the first label, if it is about one.
    pub(super) fn write(&self, name: &str, plugin: Option<&str>, page: &mut Page) {
        for (operation, step, rejected, histogram) in &self.0 {
            if histogram
                .counts()
                .last()
                .is_none_or(|(_, count)| count == 0)
            {
                continue;
            }
            let rejected = if *rejected { "true" } else { "false" };
            let mut labels = Vec::from_iter(plugin.map(|plugin| ("name", plugin)));
            labels.extend([
                ("operation", operation.as_str()),
                ("rejected", rejected),
                ("type", step.as_str()),
            ]);
            page.histogram(name, &labels, histogram);
        }
    }
}
