//! The other end of a connection.

use crate::auth::authenticate::Certificate;
use rustls::pki_types::CertificateDer;

/// The other end of a connection.
#[derive(Debug, Clone, Default)]
pub struct Peer {
    /// Whom its certificate names; TLS has verified it.
    pub(super) certificate: Certificate,
}

impl Peer {
    /// Somebody with this certificate, or none.
    pub(super) fn new(certificate: Option<&CertificateDer<'_>>) -> Self {
        Self {
            certificate: Certificate::read(certificate.map(AsRef::as_ref)),
        }
    }
}
