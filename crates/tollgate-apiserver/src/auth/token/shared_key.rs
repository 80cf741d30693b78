//! The key that signs tokens, which may still be in the making: a server serves before it can make tokens, and whoever
//! asks for one meanwhile waits.

use super::key::{KeyError, SigningKey};
use std::sync::{Arc, OnceLock};

/// A key that signers and verifiers share.
#[derive(Debug, Clone, Default)]
pub struct SharedKey(Arc<OnceLock<Result<SigningKey, KeyError>>>);

impl SharedKey {
    /// A key that somebody will [`Self::set`].
    pub fn pending() -> Self {
        Self::default()
    }

    /// Ends the making. What is set first stays.
    pub fn set(&self, made: Result<SigningKey, KeyError>) {
        // Nobody sets twice, and who did would have lost.
        let _ = self.0.set(made);
    }

    /// The key, as soon as it is there. A thread waits; the making takes a fraction of a second, once in the life of a
    /// cluster.
    pub fn wait(&self) -> Result<&SigningKey, KeyError> {
        self.0.wait().as_ref().map_err(|error| *error)
    }
}

impl From<SigningKey> for SharedKey {
    fn from(key: SigningKey) -> Self {
        let shared = Self::pending();
        shared.set(Ok(key));
        shared
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::tests::p256_key;
    use super::*;

    #[test]
    fn whoever_needs_a_key_in_the_making_waits_for_it() {
        let shared = SharedKey::pending();
        let key = p256_key();
        let id = key.public().id().to_owned();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| shared.wait().unwrap().public().id().to_owned());
            shared.clone().set(Ok(key));
            assert_eq!(waiting.join().unwrap(), id);
        });
        let failed = SharedKey::pending();
        failed.set(Err(KeyError::NotMade));
        assert_eq!(failed.wait().unwrap_err(), KeyError::NotMade);
    }
}
