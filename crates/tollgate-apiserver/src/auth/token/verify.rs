//! Whose token it is: signature, issuer, audience, time, and whether all it is bound to still exists.

use super::claims::{Claims, Reference};
use super::jwt::Unverified;
use super::key::{PublicKey, SigningKey};
use super::legacy::{self, LegacyUse};
use super::objects::Objects;
use super::shared_key::SharedKey;
use crate::auth::authenticate::{CREDENTIAL_ID, Identity, Token};
use compact_str::{CompactString, format_compact};
use tollgate_api::go_format::quote;
use tollgate_api::{Timestamp, UserInfo, Value};

/// How far clocks may be apart, and how long a deleted object's tokens still count.
const LEEWAY_SECONDS: i64 = 60;
/// The algorithms tokens may be signed with.
const ALGORITHMS: [&str; 4] = ["RS256", "ES256", "ES384", "ES512"];

/// Verifies tokens of service accounts.
#[derive(Debug, Clone, Default)]
pub struct Verifier {
    /// Whose tokens count. The first makes new ones.
    pub issuers: Vec<String>,
    /// The key that signs new ones.
    pub signing: Option<SharedKey>,
    /// With which other keys they may be signed.
    pub others: Vec<PublicKey>,
}

/// Why a token does not count, in upstream's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The words.
    pub why: String,
    /// That it was used nevertheless, if it is one of those that secrets keep.
    pub used: Option<Box<LegacyUse>>,
}

impl From<String> for Refusal {
    fn from(why: String) -> Self {
        Self { why, used: None }
    }
}

impl Verifier {
    /// Whose token it is, if it counts for one of `wanted`. None if it is not a token of these issuers at all; an error
    /// if it is, but does not count. A token that names no audience counts for `own`.
    pub fn identify(
        &self,
        token: &Token,
        own: &[CompactString],
        wanted: &[CompactString],
        now: Timestamp,
        objects: &dyn Objects,
    ) -> Result<Option<Identity>, Refusal> {
        let text = token.secret();
        let Some(token) = Unverified::parse(text) else {
            return Ok(None);
        };
        let issuer = token.payload.str_or_empty("iss");
        let is_legacy = issuer == legacy::ISSUER;
        let is_ours = is_legacy || self.issuers.iter().any(|ours| ours == issuer);
        if !is_ours || !ALGORITHMS.contains(&token.algorithm()) {
            return Ok(None);
        }
        self.check_signature(&token)?;
        let claims = Claims::read(&token.payload);
        let audiences = common_audiences(&claims, own, wanted)?;
        check_times(&claims, now)?;
        if is_legacy {
            return legacy(text, &token, audiences, objects).map(Some);
        }
        check_objects(&claims, now, objects)?;
        Ok(Some(Identity {
            user: user(&claims),
            audiences,
            used: None,
        }))
    }

    /// The keys that count, that of new tokens first.
    pub(super) fn keys(&self) -> impl Iterator<Item = &PublicKey> {
        let signing = self.signing.iter().filter_map(|key| key.wait().ok());
        signing.map(SigningKey::public).chain(&self.others)
    }

    fn check_signature(&self, token: &Unverified<'_>) -> Result<(), String> {
        let id = token.key_id();
        let mut keys = self
            .keys()
            .filter(|key| id.is_empty() || key.id() == id)
            .peekable();
        if keys.peek().is_none() {
            return Err("invalid signature, no keys found".to_owned());
        }
        if keys.any(|key| token.is_signed_by(key)) {
            Ok(())
        } else {
            Err("go-jose/go-jose: error in cryptographic primitive".to_owned())
        }
    }
}

/// Whose token it is that a secret keeps.
fn legacy(
    text: &str,
    token: &Unverified<'_>,
    audiences: Vec<CompactString>,
    objects: &dyn Objects,
) -> Result<Identity, Refusal> {
    let checked = legacy::check(text, token, objects);
    let used = checked.used;
    match checked.account {
        Err(why) => Err(Refusal {
            why,
            used: used.map(Box::new),
        }),
        Ok((namespace, account)) => {
            let mut user = UserInfo::service_account(&namespace, &account.name);
            user.uid = account.uid;
            Ok(Identity {
                user,
                audiences,
                used,
            })
        }
    }
}

