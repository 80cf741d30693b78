//! What a run ends with: counts, and how full the quotas would be.

use std::collections::BTreeSet;
use tollgate_api::Quantity;

/// The end of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    /// Files that were read.
    pub files: usize,
    /// Objects that were judged.
    pub objects: usize,
    /// Pods that these objects stand for: 5 for a Deployment with 5 replicas.
    pub pods: u64,
    /// Objects of which something is refused.
    pub refused: usize,
    /// Findings of level warning.
    pub warnings: usize,
    /// Documents and files that could not be judged.
    pub broken: usize,
    /// Objects of unknown kinds.
    pub skipped: usize,
    /// The unknown kinds that were reported, with their API versions.
    pub unknown_kinds: BTreeSet<(String, String)>,
    /// The quotas of each namespace that has any, by name.
    pub namespaces: Vec<NamespaceQuotas>,
}

/// The quotas of one namespace after everything that fits is in.
#[derive(Debug, Clone, PartialEq)]
pub struct NamespaceQuotas {
    /// The namespace.
    pub namespace: String,
    /// Every key of every quota, by quota and key.
    pub bars: Vec<QuotaBar>,
}

/// One key of one quota.
#[derive(Debug, Clone, PartialEq)]
pub struct QuotaBar {
    /// The quota's name.
    pub quota: String,
    /// `requests.cpu`
    pub key: String,
    /// What is used when everything that fits is in.
    pub used: Quantity,
    /// What is used while the largest single rolling update is at its peak, if that is more than `used`.
    pub peak: Option<Quantity>,
    /// The limit.
    pub hard: Quantity,
}

impl QuotaBar {
    /// How full it is, in percent, rounded down; 0 of 0 is full.
    pub fn percent(&self) -> u64 {
        percent(&self.used, &self.hard)
    }

    /// How full it is at the peak of a rollout.
    pub fn peak_percent(&self) -> Option<u64> {
        self.peak.as_ref().map(|peak| percent(peak, &self.hard))
    }
}

fn percent(used: &Quantity, hard: &Quantity) -> u64 {
    if hard.sign() <= 0 {
        return if used.sign() > 0 || hard.is_zero() {
            100
        } else {
            0
        };
    }
    let ratio = used.approximate() / hard.approximate() * 100.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float is cut off at the ends of the integer"
    )]
    let percent = ratio.max(0.0) as u64;
    percent
}
