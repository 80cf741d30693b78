//! What Pod Security counts of its decisions.

use super::review::Review;
use crate::metrics::Page;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tollgate_policy::pod_security::Metric;

/// Names and texts.
type Labels = Vec<(&'static str, String)>;

/// The counters.
#[derive(Debug, Default)]
pub(crate) struct PodSecurityCounts(Mutex<BTreeMap<(&'static str, Labels), u64>>);

const EVALUATIONS: &str = "pod_security_evaluations_total";
const EXEMPTIONS: &str = "pod_security_exemptions_total";
const ERRORS: &str = "pod_security_errors_total";

impl PodSecurityCounts {
    fn counts(&self) -> MutexGuard<'_, BTreeMap<(&'static str, Labels), u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what a decision counts.
    pub(super) fn count(&self, review: &Review<'_>, metrics: &[Metric]) {
        for metric in metrics {
            let (name, mut labels) = labels(metric, review);
            let attributes = &review.attributes;
            let resource = attributes.resource;
            let operation = Metric::operation_label(attributes.operation);
            let resource = Metric::resource_label(&resource.group, &resource.resource);
            labels.extend([
                ("request_operation", operation.to_owned()),
                ("resource", resource.to_owned()),
                ("subresource", attributes.subresource.to_owned()),
            ]);
            let mut counts = self.counts();
            let count = counts.entry((name, labels)).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// Writes them down.
    pub(crate) fn write(&self, page: &mut Page) {
        let counts = self.counts();
        for (name, help) in [
            (
                ERRORS,
                "Requests that Pod Security could not judge as it should.",
            ),
            (EVALUATIONS, "Pods that were judged, by policy and outcome."),
            (EXEMPTIONS, "Requests that no policy applies to."),
        ] {
            page.begin(name, "counter", help);
            for ((_, labels), count) in counts.iter().filter(|((of, _), _)| *of == name) {
                let labels: Vec<(&str, &str)> = labels
                    .iter()
                    .map(|(name, text)| (*name, text.as_str()))
                    .collect();
                page.sample(name, &labels, count);
            }
        }
    }
}

fn labels(metric: &Metric, review: &Review<'_>) -> (&'static str, Labels) {
    match metric {
        Metric::Evaluation {
            allowed,
            policy,
            mode,
        } => {
            let decision = if *allowed { "allow" } else { "deny" };
            let labels = vec![
                ("decision", decision.to_owned()),
                ("mode", mode.as_str().to_owned()),
                ("policy_level", policy.level.as_str().to_owned()),
                ("policy_version", policy.metric_version(review.release)),
            ];
            (EVALUATIONS, labels)
        }
        Metric::Exemption => (EXEMPTIONS, Vec::new()),
        Metric::Error { fatal } => (ERRORS, vec![("fatal", fatal.to_string())]),
    }
}
