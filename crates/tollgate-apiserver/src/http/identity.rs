//! Who is at the other end of a connection, as its certificate says.

use rustls::pki_types::CertificateDer;
use tollgate_api::UserInfo;
use tollgate_api::value::CompactString;

/// The other end of a connection.
#[derive(Debug, Clone, Default)]
pub struct Peer {
    /// Whom the certificate names; TLS has verified it.
    user: Option<UserInfo>,
}

impl Peer {
    /// Somebody with this certificate, or none.
    pub(super) fn new(certificate: Option<&CertificateDer<'_>>) -> Self {
        Self {
            user: certificate.and_then(user),
        }
    }

    /// The user that the certificate names.
    pub(super) fn user(&self) -> Option<&UserInfo> {
        self.user.as_ref()
    }
}

/// Common name and organizations.
fn user(certificate: &CertificateDer<'_>) -> Option<UserInfo> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let subject = parsed.subject();
    let name = subject.iter_common_name().next()?.as_str().ok()?;
    let groups = subject
        .iter_organization()
        .filter_map(|group| group.as_str().ok());
    let mut groups: Vec<CompactString> = groups.map(CompactString::from).collect();
    groups.push("system:authenticated".into());
    Some(UserInfo {
        name: name.into(),
        groups,
        ..UserInfo::default()
    })
}