fn common_audiences(
    claims: &Claims,
    own: &[CompactString],
    wanted: &[CompactString],
) -> Result<Vec<CompactString>, String> {
    let audiences = if claims.audiences.is_empty() {
        own
    } else {
        claims.audiences.as_slice()
    };
    let common: Vec<CompactString> = audiences
        .iter()
        .filter(|audience| wanted.contains(audience))
        .cloned()
        .collect();
    if common.is_empty() && !own.is_empty() {
        return Err(format!(
            "token audiences {} is invalid for the target audiences {}",
            quoted(audiences),
            quoted(wanted)
        ));
    }
    Ok(common)
}

fn quoted(texts: &[CompactString]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quote(text)).collect();
    format!("[{}]", texts.join(" "))
}

fn check_times(claims: &Claims, now: Timestamp) -> Result<(), String> {
    let latest = now.saturating_add_seconds(LEEWAY_SECONDS);
    let earliest = now.saturating_add_seconds(-LEEWAY_SECONDS);
    let fault = if claims.not_before.is_some_and(|time| latest < time) {
        "is not valid yet"
    } else if claims.expires.is_some_and(|time| earliest > time) {
        "has expired"
    } else if claims.issued.is_some_and(|time| latest < time) {
        "is issued in the future"
    } else {
        return Ok(());
    };
    Err(format!("service account token {fault}"))
}

/// The account must exist under the claimed id, and so must whatever the token is bound to.
fn check_objects(claims: &Claims, now: Timestamp, objects: &dyn Objects) -> Result<(), String> {
    let namespace = claims.namespace.as_str();
    let account = &claims.service_account;
    let found = objects
        .find("serviceaccounts", namespace, &account.name)
        .ok_or_else(|| format!("serviceaccounts {} not found", quote(&account.name)))?;
    let uid = Reference::to(&found).uid;
    if uid != account.uid {
        return Err(format!(
            "service account UID ({uid}) does not match claim ({})",
            account.uid
        ));
    }
    if was_deleted(&found, now) {
        return Err(format!(
            "service account {namespace}/{} has been deleted",
            account.name
        ));
    }
    let is_bound_to_node = claims.pod.is_none();
    let node = claims.node.as_ref().filter(|_| is_bound_to_node);
    let bound = [
        ("secret", "secrets", namespace, claims.secret.as_ref()),
        ("pod", "pods", namespace, claims.pod.as_ref()),
        ("node", "nodes", "", node),
    ];
    for (kind, resource, namespace, reference) in bound {
        let Some(reference) = reference else { continue };
        let invalidated = || "service account token has been invalidated".to_owned();
        let found = objects
            .find(resource, namespace, &reference.name)
            .ok_or_else(invalidated)?;
        let uid = Reference::to(&found).uid;
        if uid != reference.uid {
            return Err(format!(
                "{kind} UID ({uid}) does not match service account {kind} ref claim ({})",
                reference.uid
            ));
        }
        if was_deleted(&found, now) {
            return Err(invalidated());
        }
    }
    Ok(())
}

fn was_deleted(object: &Value, now: Timestamp) -> bool {
    let deleted = object.at(&["metadata", "deletionTimestamp"]);
    let deleted = deleted.and_then(Value::as_str).and_then(Timestamp::parse);
    deleted.is_some_and(|time| time < now.saturating_add_seconds(-LEEWAY_SECONDS))
}

fn user(claims: &Claims) -> UserInfo {
    let account = &claims.service_account;
    let mut user = UserInfo::service_account(&claims.namespace, &account.name);
    user.uid.clone_from(&account.uid);
    let mut insert = |key: &'static str, value: CompactString| {
        user.extra
            .insert(CompactString::const_new(key), vec![value]);
    };
    if !claims.id.is_empty() {
        insert(CREDENTIAL_ID, format_compact!("JTI={}", claims.id));
    }
    let is_whole = |pod: &&Reference| !pod.name.is_empty() && !pod.uid.is_empty();
    if let Some(pod) = claims.pod.as_ref().filter(is_whole) {
        insert("authentication.kubernetes.io/pod-name", pod.name.clone());
        insert("authentication.kubernetes.io/pod-uid", pod.uid.clone());
    }
    let is_named = |node: &&Reference| !node.name.is_empty();
    if let Some(node) = claims.node.as_ref().filter(is_named) {
        insert("authentication.kubernetes.io/node-name", node.name.clone());
        if !node.uid.is_empty() {
            insert("authentication.kubernetes.io/node-uid", node.uid.clone());
        }
    }
    user
}
