//! What holds at every revision of a cluster's life, whatever goes wrong.

mod footprint;
mod nodes;
mod pods;
mod quotas;
mod watches;
mod workloads;

pub(super) use footprint::of_containers;
pub(crate) use watches::Watches;

use super::mirror::{Change, Mirror};

/// What a law may know beside the objects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circumstances {
    /// How many answers to writes have been lost since the beginning: who does not know what they did may do it again.
    pub(crate) lost: u64,
}

/// A law.
pub(crate) trait Law: std::fmt::Debug {
    /// Judges one transaction. The mirror is as it is after it.
    fn judge(
        &mut self,
        mirror: &Mirror,
        changes: &[Change],
        circumstances: Circumstances,
    ) -> Result<(), String>;
}

/// All laws that speak of the store.
pub(crate) fn all() -> Vec<Box<dyn Law>> {
    vec![
        Box::new(pods::Lives),
        Box::new(pods::Security::default()),
        Box::new(pods::Addresses::default()),
        Box::new(quotas::Counts::default()),
        Box::new(quotas::Limits),
        Box::new(nodes::Room::default()),
        Box::new(workloads::Sets::default()),
        Box::new(workloads::Rollouts::default()),
        Box::new(workloads::Runs::default()),
    ]
}
