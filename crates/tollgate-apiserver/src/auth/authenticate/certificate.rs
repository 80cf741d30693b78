//! The user a client certificate speaks of: the common name, the organizations as groups.

use compact_str::CompactString;
use ring::digest::{SHA256, digest};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use tollgate_api::UserInfo;
use x509_parser::oid_registry::{OID_X509_COMMON_NAME, OID_X509_ORGANIZATION_NAME};
use x509_parser::prelude::{AttributeTypeAndValue, FromDer as _, X509Certificate};

/// The key in a user's `extra` under which the credential is named.
pub const CREDENTIAL_ID: &str = "authentication.kubernetes.io/credential-id";
/// The attribute of a subject that holds the user's unique id.
const UID_ATTRIBUTE: &str = "1.3.6.1.4.1.57683.2";

/// Why a certificate speaks of no user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// It cannot be read.
    #[error("the certificate is malformed")]
    Malformed,
    /// The unique id is empty or no text.
    #[error("the certificate's UID is empty or not a text")]
    BadUid,
    /// There are several unique ids.
    #[error("the certificate has several UIDs")]
    SeveralUids,
}

/// Whom a connection's certificate speaks of: read once, for all requests of the connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Certificate {
    /// There is none, or it names nobody.
    #[default]
    Nobody,
    /// A user, who is not in the group of all authenticated users yet.
    Of(UserInfo),
    /// It cannot be understood: whoever shows it is refused.
    Faulty(CertificateError),
}

impl Certificate {
    /// Reads the client's own certificate in DER, once TLS has verified its chain.
    pub fn read(der: Option<&[u8]>) -> Self {
        match der.map(user) {
            None | Some(Ok(None)) => Self::Nobody,
            Some(Ok(Some(user))) => Self::Of(user),
            Some(Err(error)) => Self::Faulty(error),
        }
    }
}

/// Whose certificate it is; nobody's, if it has no common name.
fn user(der: &[u8]) -> Result<Option<UserInfo>, CertificateError> {
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|_| CertificateError::Malformed)?;
    let mut user = UserInfo::default();
    for attribute in certificate.subject().iter_attributes() {
        let kind = attribute.attr_type();
        if *kind == OID_X509_COMMON_NAME {
            // As in Go, the last one counts.
            user.name = text(attribute).unwrap_or_default();
        } else if *kind == OID_X509_ORGANIZATION_NAME {
            user.groups.extend(text(attribute));
        } else if kind.to_id_string() == UID_ATTRIBUTE {
            let uid = text(attribute).filter(|uid| !uid.is_empty());
            let uid = uid.ok_or(CertificateError::BadUid)?;
            if !user.uid.is_empty() {
                return Err(CertificateError::SeveralUids);
            }
            user.uid = uid;
        }
    }
    if user.name.is_empty() {
        return Ok(None);
    }
    user.extra = BTreeMap::from([(
        CompactString::const_new(CREDENTIAL_ID),
        vec![credential_id(der)],
    )]);
    Ok(Some(user))
}

/// An attribute of the subject, if it is text.
fn text(attribute: &AttributeTypeAndValue<'_>) -> Option<CompactString> {
    attribute.as_str().ok().map(CompactString::from)
}

fn credential_id(der: &[u8]) -> CompactString {
    let mut id = CompactString::const_new("X509SHA256=");
    for byte in digest(&SHA256, der).as_ref() {
        // Writing to a string cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};

    /// The DER of a certificate with these organizations, common name and unique ids.
    pub(in crate::auth) fn certificate(
        organizations: &[&str],
        name: Option<&str>,
        uids: &[&str],
    ) -> Vec<u8> {
        let mut subject = DistinguishedName::new();
        for organization in organizations {
            subject.push(DnType::OrganizationName, *organization);
        }
        if let Some(name) = name {
            subject.push(DnType::CommonName, name);
        }
        for uid in uids {
            let kind = DnType::CustomDnType(vec![1, 3, 6, 1, 4, 1, 57683, 2]);
            subject.push(kind, *uid);
        }
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = subject;
        let key = KeyPair::generate().unwrap();
        parameters.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn names_groups_and_the_id_come_from_the_subject() {
        let der = certificate(&["system:masters"], Some("admin"), &["u-1"]);
        let user = user(&der).unwrap().unwrap();
        assert_eq!(user.name, "admin");
        assert_eq!(user.uid, "u-1");
        assert_eq!(user.groups, ["system:masters"]);
        let ids = &user.extra[CREDENTIAL_ID];
        assert!(ids[0].starts_with("X509SHA256="), "{ids:?}");
        assert_eq!(ids[0].len(), "X509SHA256=".len() + 64);
    }

    #[test]
    fn an_empty_id_is_refused() {
        let der = certificate(&[], Some("admin"), &[""]);
        assert_eq!(user(&der), Err(CertificateError::BadUid));
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = user(&bytes);
        }

        #[test]
        fn no_damage_to_a_certificate_makes_a_panic(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut der = certificate(&["g"], Some("n"), &["u"]);
            let place = place.index(der.len());
            der[place] = byte;
            let _ = user(&der);
        }
    }
}
