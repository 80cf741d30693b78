//! What a transaction gives: a revision, and a promise of durability.

use super::{Revision, StoreError};
use tokio::sync::oneshot;

/// A transaction that is in order but may not be durable yet.
#[derive(Debug)]
pub struct Receipt {
    revision: Revision,
    durable: Option<oneshot::Receiver<Result<(), StoreError>>>,
}

impl Receipt {
    /// A transaction that is durable already, or wrote nothing.
    pub fn done(revision: Revision) -> Self {
        Self {
            revision,
            durable: None,
        }
    }

    /// A transaction that is durable when `durable` says so.
    pub fn pending(revision: Revision, durable: oneshot::Receiver<Result<(), StoreError>>) -> Self {
        Self {
            revision,
            durable: Some(durable),
        }
    }

    /// The revision; nobody may be told before [`Self::durable`] has returned.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// Waits until the transaction is durable and visible to readers.
    pub async fn durable(self) -> Result<Revision, StoreError> {
        if let Some(durable) = self.durable {
            durable.await.unwrap_or(Err(StoreError::Closed))?;
        }
        Ok(self.revision)
    }

    /// The same for threads that are not asynchronous.
    pub fn wait(self) -> Result<Revision, StoreError> {
        if let Some(durable) = self.durable {
            durable.blocking_recv().unwrap_or(Err(StoreError::Closed))?;
        }
        Ok(self.revision)
    }
}
