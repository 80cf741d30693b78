//! JSON Web Tokens in their compact form: header, payload and signature, each in base64, joined by dots.

use super::key::{KeyError, PublicKey, SigningKey};
use crate::auth::authenticate::Token;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SecureRandom;
use tollgate_api::{Object, Value, json};

/// A token whose signature nobody has looked at yet.
pub(super) struct Unverified<'t> {
    /// What is signed.
    message: &'t str,
    header: Value,
    /// What it says; not to be trusted.
    pub(super) payload: Value,
    signature: Vec<u8>,
}

impl<'t> Unverified<'t> {
    /// Takes a token apart; none if it is none.
    pub(super) fn parse(token: &'t str) -> Option<Self> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, payload) = message.split_once('.')?;
        if payload.contains('.') {
            return None;
        }
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
        let object = |text| json::from_slice(&decode(text)?).ok().filter(is_object);
        Some(Self {
            message,
            header: object(header)?,
            payload: object(payload)?,
            signature: decode(signature)?,
        })
    }

    /// The key that signed it, by its own account; empty if it does not say.
    pub(super) fn key_id(&self) -> &str {
        self.header.str_or_empty("kid")
    }

    /// The algorithm of the signature, by its own account.
    pub(super) fn algorithm(&self) -> &str {
        self.header.str_or_empty("alg")
    }

    /// Whether `key` signed it. The key decides on the algorithm, not the token.
    pub(super) fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.algorithm() == key.algorithm()
            && key.verifies(self.message.as_bytes(), &self.signature)
    }
}

fn is_object(value: &Value) -> bool {
    value.as_object().is_some()
}

/// Signs `payload`.
pub(super) fn sign(
    key: &SigningKey,
    payload: &Value,
    random: &dyn SecureRandom,
) -> Result<Token, KeyError> {
    let mut header = Object::new();
    header.insert("alg", key.public().algorithm());
    header.insert("kid", key.public().id());
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(json::to_string(value));
    let message = format!("{}.{}", encode(&Value::from(header)), encode(payload));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes(), random)?);
    Ok(Token::new(format!("{message}.{signature}")))
}
