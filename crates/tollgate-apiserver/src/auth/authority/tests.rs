//! What the authority signs, read again by somebody else.

use super::*;
use crate::http::certificates::Certificates;
use proptest::prelude::*;
use rcgen::{CertificateParams, DnType, SanType};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_768_478_400);

fn authority() -> Authority {
    let made = Certificates::make(&[], NOW).unwrap().authority;
    Authority::new(&made.certificate, &made.key).unwrap()
}

fn terms<'a>(usages: &'a [&'a str]) -> Terms<'a> {
    Terms {
        serial: 0xfeed,
        not_before: NOW,
        not_after: NOW.saturating_add_seconds(3600),
        usages,
    }
}

fn params(names: &[(DnType, &str)]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    for (kind, name) in names {
        params.distinguished_name.push(kind.clone(), *name);
    }
    params
}

fn request(params: &CertificateParams) -> String {
    let key = KeyPair::generate().unwrap();
    params.serialize_request(&key).unwrap().pem().unwrap()
}

fn jane() -> String {
    request(&params(&[
        (DnType::CommonName, "jane"),
        (DnType::OrganizationName, "dev*"),
    ]))
}

/// The bytes of a certificate, read by somebody who checks more than the writer does.
#[track_caller]
fn check(pem: &str, holds: impl FnOnce(&X509Certificate<'_>)) {
    let (pem, rest) = Pem::read(std::io::Cursor::new(pem.as_bytes())).unwrap();
    assert_eq!(pem.label, "CERTIFICATE");
    assert!(rest > 0);
    let (rest, certificate) = parse_x509_certificate(&pem.contents).unwrap();
    assert!(rest.is_empty());
    holds(&certificate);
}

#[test]
fn a_certificate_says_what_was_asked_for_and_what_was_decided() {
    let authority = authority();
    let signed = authority.sign(
        jane().as_bytes(),
        &terms(&["client auth", "digital signature"]),
    );
    check(&signed.unwrap(), |certificate| {
        assert_eq!(certificate.subject().to_string(), "O=dev*, CN=jane");
        assert_eq!(certificate.issuer().to_string(), "CN=tollgate");
        assert_eq!(certificate.raw_serial(), [0, 0xfe, 0xed]);
        let validity = certificate.validity();
        assert_eq!(validity.not_before.timestamp(), NOW.unix_seconds());
        assert_eq!(validity.not_after.timestamp(), NOW.unix_seconds() + 3600);
        assert!(!certificate.is_ca());
        let usage = certificate.key_usage().unwrap().unwrap();
        assert!(usage.critical && usage.value.digital_signature());
        assert_eq!(usage.value.flags, 1);
        let purposes = certificate.extended_key_usage().unwrap().unwrap();
        assert!(purposes.value.client_auth && !purposes.value.server_auth);
        assert!(certificate.subject_alternative_name().unwrap().is_none());
        assert_eq!(certificate.version.0, 2);
    });
}

#[test]
fn names_of_hosts_addresses_mail_and_uris_are_kept() {
    let mut params = params(&[]);
    params.subject_alt_names = vec![
        SanType::Rfc822Name("a@example.com".try_into().unwrap()),
        SanType::IpAddress([10, 0, 0, 1].into()),
        SanType::URI("spiffe://example.com/a".try_into().unwrap()),
        SanType::DnsName("n.example.com".try_into().unwrap()),
    ];
    let request = request(&params);
    let authority = authority();
    let asked = authority.read_request(request.as_bytes()).unwrap();
    assert_eq!(asked.dns_names, ["n.example.com"]);
    assert_eq!(asked.emails, ["a@example.com"]);
    assert_eq!(asked.uris, ["spiffe://example.com/a"]);
    assert_eq!(asked.addresses, [[10, 0, 0, 1]]);
    let signed = authority.sign(request.as_bytes(), &terms(&["server auth"]));
    check(&signed.unwrap(), |certificate| {
        let names = certificate.subject_alternative_name().unwrap().unwrap();
        assert!(names.critical, "nothing else says whose it is");
        assert_eq!(
            names.value.general_names,
            [
                GeneralName::DNSName("n.example.com"),
                GeneralName::RFC822Name("a@example.com"),
                GeneralName::IPAddress(&[10, 0, 0, 1]),
                GeneralName::URI("spiffe://example.com/a"),
            ]
        );
        assert!(certificate.key_usage().unwrap().is_none());
    });
}

#[test]
fn every_usage_of_the_api_can_be_written() {
    let usages: Vec<&str> = vec![
        "any",
        "cert sign",
        "client auth",
        "code signing",
        "content commitment",
        "crl sign",
        "data encipherment",
        "decipher only",
        "digital signature",
        "email protection",
        "encipher only",
        "ipsec end system",
        "ipsec tunnel",
        "ipsec user",
        "key agreement",
        "key encipherment",
        "microsoft sgc",
        "netscape sgc",
        "ocsp signing",
        "s/mime",
        "server auth",
        "signing",
        "timestamping",
    ];
    let authority = authority();
    let signed = authority.sign(jane().as_bytes(), &terms(&usages));
    check(&signed.unwrap(), |certificate| {
        let usage = certificate.key_usage().unwrap().unwrap();
        assert_eq!(usage.value.flags, 0x1ff);
        let purposes = certificate.extended_key_usage().unwrap().unwrap().value;
        assert!(purposes.any && purposes.ocsp_signing && purposes.email_protection);
        // Those of IPsec and of the old browsers.
        assert_eq!(purposes.other.len(), 5);
    });
    let unknown = authority.sign(jane().as_bytes(), &terms(&["client auth", "flying"]));
    let error = unknown.unwrap_err().to_string();
    assert_eq!(error, r#"unrecognized usage values: ["flying"]"#);
}

#[test]
fn a_request_that_somebody_else_signed_gets_nothing() {
    let authority = authority();
    let (read, _) = Pem::read(std::io::Cursor::new(jane().as_bytes())).unwrap();
    let mut bytes = read.contents;
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let forged = pem("CERTIFICATE REQUEST", &bytes);
    assert_eq!(
        authority
            .read_request(forged.as_bytes())
            .unwrap()
            .common_name,
        "jane"
    );
    let refused = authority.sign(forged.as_bytes(), &terms(&["client auth"]));
    assert!(
        matches!(refused, Err(CertificateError::Signature(_))),
        "{refused:?}"
    );
    let other = jane().replace("CERTIFICATE REQUEST", "CERTIFICATE");
    let refused = authority.sign(other.as_bytes(), &terms(&["client auth"]));
    assert_eq!(refused, Err(CertificateError::NotARequest));
}

#[test]
fn the_end_of_a_certificate_is_read_again() {
    let authority = authority();
    let mut terms = terms(&["client auth"]);
    // Years from 2050 on are written otherwise.
    for end in ["2049-12-31T23:59:59Z", "2050-01-01T00:00:00Z"] {
        terms.not_after = Timestamp::parse(end).unwrap();
        let signed = authority.sign(jane().as_bytes(), &terms).unwrap();
        assert_eq!(authority.expiry(signed.as_bytes()), Ok(terms.not_after));
    }
    assert_eq!(
        authority.expiry(b"x"),
        Err(CertificateError::NotACertificate)
    );
}

#[test]
fn an_authority_needs_its_own_key_and_shows_nothing_of_it() {
    let one = Certificates::make(&[], NOW).unwrap().authority;
    let other = Certificates::make(&[], NOW).unwrap().authority;
    let mixed = Authority::new(&one.certificate, &other.key);
    assert_eq!(mixed.unwrap_err(), AuthorityError::Pair);
    assert_eq!(
        Authority::new(&one.certificate, "x").unwrap_err(),
        AuthorityError::Key
    );
    assert_eq!(
        Authority::new("x", &one.key).unwrap_err(),
        AuthorityError::Certificate
    );
    let whole = Authority::new(&one.certificate, &one.key).unwrap();
    let end = whole.not_after;
    let shown = format!("Authority {{ not_after: {end:?}, .. }}");
    assert_eq!(format!("{whole:?}"), shown);
}

proptest! {
    #[test]
    fn no_damage_to_a_request_makes_a_panic(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let (read, _) = Pem::read(std::io::Cursor::new(jane().as_bytes())).unwrap();
        let mut bytes = read.contents;
        let place = place.index(bytes.len());
        bytes[place] = byte;
        let damaged = pem("CERTIFICATE REQUEST", &bytes);
        if let Ok(asked) = asked_for(damaged.as_bytes()) {
            let _ = format!("{asked:?}");
        }
    }

    #[test]
    fn no_bytes_make_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = asked_for(&bytes);
        let _ = asked_for(pem("CERTIFICATE REQUEST", &bytes).as_bytes());
    }
}
