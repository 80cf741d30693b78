//! How long a connection has been silent.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How long a stream into a pod may be silent, as upstream's may.
const IDLE_TIMEOUT: Duration = Duration::from_hours(4);

/// When something was last read or written.
#[derive(Debug)]
pub(super) struct Idle(Mutex<Instant>);

impl Default for Idle {
    fn default() -> Self {
        Self(Mutex::new(Instant::now()))
    }
}

impl Idle {
    /// Something was read or written.
    pub(super) fn touch(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Resolves once the silence has lasted too long.
    pub(super) async fn over(&self) {
        loop {
            let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let end = last.checked_add(IDLE_TIMEOUT).unwrap_or(last);
            if end <= Instant::now() {
                return;
            }
            sleep_until(end).await;
        }
    }
}
