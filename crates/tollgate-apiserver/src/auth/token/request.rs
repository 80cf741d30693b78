//! TokenRequest: a token for a service account, perhaps bound to an object with which it ends.

use super::claims::{Claims, Reference};
use super::jwt;
use super::objects::Objects;
use super::shared_key::SharedKey;
use crate::auth::authenticate::Token;
use crate::error;
use compact_str::CompactString;
use ring::rand::SecureRandom;
use std::fmt;
use tollgate_api::field::{self, Path};
use tollgate_api::go_format::quote;
use tollgate_api::{GroupResource, Status, Timestamp, Value};

const GROUP: &str = "authentication.k8s.io";
const KIND: &str = "TokenRequest";
/// What is asked for if nothing is.
const EXPIRATION_SECONDS: i64 = 3_600;
const EXPIRATION_SECONDS_MIN: i64 = 600;
const EXPIRATION_SECONDS_MAX: i64 = 1 << 32;
/// Projected volumes ask for this, which marks tokens that clients may use beyond their time.
const EXTENDED_SECONDS: i64 = 3_607;
/// So long such tokens count.
const EXTENSION_SECONDS: i64 = 365 * 24 * 3_600;

/// Makes tokens.
#[derive(Debug)]
pub struct Issuer {
    /// The issuer tokens name.
    pub name: String,
    /// The key that signs them.
    pub key: SharedKey,
    /// The audiences of tokens for which none are asked: this server's own.
    pub audiences: Vec<CompactString>,
    /// The longest time a token may count; longer ones are shortened. None for no bound but the API's.
    pub expiration_seconds_max: Option<i64>,
    /// Whether tokens of projected volumes count for a year and are only noted after their time.
    pub extends_expiration: bool,
}

/// A request for a token, and what it takes to answer it.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The account's namespace, from the path.
    pub namespace: &'a str,
    /// The account's name, from the path.
    pub name: &'a str,
    /// The TokenRequest, decoded.
    pub object: &'a Value,
    /// The time.
    pub now: Timestamp,
    /// A new unique id for the answer's metadata.
    pub uid: &'a str,
    /// A new unique id for the token.
    pub token_id: &'a str,
    /// Stored objects.
    pub objects: &'a dyn Objects,
    /// Random numbers for the signature.
    pub random: &'a dyn SecureRandom,
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Request");
        out.field("namespace", &self.namespace);
        out.field("name", &self.name).finish_non_exhaustive()
    }
}

/// The answer to a TokenRequest.
#[derive(Clone)]
pub struct Issued {
    /// The TokenRequest with its status, and so with the token: not for logs.
    pub object: Value,
    /// Texts for the `Warning` header.
    pub warnings: Vec<String>,
    /// What the audit log notes under `authentication.kubernetes.io/issued-credential-id`.
    pub credential_id: String,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Issued");
        out.field("credential_id", &self.credential_id)
            .finish_non_exhaustive()
    }
}

/// To what a token is bound.
#[derive(Debug, Default)]
struct Binding {
    pod: Option<Reference>,
    secret: Option<Reference>,
    node: Option<Reference>,
}

impl Issuer {
    /// Answers a TokenRequest, or says why not. A dry run gives a token, too.
    pub fn answer(&self, request: &Request<'_>) -> Result<Issued, Status> {
        check_metadata(request)?;
        let account = request
            .objects
            .find("serviceaccounts", request.namespace, request.name)
            .ok_or_else(|| not_found("serviceaccounts", request.name))?;
        let spec = request.object.get("spec").unwrap_or(&Value::Null);
        let mut expiration = spec.int("expirationSeconds").unwrap_or(EXPIRATION_SECONDS);
        validate(expiration)?;
        let binding = match spec.get("boundObjectRef") {
            Some(reference) => bind(request, reference)?,
            None => Binding::default(),
        };
        let asked = spec.items("audiences").iter().filter_map(Value::as_str);
        let mut audiences: Vec<CompactString> = asked.map(CompactString::from).collect();
        if audiences.is_empty() {
            audiences.clone_from(&self.audiences);
        }
        let mut warnings = Vec::new();
        if let Some(max) = self.expiration_seconds_max.filter(|max| expiration > *max) {
            warnings.push(format!(
                "requested expiration of {expiration} seconds shortened to {max} seconds"
            ));
            expiration = max;
        }
        let is_own = audiences
            .iter()
            .all(|audience| self.audiences.contains(audience));
        let is_extended = self.extends_expiration
            && binding.pod.is_some()
            && expiration == EXTENDED_SECONDS
            && is_own;
        let after = |seconds| request.now.saturating_add_seconds(seconds);
        let claims = Claims {
            issuer: self.name.clone(),
            subject: format!(
                "system:serviceaccount:{}:{}",
                request.namespace, request.name
            ),
            audiences: audiences.clone(),
            expires: Some(after(if is_extended {
                EXTENSION_SECONDS
            } else {
                expiration
            })),
            not_before: Some(request.now),
            issued: Some(request.now),
            id: request.token_id.into(),
            namespace: request.namespace.into(),
            service_account: Reference::to(&account),
            pod: binding.pod,
            secret: binding.secret,
            node: binding.node,
            warn_after: is_extended.then(|| after(expiration)),
        };
        let key = self.key.wait();
        let token = key
            .and_then(|key| jwt::sign(key, &claims.written(), request.random))
            .map_err(|why| Status::internal(format!("failed to generate token: {why}")))?;
        Ok(Issued {
            object: filled(request, &audiences, expiration, &token),
            warnings,
            credential_id: format!("JTI={}", request.token_id),
        })
    }
}

