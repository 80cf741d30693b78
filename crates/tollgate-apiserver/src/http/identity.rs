//! The other end of a connection.

use crate::auth::authenticate::Certificate;
use rustls::pki_types::CertificateDer;
use std::net::IpAddr;

/// The other end of a connection.
#[derive(Debug, Clone, Default)]
pub struct Peer {
    /// Whom its certificate names; TLS has verified it.
    pub(super) certificate: Certificate,
    /// Whether it has shown one, whomever that names.
    pub(super) shows_certificate: bool,
    /// Its address.
    pub(super) address: Option<IpAddr>,
}

impl Peer {
    /// Somebody with this certificate, or none, at this address.
    pub(super) fn new(certificate: Option<&CertificateDer<'_>>, address: Option<IpAddr>) -> Self {
        Self {
            certificate: Certificate::read(certificate.map(AsRef::as_ref)),
            shows_certificate: certificate.is_some(),
            address,
        }
    }
}
