//! Tokens of service accounts: made, verified, and the documents with which others verify them.

mod claims;
pub mod discovery;
mod jwt;
mod key;
mod legacy;
mod objects;
pub mod request;
mod shared_key;
#[cfg(test)]
pub(super) mod tests;
mod verify;

pub use claims::{Claims, Reference};
pub use key::{KeyError, PublicKey, SigningKey};
pub(crate) use legacy::LAST_USED;
pub use legacy::{LegacyUse, SecretTokens};
pub use objects::Objects;
pub use shared_key::SharedKey;
pub use verify::{Refusal, Verifier};
