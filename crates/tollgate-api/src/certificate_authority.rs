//! Who signs certificates: the port between controllers and the key of the cluster's authority.
//!
//! Controllers decide what is signed and for how long; whoever implements this speaks X.509 and alone has the key, which
//! it never gives away.

use crate::time::Timestamp;
use std::fmt::Debug;

/// What a certificate request asks for, as far as anybody decides on it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CertificateRequest {
    /// The common name, or empty.
    pub common_name: String,
    /// The organizations, in their order.
    pub organizations: Vec<String>,
    /// Alternative names: of hosts.
    pub dns_names: Vec<String>,
    /// Alternative names: addresses of mail.
    pub emails: Vec<String>,
    /// Alternative names: addresses, each as its bytes.
    pub addresses: Vec<Vec<u8>>,
    /// Alternative names: URIs.
    pub uris: Vec<String>,
}

/// What a certificate is to say beside what its request says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms<'a> {
    /// The serial number, which nobody can foresee.
    pub serial: u128,
    /// From when on it counts.
    pub not_before: Timestamp,
    /// Until when it counts.
    pub not_after: Timestamp,
    /// What the key may be used for, in the words of the API: `client auth`.
    pub usages: &'a [&'a str],
}

/// Why there is no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The text holds something else than a request.
    #[error("PEM block type must be CERTIFICATE REQUEST")]
    NotARequest,
    /// The text holds something else than a certificate.
    #[error("expected the certificate associated with the CSR to be PEM encoded")]
    NotACertificate,
    /// It cannot be read.
    #[error("unable to parse {0}")]
    Malformed(&'static str),
    /// The request is not signed by its own key, or by an algorithm that is not known or not safe.
    #[error("unable to verify certificate request signature: {0}")]
    Signature(&'static str),
    /// No certificate can say that.
    #[error("unrecognized usage values: {0:?}")]
    Usages(Vec<String>),
    /// The authority's key does not do its work.
    #[error("failed to sign certificate")]
    Key,
}

/// An authority of the cluster.
pub trait CertificateAuthority: Debug + Send + Sync + 'static {
    /// Until when the authority's own certificate counts.
    fn not_after(&self) -> Timestamp;

    /// Reads a request (PEM). Nobody has checked yet that it is signed by its own key.
    fn read_request(&self, request: &[u8]) -> Result<CertificateRequest, CertificateError>;

    /// Signs a certificate (PEM) for the key, the subject and the alternative names of a request (PEM), if the request is
    /// signed by that key. Whatever else the request asks for is left out.
    fn sign(&self, request: &[u8], terms: &Terms<'_>) -> Result<String, CertificateError>;

    /// Until when a certificate (PEM) counts, the first if there are several.
    fn expiry(&self, certificate: &[u8]) -> Result<Timestamp, CertificateError>;
}
