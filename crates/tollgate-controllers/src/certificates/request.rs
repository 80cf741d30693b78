//! CertificateSigningRequests as their controllers see them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tollgate_api::certificate_authority::{CertificateAuthority, CertificateRequest};
use tollgate_api::client::Identity;
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Value};

pub(super) const APPROVED: &str = "Approved";
pub(super) const DENIED: &str = "Denied";
pub(super) const FAILED: &str = "Failed";

/// Who all three controllers act as.
pub(super) fn identity() -> Identity {
    Identity::controller("certificate-controller")
}

/// A view of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'v> {
    spec: &'v Value,
    status: &'v Value,
}

impl<'v> Request<'v> {
    pub(super) fn of(object: &'v Value) -> Self {
        Self {
            spec: object.get("spec").unwrap_or(&Value::Null),
            status: object.get("status").unwrap_or(&Value::Null),
        }
    }

    pub(super) fn spec(&self) -> &'v Value {
        self.spec
    }

    pub(super) fn conditions(&self) -> &'v [Value] {
        self.status.items("conditions")
    }

    /// Conditions of a type, whatever their status is.
    pub(super) fn of_type(&self, sort: &str) -> impl Iterator<Item = &'v Value> {
        let conditions = self.conditions().iter();
        conditions.filter(move |condition| condition.str("type") == Some(sort))
    }

    pub(super) fn has(&self, sort: &str) -> bool {
        self.of_type(sort).next().is_some()
    }

    /// Whether somebody has said yes, and nobody no.
    pub(super) fn is_approved(&self) -> bool {
        self.has(APPROVED) && !self.has(DENIED)
    }

    /// Whether it failed; what does not say its status is true, as of old.
    pub(super) fn has_failed(&self) -> bool {
        self.of_type(FAILED)
            .any(|failed| matches!(failed.str_or_empty("status"), "" | "True"))
    }

    /// Whether there is a certificate.
    pub(super) fn is_issued(&self) -> bool {
        !self.status.str_or_empty("certificate").is_empty()
    }

    /// The certificate (PEM), or nothing.
    pub(super) fn certificate(&self) -> Vec<u8> {
        decoded(self.status, "certificate")
    }

    /// What was sent to be signed (PEM).
    pub(super) fn pem(&self) -> Vec<u8> {
        decoded(self.spec, "request")
    }

    pub(super) fn signer(&self) -> &'v str {
        self.spec.str_or_empty("signerName")
    }

    pub(super) fn usages(&self) -> Vec<&'v str> {
        let usages = self.spec.items("usages").iter();
        usages.filter_map(Value::as_str).collect()
    }

    /// What was sent to be signed, read.
    pub(super) fn asked(
        &self,
        authority: &dyn CertificateAuthority,
        name: &CompactString,
    ) -> Result<CertificateRequest, Status> {
        let asked = authority.read_request(&self.pem());
        asked.map_err(|why| Status::internal(format!("unable to parse csr \"{name}\": {why}")))
    }
}

/// Bytes that are written in base64.
fn decoded(object: &Value, key: &str) -> Vec<u8> {
    STANDARD
        .decode(object.str_or_empty(key))
        .unwrap_or_default()
}

/// Text as the API writes bytes.
pub(super) fn encoded(text: &str) -> String {
    STANDARD.encode(text)
}

/// Adds a condition.
pub(super) fn add_condition(object: &mut Value, sort: &str, reason: &str, message: String) {
    let mut condition = Value::object();
    condition.set("type", sort);
    condition.set("status", "True");
    condition.set("reason", reason);
    condition.set("message", message);
    let status = object.child_mut("status");
    let mut conditions = status.items("conditions").to_vec();
    conditions.push(condition);
    status.set("conditions", Value::Array(conditions));
}
