//! What is still owed when a request is over, however late and in whatever way it ends.

use crate::audit::Closing;
use crate::metrics::LongRunning;
use std::sync::{Mutex, PoisonError};

/// Kept as long as a request goes on: what tells the audit log of its end, and what counts it as open if it is a stream.
#[derive(Debug, Default)]
pub struct Ending {
    closing: Closing,
    open: Option<LongRunning>,
}

impl Ending {
    /// The end of a request that is told of by `closing` and counted by `open`.
    pub(super) fn new(closing: Closing, open: Option<LongRunning>) -> Self {
        Self { closing, open }
    }

    /// The request is over now.
    pub(super) async fn close(self) {
        drop(self.open);
        self.closing.close().await;
    }
}

/// The ending of a request, until whoever goes on longest takes it.
#[derive(Debug, Default)]
pub(super) struct Owed(Mutex<Ending>);

impl Owed {
    /// Owes this from now on.
    pub(super) fn owe(&self, ending: Ending) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = ending;
    }

    /// Takes it; for whoever comes later there is nothing left to do.
    pub(super) fn take(&self) -> Ending {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
