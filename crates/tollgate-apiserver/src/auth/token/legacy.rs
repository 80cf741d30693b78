//! Tokens that are kept in secrets: they name no audience and no end, and count for as long as their secret has them.
//!
//! Upstream: `pkg/serviceaccount/legacy.go`

use super::claims::Reference;
use super::jwt::{self, Unverified};
use super::objects::Objects;
use super::shared_key::SharedKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use compact_str::CompactString;
use ring::rand::SystemRandom;
use tollgate_api::go_format::quote;
use tollgate_api::token_maker::{NoToken, SecretToken, TokenMaker};
use tollgate_api::{Object, Value};

/// Whom such tokens name as their issuer, whatever the issuer of others is.
pub(super) const ISSUER: &str = "kubernetes/serviceaccount";

const ACCOUNT_NAME: &str = "kubernetes.io/serviceaccount/service-account.name";
const ACCOUNT_UID: &str = "kubernetes.io/serviceaccount/service-account.uid";
const SECRET: &str = "kubernetes.io/serviceaccount/secret.name";
const NAMESPACE: &str = "kubernetes.io/serviceaccount/namespace";

/// The label of a secret whose token does not count any more.
const INVALID_SINCE: &str = "kubernetes.io/legacy-token-invalid-since";
/// The label of a secret that says on which day its token was used last.
pub(crate) const LAST_USED: &str = "kubernetes.io/legacy-token-last-used";

/// That the token of a secret was used, whether it counts or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyUse {
    /// The namespace of the secret and the account.
    pub namespace: CompactString,
    /// The secret.
    pub secret: Reference,
    /// The account.
    pub account: CompactString,
    /// The day on which it was used last, as far as the secret says.
    pub last_used: CompactString,
    /// Whether a controller made the secret unasked: its account names it.
    pub is_auto_generated: bool,
    /// Whether it does not count because it was not used for too long.
    pub is_invalid: bool,
}

/// What such a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Claims {
    namespace: CompactString,
    account: Reference,
    secret: CompactString,
}

impl Claims {
    fn read(payload: &Value) -> Result<Self, &'static str> {
        let needed = |key: &str, fault: &'static str| {
            let text = payload.str_or_empty(key);
            (!text.is_empty()).then_some(text).ok_or(fault)
        };
        let subject = needed("sub", "sub claim is missing")?;
        let namespace = needed(NAMESPACE, "namespace claim is missing")?;
        let secret = needed(SECRET, "secretName claim is missing")?;
        let name = needed(ACCOUNT_NAME, "serviceAccountName claim is missing")?;
        let uid = needed(ACCOUNT_UID, "serviceAccountUID claim is missing")?;
        if subject != format!("system:serviceaccount:{namespace}:{name}") {
            return Err("sub claim is invalid");
        }
        Ok(Self {
            namespace: namespace.into(),
            account: Reference {
                name: name.into(),
                uid: uid.into(),
            },
            secret: secret.into(),
        })
    }
}

/// Whose token it is, and that it was used; the use is told even if the token does not count, once its secret is known.
#[derive(Debug)]
pub(super) struct Checked {
    /// The namespace and the account, or why the token does not count.
    pub(super) account: Result<(CompactString, Reference), String>,
    pub(super) used: Option<LegacyUse>,
}

impl From<String> for Checked {
    fn from(error: String) -> Self {
        Self {
            account: Err(error),
            used: None,
        }
    }
}

/// Checks a token whose signature has been verified against what is stored.
pub(super) fn check(text: &str, token: &Unverified<'_>, objects: &dyn Objects) -> Checked {
    match find(text, token, objects) {
        Err(error) => error.into(),
        Ok((claims, used)) if used.is_invalid => {
            let namespace = &claims.namespace;
            let (secret, account) = (&claims.secret, &claims.account.name);
            let why = format!(
                "the token in secret {namespace}/{secret} for service account {namespace}/{account} has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '{INVALID_SINCE}' label from the secret to temporarily allow use of this token"
            );
            Checked {
                account: Err(why),
                used: Some(used),
            }
        }
        Ok((claims, used)) => Checked {
            account: Ok((claims.namespace, claims.account)),
            used: Some(used),
        },
    }
}

fn find(
    text: &str,
    token: &Unverified<'_>,
    objects: &dyn Objects,
) -> Result<(Claims, LegacyUse), String> {
    let claims = Claims::read(&token.payload)?;
    let namespace = claims.namespace.as_str();
    let is_being_deleted = |object: &Value| object.at(&["metadata", "deletionTimestamp"]).is_some();
    let secret = objects
        .find("secrets", namespace, &claims.secret)
        .filter(|secret| !is_being_deleted(secret))
        .ok_or("Token has been invalidated")?;
    let kept = secret.at(&["data", "token"]).and_then(Value::as_str);
    let kept = kept.and_then(|kept| STANDARD.decode(kept).ok());
    if kept.as_deref() != Some(text.as_bytes()) {
        return Err("Token does not match server's copy".to_owned());
    }
    let name = claims.account.name.as_str();
    let account = objects
        .find("serviceaccounts", namespace, name)
        .ok_or_else(|| format!("serviceaccounts {} not found", quote(name)))?;
    if is_being_deleted(&account) {
        return Err(format!(
            "ServiceAccount {namespace}/{name} has been deleted"
        ));
    }
    let uid = Reference::to(&account).uid;
    if uid != claims.account.uid {
        let claimed = &claims.account.uid;
        return Err(format!(
            "ServiceAccount UID ({uid}) does not match claim ({claimed})"
        ));
    }
    let label = |key: &str| {
        let label = secret.at(&["metadata", "labels", key]);
        CompactString::new(label.and_then(Value::as_str).unwrap_or_default())
    };
    let mut named = account.items("secrets").iter();
    let used = LegacyUse {
        namespace: claims.namespace.clone(),
        secret: Reference::to(&secret),
        account: claims.account.name.clone(),
        last_used: label(LAST_USED),
        is_auto_generated: named.any(|named| named.str("name") == Some(&claims.secret)),
        is_invalid: !label(INVALID_SINCE).is_empty(),
    };
    Ok((claims, used))
}

/// Makes tokens that are kept in secrets.
#[derive(Debug, Clone)]
pub struct SecretTokens {
    /// The key that signs them.
    pub key: SharedKey,
}

impl TokenMaker for SecretTokens {
    fn secret_token(&self, of: &SecretToken<'_>) -> Result<String, NoToken> {
        let mut claims = Object::new();
        claims.insert("iss", ISSUER);
        claims.insert(NAMESPACE, of.namespace);
        claims.insert(SECRET, of.secret);
        claims.insert(ACCOUNT_NAME, of.account);
        claims.insert(ACCOUNT_UID, of.account_uid);
        let subject = format!("system:serviceaccount:{}:{}", of.namespace, of.account);
        claims.insert("sub", subject);
        let key = self.key.wait();
        let token = key.and_then(|key| jwt::sign(key, &Value::from(claims), &SystemRandom::new()));
        match token {
            Ok(token) => Ok(token.secret().to_owned()),
            Err(why) => Err(NoToken(why.to_string())),
        }
    }
}
