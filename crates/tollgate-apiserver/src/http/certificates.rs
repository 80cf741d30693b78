//! The server's own authority and certificates, made on the first start.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use std::sync::Arc;
use tollgate_api::Timestamp;

/// For how many years certificates are good.
const YEARS: i64 = 10;

/// Names under which a client may know the server, beside those it is started with.
const NAMES: [&str; 8] = [
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "localhost",
    "127.0.0.1",
    "::1",
    "10.0.0.1",
];

/// Why there are no certificates.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A certificate cannot be made.
    #[error("cannot make certificates: {0}")]
    Make(#[from] rcgen::Error),
    /// What was given is no certificate or key.
    #[error("cannot read {what}: {why}")]
    Read {
        /// Which of them.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// They do not fit together.
    #[error("cannot serve with the certificate: {0}")]
    Tls(#[from] rustls::Error),
}

/// A certificate and its key, as PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, and those that lead to its authority.
    pub certificate: String,
    /// The private key.
    pub key: String,
}

/// A key never gets into a log.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// What the server and its administrator prove themselves with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificates {
    /// The authority.
    pub authority: Identity,
    /// The server.
    pub server: Identity,
    /// The user `admin` of the group `system:masters`.
    pub admin: Identity,
}

impl Certificates {
    /// Makes an authority and what it signs; `names` are names and addresses under which the server is reached.
    pub fn make(names: &[String], now: Timestamp) -> Result<Self, CertificateError> {
        let authority_key = KeyPair::generate()?;
        let mut authority = params("tollgate", None, now);
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let certificate = authority.self_signed(&authority_key)?.pem();
        let authority_key_text = authority_key.serialize_pem();
        let issuer = Issuer::new(authority, authority_key);

        let mut all: Vec<String> = NAMES.iter().map(ToString::to_string).collect();
        all.extend(
            names
                .iter()
                .filter(|name| !NAMES.contains(&name.as_str()))
                .cloned(),
        );
        let mut server = params("kube-apiserver", None, now);
        server.subject_alt_names = CertificateParams::new(all)?.subject_alt_names;
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let mut admin = params("admin", Some("system:masters"), now);
        admin.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        Ok(Self {
            authority: Identity {
                certificate,
                key: authority_key_text,
            },
            server: sign(&server, &issuer)?,
            admin: sign(&admin, &issuer)?,
        })
    }
}

fn params(name: &str, organization: Option<&str>, now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut subject = rcgen::DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    if let Some(organization) = organization {
        subject.push(DnType::OrganizationName, organization);
    }
    params.distinguished_name = subject;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    // Clocks differ: good from yesterday on.
    let yesterday = now.saturating_add_seconds(-86_400).to_string();
    let part = |range: std::ops::Range<usize>| {
        yesterday
            .get(range)
            .and_then(|part| part.parse::<i32>().ok())
    };
    if let (Some(year), Some(month), Some(day)) = (part(0..4), part(5..7), part(8..10)) {
        let day = u8::try_from(day.min(28)).unwrap_or(1);
        let month = u8::try_from(month).unwrap_or(1);
        let years = i32::try_from(YEARS).unwrap_or(1);
        params.not_before = rcgen::date_time_ymd(year, month, day);
        params.not_after = rcgen::date_time_ymd(year.saturating_add(years), month, day);
    }
    params
}

fn sign(
    params: &CertificateParams,
    issuer: &Issuer<'_, KeyPair>,
) -> Result<Identity, CertificateError> {
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, issuer)?;
    Ok(Identity {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    })
}

/// The certificates in a PEM text.
pub fn read_certificates(
    text: &str,
    what: &'static str,
) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let found = found.map_err(|error| CertificateError::Read {
        what,
        why: error.to_string(),
    })?;
    if found.is_empty() {
        let why = "there is no certificate in it".to_owned();
        return Err(CertificateError::Read { what, why });
    }
    Ok(found)
}

/// The configuration of TLS: the server's certificate, and the authorities that clients may be certified by.
pub fn tls(
    server: &Identity,
    client_authorities: &[&str],
) -> Result<rustls::ServerConfig, CertificateError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    for authority in client_authorities {
        for certificate in read_certificates(authority, "the certificate authority of clients")? {
            roots.add(certificate)?;
        }
    }
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .allow_unauthenticated()
            .build()
            .map_err(|error| CertificateError::Read {
                what: "the certificate authority of clients",
                why: error.to_string(),
            })?;
    let chain = read_certificates(&server.certificate, "the server's certificate")?;
    let key = PrivateKeyDer::from_pem_slice(server.key.as_bytes()).map_err(|error| {
        CertificateError::Read {
            what: "the server's private key",
            why: error.to_string(),
        }
    })?;
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_can_be_served_with() {
        let now = Timestamp::parse("2028-02-29T12:00:00Z").unwrap();
        let made =
            Certificates::make(&["10.1.2.3".to_owned(), "host.example".to_owned()], now).unwrap();
        tls(&made.server, &[&made.authority.certificate]).unwrap();
        let certificates = read_certificates(&made.admin.certificate, "x").unwrap();
        let (_, admin) = x509_parser::parse_x509_certificate(&certificates[0]).unwrap();
        assert_eq!(admin.subject().to_string(), "CN=admin, O=system:masters");
        let text = format!("{made:?}");
        assert!(!text.contains("PRIVATE"), "{text}");
    }
}
