//! What a token says.

use compact_str::CompactString;
use tollgate_api::{Object, Timestamp, Value};

/// An object a token speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reference {
    /// The object's name.
    pub name: CompactString,
    /// The object's unique id; empty for a node that does not exist.
    pub uid: CompactString,
}

/// The claims of a service account's token.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    /// Who made it.
    pub issuer: String,
    /// `system:serviceaccount:<namespace>:<name>`
    pub subject: String,
    /// For whom it is.
    pub audiences: Vec<CompactString>,
    /// From when on it counts no more.
    pub expires: Option<Timestamp>,
    /// From when on it counts.
    pub not_before: Option<Timestamp>,
    /// When it was made.
    pub issued: Option<Timestamp>,
    /// The token's own unique id, or empty.
    pub id: CompactString,
    /// The namespace of the account.
    pub namespace: CompactString,
    /// The account.
    pub service_account: Reference,
    /// The pod with which it ends, if any.
    pub pod: Option<Reference>,
    /// The secret with which it ends, if any.
    pub secret: Option<Reference>,
    /// The node of the pod, or the node with which it ends.
    pub node: Option<Reference>,
    /// From when on its use is to be noted, if it lives longer than was asked for.
    pub warn_after: Option<Timestamp>,
}

impl Reference {
    fn read(reference: &Value) -> Self {
        Self {
            name: reference.str_or_empty("name").into(),
            uid: reference.str_or_empty("uid").into(),
        }
    }

    /// The reference to a stored object.
    pub(super) fn to(object: &Value) -> Self {
        Self::read(object.get("metadata").unwrap_or(&Value::Null))
    }

    fn written(&self) -> Value {
        let mut written = Object::new();
        for (key, text) in [("name", &self.name), ("uid", &self.uid)] {
            if !text.is_empty() {
                written.insert(key, text.clone());
            }
        }
        Value::from(written)
    }
}

impl Claims {
    /// Reads the payload of a token; what has the wrong type counts as absent.
    pub(super) fn read(payload: &Value) -> Self {
        let time = |key| payload.get(key).and_then(time);
        let kubernetes = payload.get("kubernetes.io").unwrap_or(&Value::Null);
        let reference = |key| kubernetes.get(key).map(Reference::read);
        let audience = payload.get("aud").unwrap_or(&Value::Null);
        let audiences = std::slice::from_ref(audience);
        let audiences = audience.as_array().unwrap_or(audiences).iter();
        Self {
            issuer: payload.str_or_empty("iss").to_owned(),
            subject: payload.str_or_empty("sub").to_owned(),
            audiences: audiences
                .filter_map(Value::as_str)
                .map(CompactString::from)
                .collect(),
            expires: time("exp"),
            not_before: time("nbf"),
            issued: time("iat"),
            id: payload.str_or_empty("jti").into(),
            namespace: kubernetes.str_or_empty("namespace").into(),
            service_account: reference("serviceaccount").unwrap_or_default(),
            pod: reference("pod"),
            secret: reference("secret"),
            node: reference("node"),
            warn_after: kubernetes.get("warnafter").and_then(self::time),
        }
    }

    /// The payload of a token, its members sorted as upstream sorts them.
    pub(super) fn written(&self) -> Value {
        let mut kubernetes = Object::new();
        kubernetes.insert("namespace", self.namespace.clone());
        let references = [
            ("node", self.node.as_ref()),
            ("pod", self.pod.as_ref()),
            ("secret", self.secret.as_ref()),
            ("serviceaccount", Some(&self.service_account)),
        ];
        for (key, reference) in references {
            if let Some(reference) = reference {
                kubernetes.insert(key, reference.written());
            }
        }
        let mut payload = Object::new();
        let audiences = self.audiences.iter().cloned().map(Value::string);
        payload.insert("aud", Value::Array(audiences.collect()));
        insert_time(&mut payload, "exp", self.expires);
        insert_time(&mut payload, "iat", self.issued);
        payload.insert("iss", self.issuer.as_str());
        payload.insert("jti", self.id.clone());
        insert_time(&mut kubernetes, "warnafter", self.warn_after);
        payload.insert("kubernetes.io", kubernetes);
        insert_time(&mut payload, "nbf", self.not_before);
        payload.insert("sub", self.subject.as_str());
        Value::from(payload)
    }
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_i64().map(Timestamp::from_unix_seconds)
}

fn insert_time(object: &mut Object, key: &'static str, time: Option<Timestamp>) {
    if let Some(time) = time {
        object.insert(key, time.unix_seconds());
    }
}
