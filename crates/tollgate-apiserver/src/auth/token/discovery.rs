//! The two documents with which others verify this server's tokens, open to whoever may get their paths.

use super::key::PublicKey;
use super::verify::Verifier;
use std::collections::BTreeSet;
use tollgate_api::{Object, Value, json};

/// The path of [`configuration`].
pub const CONFIGURATION_PATH: &str = "/.well-known/openid-configuration";
/// The path of [`keys`].
pub const KEYS_PATH: &str = "/openid/v1/jwks";
/// The media type of [`configuration`].
pub const CONFIGURATION_TYPE: &str = "application/json";
/// The media type of [`keys`], and the only one it is given in.
pub const KEYS_TYPE: &str = "application/jwk-set+json";
/// How long both may be kept: the `Cache-Control` header.
pub const CACHE_CONTROL: &str = "public, max-age=3600";

/// The configuration document: who issues tokens, and where their keys are. Upstream gives none if the issuer is no
/// `https` address without query and fragment.
pub fn configuration(verifier: &Verifier, keys_address: &str) -> Option<String> {
    let issuer = verifier.issuers.first()?;
    if !issuer.starts_with("https://") || issuer.contains(['?', '#']) {
        return None;
    }
    let algorithms: BTreeSet<&str> = verifier.keys().map(PublicKey::algorithm).collect();
    let list =
        |texts: &mut dyn Iterator<Item = &str>| Value::Array(texts.map(Value::from).collect());
    let mut document = Object::new();
    document.insert("issuer", issuer.as_str());
    document.insert("jwks_uri", keys_address);
    document.insert(
        "response_types_supported",
        list(&mut ["id_token"].into_iter()),
    );
    document.insert("subject_types_supported", list(&mut ["public"].into_iter()));
    document.insert(
        "id_token_signing_alg_values_supported",
        list(&mut algorithms.into_iter()),
    );
    Some(json::to_string(&Value::from(document)))
}

/// The set of public keys.
pub fn keys(verifier: &Verifier) -> String {
    let keys = verifier.keys().map(PublicKey::to_jwk);
    let mut document = Object::new();
    document.insert("keys", Value::Array(keys.collect()));
    json::to_string(&Value::from(document))
}
