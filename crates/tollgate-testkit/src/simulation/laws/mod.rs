//! What holds at every revision of a cluster's life, whatever goes wrong.

mod budgets;
mod collected;
mod footprint;
mod limits;
mod metadata;
mod nodes;
mod ordered;
mod placements;
mod placing;
mod pods;
mod quotas;
mod watches;
mod workloads;

pub(super) use footprint::{milli, of_containers};
pub(super) use placing::{refusal, stands_apart};
pub(crate) use watches::Watches;

use super::mirror::{Change, Mirror};
use tollgate_api::Timestamp;
use tollgate_controllers::driver::Cache;

/// What a law may know beside the objects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circumstances<'c> {
    /// How many answers to writes have been lost since the beginning: who does not know what they did may do it again.
    pub(crate) lost: u64,
    /// The controller that wrote; none if people did.
    pub(crate) worker: Option<&'static str>,
    /// What it knew: controllers may be late, but they go by nothing else.
    pub(crate) known: &'c Cache,
    /// The time of day.
    pub(crate) now: Timestamp,
}

/// A law.
pub(crate) trait Law: std::fmt::Debug {
    /// Judges one transaction. The mirror is as it is after it.
    fn judge(
        &mut self,
        mirror: &Mirror,
        changes: &[Change],
        circumstances: Circumstances<'_>,
    ) -> Result<(), String>;
}

/// All laws that speak of the store.
pub(crate) fn all() -> Vec<Box<dyn Law>> {
    vec![
        Box::new(metadata::Identity),
        Box::new(metadata::Namespaces),
        Box::new(collected::Owned),
        Box::new(pods::Lives),
        Box::new(pods::Security::default()),
        Box::new(pods::Addresses::default()),
        Box::new(quotas::Counts::default()),
        Box::new(quotas::Limits),
        Box::new(limits::Ranges),
        Box::new(nodes::Room::default()),
        Box::new(placements::Placements::default()),
        Box::new(budgets::Budgets),
        Box::new(ordered::Ordered::default()),
        Box::new(workloads::Sets::default()),
        Box::new(workloads::Rollouts::default()),
        Box::new(workloads::Runs::default()),
    ]
}

#[cfg(test)]
mod tests;
