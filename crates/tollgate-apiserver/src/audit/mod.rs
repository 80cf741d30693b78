//! Auditing: who asked for what, and what came of it, as events of `audit.k8s.io/v1`.
//!
//! [`Policy`] says how much is told of which request. A [`Trail`] follows one request and takes in what the layers know
//! of it; at each stage it hands an event, as text, to the [`Queue`]. Whoever has the other end, [`Lines`], writes
//! them down: this crate knows no file.

mod event;
mod policy;
mod queue;
mod read;
mod trail;

pub use event::{Format, Received};
pub use policy::{Level, Policy, Stage, Stages, Verdict};
pub use queue::{Line, Lines, Mode, Queue, queue};
pub use read::PolicyError;
pub use trail::{Closing, NO_TRAIL, Trail};

use crate::environment::Environment;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Everything that trails share.
#[derive(Debug)]
pub struct Auditor {
    policy: Policy,
    queue: Queue,
    format: Format,
    environment: Arc<dyn Environment>,
    counts: Counts,
}

/// What was counted of events.
#[derive(Debug, Default)]
struct Counts {
    events: AtomicU64,
    levels: [AtomicU64; 4],
}

impl Auditor {
    /// One that judges by `policy` and writes to `queue`.
    pub fn new(
        policy: Policy,
        queue: Queue,
        format: Format,
        environment: Arc<dyn Environment>,
    ) -> Self {
        Self {
            policy,
            queue,
            format,
            environment,
            counts: Counts::default(),
        }
    }

    /// How many events there were.
    pub fn events(&self) -> u64 {
        self.counts.events.load(Ordering::Relaxed)
    }

    /// How many events were lost: because there was no room for them, or because they could not be written.
    pub fn lost(&self) -> u64 {
        self.queue.lost()
    }

    /// How many requests were judged to be told of at each level.
    pub fn levels(&self) -> impl Iterator<Item = (Level, u64)> {
        let counts = self.counts.levels.iter();
        Level::ALL
            .into_iter()
            .zip(counts.map(|count| count.load(Ordering::Relaxed)))
    }

    fn count_level(&self, level: Level) {
        for (known, count) in Level::ALL.into_iter().zip(&self.counts.levels) {
            if known == level {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests;
