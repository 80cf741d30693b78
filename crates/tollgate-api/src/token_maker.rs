//! Who makes tokens that are kept in secrets: the port between controllers and the key that signs them.

use std::fmt::Debug;

/// For whom a token is, and which secret keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretToken<'a> {
    /// The namespace of both.
    pub namespace: &'a str,
    /// The name of the service account.
    pub account: &'a str,
    /// The unique id of the service account.
    pub account_uid: &'a str,
    /// The name of the secret.
    pub secret: &'a str,
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("failed to generate token: {0}")]
pub struct NoToken(pub String);

/// Makes tokens.
pub trait TokenMaker: Debug + Send + Sync + 'static {
    /// A token that counts for as long as the secret has it and the account is there.
    fn secret_token(&self, of: &SecretToken<'_>) -> Result<String, NoToken>;
}
