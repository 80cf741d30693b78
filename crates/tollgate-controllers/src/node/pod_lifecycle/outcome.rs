//! What a step of a pod's life leads to.

use super::events::PodEvent;
use std::collections::BTreeSet;
use tollgate_api::{Timestamp, Value};

/// What is to be done for a pod.
#[derive(Debug, Default, PartialEq)]
pub struct Step {
    /// The whole new status, if it is to be written.
    pub status: Option<Value>,
    /// What people are to be told, in order, once the status is written.
    pub events: Vec<PodEvent>,
    /// The pod is to be deleted, without grace, after that.
    pub delete: bool,
    /// When to look again, if nothing changes before.
    pub again_at: Option<Timestamp>,
    /// The pod waits for something that is not there: a ConfigMap, a Secret, room for a resize.
    pub waits: bool,
}

impl Step {
    /// Looks again at `time`, or earlier.
    pub(crate) fn look_again(&mut self, time: Timestamp) {
        let earliest = self.again_at.map_or(time, |known| known.min(time));
        self.again_at = Some(earliest);
    }
}

/// What was told of a pod once and is not told again. It is forgotten with the process, as a kubelet's is.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    told: BTreeSet<String>,
}

impl Memory {
    /// Whether nothing is remembered.
    pub(crate) fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// Whether this was not told before; it counts as told from now on.
    pub(crate) fn is_news(&mut self, what: String) -> bool {
        /// A container that is started again for years is told of again.
        const TOLD_MAX: usize = 1_000;
        if self.told.len() >= TOLD_MAX {
            self.told.clear();
        }
        self.told.insert(what)
    }
}
