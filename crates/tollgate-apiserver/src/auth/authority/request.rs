//! Certificate requests as they are sent: PEM around PKCS#10.

use tollgate_api::certificate_authority::{CertificateError, CertificateRequest};
use x509_parser::extensions::{GeneralName, ParsedExtension, SubjectAlternativeName};
use x509_parser::oid_registry::{OID_PKCS1_SHA1WITHRSA, OID_SHA1_WITH_RSA};
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer as _, X509CertificationRequest};
use x509_parser::x509::X509Name;

const LABEL: &str = "CERTIFICATE REQUEST";
const MALFORMED: CertificateError = CertificateError::Malformed("csr");

/// The attributes of a subject that Go keeps, in the order in which it writes them: the last number of their
/// identifiers, which begin with 2.5.4.
const COUNTRY: u64 = 6;
pub(super) const ORGANIZATION: u64 = 10;
const ORGANIZATIONAL_UNIT: u64 = 11;
const LOCALITY: u64 = 7;
const PROVINCE: u64 = 8;
const STREET_ADDRESS: u64 = 9;
const POSTAL_CODE: u64 = 17;
pub(super) const COMMON_NAME: u64 = 3;
const SERIAL_NUMBER: u64 = 5;
const KEPT: [u64; 9] = [
    COUNTRY,
    ORGANIZATION,
    ORGANIZATIONAL_UNIT,
    LOCALITY,
    PROVINCE,
    STREET_ADDRESS,
    POSTAL_CODE,
    COMMON_NAME,
    SERIAL_NUMBER,
];

/// What a request is about, read and, if wanted, verified.
#[derive(Debug)]
pub(super) struct Request {
    /// What is decided on.
    pub(super) asked: CertificateRequest,
    /// The attributes of the subject that a certificate keeps, by the last number of their identifiers.
    pub(super) subject: Vec<(u64, Vec<String>)>,
    /// The key, as a SubjectPublicKeyInfo in DER.
    pub(super) key: Vec<u8>,
}

/// The bytes in the PEM of a request.
pub(super) fn contents(pem: &[u8]) -> Result<Vec<u8>, CertificateError> {
    match Pem::read(std::io::Cursor::new(pem)) {
        Ok((pem, _)) if pem.label == LABEL => Ok(pem.contents),
        _ => Err(CertificateError::NotARequest),
    }
}

/// Parses a request, which ends where its bytes do.
pub(super) fn parse(der: &[u8]) -> Result<X509CertificationRequest<'_>, CertificateError> {
    match X509CertificationRequest::from_der(der) {
        Ok(([], request)) => Ok(request),
        _ => Err(MALFORMED),
    }
}

/// Whether a request is signed by its own key, by an algorithm that is still safe.
pub(super) fn verify(request: &X509CertificationRequest<'_>) -> Result<(), CertificateError> {
    let algorithm = &request.signature_algorithm.algorithm;
    if *algorithm == OID_PKCS1_SHA1WITHRSA || *algorithm == OID_SHA1_WITH_RSA {
        return Err(CertificateError::Signature("insecure algorithm SHA1-RSA"));
    }
    let verified = request.verify_signature();
    verified.map_err(|_| CertificateError::Signature("verification failure"))
}

/// What a request says.
pub(super) fn read(request: &X509CertificationRequest<'_>) -> Result<Request, CertificateError> {
    let info = &request.certification_request_info;
    let subject = subject(&info.subject);
    let values = |kind: u64| {
        let found = subject.iter().find(|(found, _)| *found == kind);
        found.map(|(_, values)| values.clone()).unwrap_or_default()
    };
    let mut asked = CertificateRequest {
        common_name: values(COMMON_NAME).pop().unwrap_or_default(),
        organizations: values(ORGANIZATION),
        ..CertificateRequest::default()
    };
    for extension in request.requested_extensions().into_iter().flatten() {
        if let ParsedExtension::SubjectAlternativeName(names) = extension {
            alternative_names(names, &mut asked)?;
        }
    }
    Ok(Request {
        asked,
        subject,
        key: info.subject_pki.raw.to_vec(),
    })
}

fn subject(name: &X509Name<'_>) -> Vec<(u64, Vec<String>)> {
    let mut subject: Vec<(u64, Vec<String>)> =
        KEPT.iter().map(|kind| (*kind, Vec::new())).collect();
    for attribute in name.iter_attributes() {
        let numbers: Option<Vec<u64>> = attribute.attr_type().iter().map(Iterator::collect);
        let Some([2, 5, 4, kind]) = numbers.as_deref() else {
            continue;
        };
        let Ok(text) = attribute.as_str() else {
            continue;
        };
        if let Some((_, values)) = subject.iter_mut().find(|(kept, _)| kept == kind) {
            // Of what can stand once the last one counts.
            if matches!(*kind, COMMON_NAME | SERIAL_NUMBER) {
                values.clear();
            }
            values.push(text.to_owned());
        }
    }
    subject.retain(|(kind, values)| {
        let stands_once = matches!(*kind, COMMON_NAME | SERIAL_NUMBER);
        !(values.is_empty() || stands_once && values.iter().all(String::is_empty))
    });
    subject
}

fn alternative_names(
    names: &SubjectAlternativeName<'_>,
    asked: &mut CertificateRequest,
) -> Result<(), CertificateError> {
    for name in &names.general_names {
        match name {
            GeneralName::DNSName(name) => asked.dns_names.push((*name).to_owned()),
            GeneralName::RFC822Name(name) => asked.emails.push((*name).to_owned()),
            GeneralName::URI(name) => asked.uris.push((*name).to_owned()),
            GeneralName::IPAddress(bytes) if matches!(bytes.len(), 4 | 16) => {
                asked.addresses.push(bytes.to_vec());
            }
            GeneralName::IPAddress(_) | GeneralName::Invalid(..) => return Err(MALFORMED),
            _ => {}
        }
    }
    Ok(())
}
