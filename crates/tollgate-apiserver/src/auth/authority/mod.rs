//! The authority that signs certificates which were asked for, with the key that is the server's own.
//!
//! Upstream: `pkg/controller/certificates/authority`

mod certificate;
mod request;
#[cfg(test)]
mod tests;

use super::der::{bit_string, object_identifier, sequence};
use certificate::Issuer;
use rcgen::{
    KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256,
    SignatureAlgorithm, SigningKey as _,
};
use std::fmt;
use tollgate_api::Timestamp;
use tollgate_api::certificate_authority::{
    CertificateAuthority, CertificateError, CertificateRequest, Terms,
};
use x509_parser::extensions::ParsedExtension;
use x509_parser::parse_x509_certificate;
use x509_parser::pem::Pem;

/// How many characters of a line of PEM are base64.
const LINE: usize = 64;

/// The algorithms of keys that can sign, how a certificate names them, and what stands behind that name.
const ALGORITHMS: [(&SignatureAlgorithm, &[u64], &[u8]); 4] = [
    (&PKCS_ECDSA_P256_SHA256, &[1, 2, 840, 10_045, 4, 3, 2], &[]),
    (&PKCS_ECDSA_P384_SHA384, &[1, 2, 840, 10_045, 4, 3, 3], &[]),
    (&PKCS_ED25519, &[1, 3, 101, 112], &[]),
    (&PKCS_RSA_SHA256, &[1, 2, 840, 113_549, 1, 1, 11], NULL),
];

/// Nothing, as DER says it.
const NULL: &[u8] = &[5, 0];

/// Why there is no authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// There is no certificate.
    #[error("the authority's certificate cannot be read")]
    Certificate,
    /// There is no key, or none that can sign.
    #[error("the authority's private key cannot be read")]
    Key,
    /// The key is not that of the certificate.
    #[error("the authority's private key is not that of its certificate")]
    Pair,
}

/// An authority that has its key.
pub struct Authority {
    key: KeyPair,
    /// How certificates name the algorithm of the key: an AlgorithmIdentifier in DER.
    algorithm: Vec<u8>,
    /// Its name, in DER.
    name: Vec<u8>,
    /// What its certificate calls its key, or empty.
    key_id: Vec<u8>,
    not_after: Timestamp,
}

/// Nothing of the key is shown.
impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Authority");
        out.field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

impl Authority {
    /// The authority with this certificate and this private key, both in PEM form.
    pub fn new(certificate: &str, key: &str) -> Result<Self, AuthorityError> {
        let key = KeyPair::from_pem(key).map_err(|_| AuthorityError::Key)?;
        let (pem, _) = Pem::read(std::io::Cursor::new(certificate.as_bytes()))
            .map_err(|_| AuthorityError::Certificate)?;
        let (_, parsed) =
            parse_x509_certificate(&pem.contents).map_err(|_| AuthorityError::Certificate)?;
        if *parsed.public_key().subject_public_key.data != *key.public_key_raw() {
            return Err(AuthorityError::Pair);
        }
        let mut algorithms = ALGORITHMS.iter();
        let (_, numbers, parameters) = algorithms
            .find(|(algorithm, ..)| *algorithm == key.algorithm())
            .ok_or(AuthorityError::Key)?;
        let key_id =
            parsed
                .iter_extensions()
                .find_map(|extension| match extension.parsed_extension() {
                    ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
                    _ => None,
                });
        Ok(Self {
            algorithm: sequence(&[object_identifier(numbers), parameters.to_vec()]),
            name: parsed.subject().as_raw().to_vec(),
            key_id: key_id.unwrap_or_default(),
            not_after: Timestamp::from_unix_seconds(parsed.validity().not_after.timestamp()),
            key,
        })
    }
}

impl CertificateAuthority for Authority {
    fn not_after(&self) -> Timestamp {
        self.not_after
    }

    fn read_request(&self, request: &[u8]) -> Result<CertificateRequest, CertificateError> {
        asked_for(request)
    }

    fn sign(&self, request: &[u8], terms: &Terms<'_>) -> Result<String, CertificateError> {
        let der = request::contents(request)?;
        let parsed = request::parse(&der)?;
        request::verify(&parsed)?;
        let request = request::read(&parsed)?;
        let issuer = Issuer {
            name: &self.name,
            key_id: &self.key_id,
            algorithm: &self.algorithm,
        };
        let unsigned = certificate::to_be_signed(issuer, &request, terms)?;
        let signature = self
            .key
            .sign(&unsigned)
            .map_err(|_| CertificateError::Key)?;
        let whole = sequence(&[unsigned, self.algorithm.clone(), bit_string(&signature)]);
        Ok(pem("CERTIFICATE", &whole))
    }

    fn expiry(&self, certificate: &[u8]) -> Result<Timestamp, CertificateError> {
        let (pem, _) = Pem::read(std::io::Cursor::new(certificate))
            .map_err(|_| CertificateError::NotACertificate)?;
        let (_, parsed) = parse_x509_certificate(&pem.contents)
            .map_err(|_| CertificateError::Malformed("certificate data"))?;
        let not_after = parsed.validity().not_after.timestamp();
        Ok(Timestamp::from_unix_seconds(not_after))
    }
}

/// What a request (PEM) asks for, whether or not it is signed.
pub fn asked_for(request: &[u8]) -> Result<CertificateRequest, CertificateError> {
    let der = request::contents(request)?;
    Ok(request::read(&request::parse(&der)?)?.asked)
}

fn pem(label: &str, contents: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(contents);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(LINE).unwrap_or((rest, ""));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}
