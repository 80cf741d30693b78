//! How often something may happen.

use crate::moment;
use std::time::Duration;
use tollgate_api::Timestamp;

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rate {
    /// Not at all.
    Never,
    /// Once in that time.
    OneEach(Duration),
}

/// A bucket of one token.
#[derive(Debug)]
pub(super) struct Limiter {
    rate: Rate,
    /// Since when the bucket is empty; none if it is full.
    taken: Option<Timestamp>,
}

impl Limiter {
    /// A full bucket.
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, taken: None }
    }

    /// How long it takes until the token is there; none if it never comes.
    pub(super) fn wait(&self, now: Timestamp) -> Option<Duration> {
        let Rate::OneEach(time) = self.rate else {
            return None;
        };
        let Some(taken) = self.taken else {
            return Some(Duration::ZERO);
        };
        // A clock that was set back must not hold anything up for longer than the whole time.
        let passed = moment::until(now, taken);
        Some(time.saturating_sub(passed))
    }

    /// Takes the token, if it is there.
    pub(super) fn accepts(&mut self, now: Timestamp) -> bool {
        let is_there = self.wait(now) == Some(Duration::ZERO);
        if is_there {
            self.taken = Some(now);
        }
        is_there
    }

    /// From now on another rate counts. Who has to wait now waits on.
    pub(super) fn swap(&mut self, rate: Rate, now: Timestamp) {
        if self.rate == rate {
            return;
        }
        let waits = self.wait(now) != Some(Duration::ZERO);
        *self = Self {
            rate,
            taken: waits.then_some(now),
        };
    }
}