/// The request with everything that is not asked for but decided.
fn filled(
    request: &Request<'_>,
    audiences: &[CompactString],
    expiration: i64,
    token: &Token,
) -> Value {
    let mut object = request.object.clone();
    object.set("kind", KIND);
    object.set("apiVersion", "authentication.k8s.io/v1");
    let metadata = object.child_mut("metadata");
    metadata.set("name", request.name);
    metadata.set("namespace", request.namespace);
    metadata.set("uid", request.uid);
    metadata.set("creationTimestamp", request.now.to_string());
    let spec = object.child_mut("spec");
    let audiences = audiences.iter().cloned().map(Value::string);
    spec.set("audiences", Value::Array(audiences.collect()));
    spec.set("expirationSeconds", expiration);
    let mut status = Value::object();
    let expires = request.now.saturating_add_seconds(expiration);
    status.set("token", token.secret());
    status.set("expirationTimestamp", expires.to_string());
    object.set("status", status);
    object
}

fn check_metadata(request: &Request<'_>) -> Result<(), Status> {
    let metadata = request.object.get("metadata").unwrap_or(&Value::Null);
    let path = Path::root("metadata");
    for (key, wanted) in [("name", request.name), ("namespace", request.namespace)] {
        let given = metadata.str_or_empty(key);
        if !given.is_empty() && given != wanted {
            let why = format!("must match the service account {key} if specified");
            let error = field::Error::invalid(&path.child(key), given, why);
            return Err(Status::invalid(GROUP, KIND, request.name, &[error]));
        }
    }
    Ok(())
}

fn validate(expiration: i64) -> Result<(), Status> {
    let why = if expiration < EXPIRATION_SECONDS_MIN {
        "may not specify a duration less than 10 minutes"
    } else if expiration > EXPIRATION_SECONDS_MAX {
        "may not specify a duration larger than 2^32 seconds"
    } else {
        return Ok(());
    };
    let spec = Path::root("spec");
    let error = field::Error::invalid(&spec.child("expirationSeconds"), expiration, why);
    Err(Status::invalid(GROUP, KIND, "", &[error]))
}

fn bind(request: &Request<'_>, reference: &Value) -> Result<Binding, Status> {
    let [kind, name, uid] = ["kind", "name", "uid"].map(|key| reference.str_or_empty(key));
    let api_version = reference.str_or_empty("apiVersion");
    // What has more than one slash is no version of any group.
    let (group, version) = match api_version.matches('/').count() {
        0 => ("", api_version),
        1 => api_version.split_once('/').unwrap_or_default(),
        _ => ("", ""),
    };
    let find = |resource, namespace| {
        let found = request.objects.find(resource, namespace, name);
        found.ok_or_else(|| not_found(resource, name))
    };
    let mut binding = Binding::default();
    let bound = match (group, kind) {
        ("", "Pod") => {
            let pod = find("pods", request.namespace)?;
            bind_pod(request, &pod, &mut binding)?;
            pod
        }
        ("", "Secret") => {
            let secret = find("secrets", request.namespace)?;
            binding.secret = Some(Reference::to(&secret));
            secret
        }
        ("", "Node") => {
            let node = find("nodes", "")?;
            binding.node = Some(Reference::to(&node));
            node
        }
        _ => {
            return Err(Status::bad_request(format!(
                "cannot bind token to object of type {group}/{version}, Kind={kind}"
            )));
        }
    };
    if !uid.is_empty() && Reference::to(&bound).uid != uid {
        let why = format!(
            "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been \
             deleted and then recreated"
        );
        let resource = GroupResource::new(group, kind);
        return Err(error::conflict(&resource, name, &why));
    }
    Ok(binding)
}

fn bind_pod(request: &Request<'_>, pod: &Value, binding: &mut Binding) -> Result<(), Status> {
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    if spec.str_or_empty("serviceAccountName") != request.name {
        return Err(Status::bad_request(format!(
            "cannot bind token for serviceaccount {} to pod running with different serviceaccount name.",
            quote(request.name)
        )));
    }
    binding.pod = Some(Reference::to(pod));
    let node = spec.str_or_empty("nodeName");
    if !node.is_empty() {
        let found = request.objects.find("nodes", "", node);
        // A node that is not there is named all the same.
        binding.node = Some(found.map_or_else(
            || Reference {
                name: node.into(),
                uid: CompactString::default(),
            },
            |found| Reference::to(&found),
        ));
    }
    Ok(())
}

fn not_found(resource: &str, name: &str) -> Status {
    error::not_found(&GroupResource::new("", resource), name)
}
