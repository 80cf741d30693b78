//! Certificates as they are written: RFC 5280, the fields in the order in which Go writes them.

use super::request::Request;
use crate::auth::der::{
    BIT_STRING, BOOLEAN, GENERALIZED_TIME, OCTET_STRING, PRINTABLE_STRING, SEQUENCE, SET, UTC_TIME,
    UTF8_STRING, element, object_identifier, sequence, unsigned,
};
use std::collections::BTreeSet;
use tollgate_api::Timestamp;
use tollgate_api::certificate_authority::{CertificateError, Terms};

/// What the key of a certificate may do, by the bit that says so.
const KEY_USAGES: &[(&str, u8)] = &[
    ("signing", 0),
    ("digital signature", 0),
    ("content commitment", 1),
    ("key encipherment", 2),
    ("data encipherment", 3),
    ("key agreement", 4),
    ("cert sign", 5),
    ("crl sign", 6),
    ("encipher only", 7),
    ("decipher only", 8),
];

/// What a certificate may be used for, in the order in which they are written. A name may stand for another one's purpose.
const EXTENDED_KEY_USAGES: &[(&str, &[u64])] = &[
    ("any", &[2, 5, 29, 37, 0]),
    ("server auth", &[1, 3, 6, 1, 5, 5, 7, 3, 1]),
    ("client auth", &[1, 3, 6, 1, 5, 5, 7, 3, 2]),
    ("code signing", &[1, 3, 6, 1, 5, 5, 7, 3, 3]),
    ("email protection", &[1, 3, 6, 1, 5, 5, 7, 3, 4]),
    ("s/mime", &[1, 3, 6, 1, 5, 5, 7, 3, 4]),
    ("ipsec end system", &[1, 3, 6, 1, 5, 5, 7, 3, 5]),
    ("ipsec tunnel", &[1, 3, 6, 1, 5, 5, 7, 3, 6]),
    ("ipsec user", &[1, 3, 6, 1, 5, 5, 7, 3, 7]),
    ("timestamping", &[1, 3, 6, 1, 5, 5, 7, 3, 8]),
    ("ocsp signing", &[1, 3, 6, 1, 5, 5, 7, 3, 9]),
    ("microsoft sgc", &[1, 3, 6, 1, 4, 1, 311, 10, 3, 3]),
    ("netscape sgc", &[2, 16, 840, 1, 113_730, 4, 1]),
];

/// Extensions, by the last number of their identifiers, which begin with 2.5.29.
const KEY_USAGE: u64 = 15;
const SUBJECT_ALTERNATIVE_NAME: u64 = 17;
const BASIC_CONSTRAINTS: u64 = 19;
const AUTHORITY_KEY_IDENTIFIER: u64 = 35;
const EXTENDED_KEY_USAGE: u64 = 37;

/// The version that knows extensions, counted from 0.
const VERSION: u128 = 2;

/// Who issues a certificate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Issuer<'a> {
    /// Its name, in DER.
    pub(super) name: &'a [u8],
    /// What its certificate calls its key, or empty.
    pub(super) key_id: &'a [u8],
    /// The algorithm of its signature, in DER.
    pub(super) algorithm: &'a [u8],
}

/// What the issuer signs.
pub(super) fn to_be_signed(
    issuer: Issuer<'_>,
    request: &Request,
    terms: &Terms<'_>,
) -> Result<Vec<u8>, CertificateError> {
    let validity = sequence(&[time(terms.not_before), time(terms.not_after)]);
    let version = element(0xa0, &unsigned(VERSION));
    let extensions = extensions(issuer, request, terms.usages)?;
    Ok(sequence(&[
        version,
        unsigned(terms.serial),
        issuer.algorithm.to_vec(),
        issuer.name.to_vec(),
        validity,
        name(&request.subject),
        request.key.clone(),
        element(0xa3, &element(SEQUENCE, &extensions)),
    ]))
}

/// Years before 2050 have two digits.
fn time(time: Timestamp) -> Vec<u8> {
    let text = time.to_string();
    let whole = text.split('.').next().unwrap_or_default();
    let mut digits: Vec<u8> = whole.bytes().filter(u8::is_ascii_digit).collect();
    digits.push(b'Z');
    match digits.get(2..) {
        Some(short) if *whole < *"2050" => element(UTC_TIME, short),
        _ => element(GENERALIZED_TIME, &digits),
    }
}

/// A subject: a set for each sort of attribute.
fn name(subject: &[(u64, Vec<String>)]) -> Vec<u8> {
    let sets: Vec<Vec<u8>> = subject
        .iter()
        .map(|(kind, values)| {
            let kind = object_identifier(&[2, 5, 4, *kind]);
            // A set has its elements in the order of their bytes.
            let mut attributes: Vec<Vec<u8>> = values
                .iter()
                .map(|value| sequence(&[kind.clone(), text(value)]))
                .collect();
            attributes.sort();
            element(SET, &attributes.concat())
        })
        .collect();
    sequence(&sets)
}

fn text(text: &str) -> Vec<u8> {
    let is_printable = |byte: u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte);
    let tag = if text.bytes().all(is_printable) {
        PRINTABLE_STRING
    } else {
        UTF8_STRING
    };
    element(tag, text.as_bytes())
}

fn extensions(
    issuer: Issuer<'_>,
    request: &Request,
    usages: &[&str],
) -> Result<Vec<u8>, CertificateError> {
    let (bits, purposes) = read_usages(usages)?;
    let mut all = Vec::new();
    if !bits.is_empty() {
        all.extend(extension(KEY_USAGE, true, &key_usage(&bits)));
    }
    if !purposes.is_empty() {
        let purposes = purposes.iter().filter_map(|place| {
            let (_, numbers) = EXTENDED_KEY_USAGES.get(*place)?;
            Some(object_identifier(numbers))
        });
        let purposes = sequence(&purposes.collect::<Vec<_>>());
        all.extend(extension(EXTENDED_KEY_USAGE, false, &purposes));
    }
    // Not that of an authority.
    all.extend(extension(BASIC_CONSTRAINTS, true, &sequence(&[])));
    if !issuer.key_id.is_empty() {
        let key = sequence(&[element(0x80, issuer.key_id)]);
        all.extend(extension(AUTHORITY_KEY_IDENTIFIER, false, &key));
    }
    let names = alternative_names(request);
    if !names.is_empty() {
        let names = element(SEQUENCE, &names);
        // Without a subject these names are all that is known of it.
        let is_critical = request.subject.is_empty();
        all.extend(extension(SUBJECT_ALTERNATIVE_NAME, is_critical, &names));
    }
    Ok(all)
}

/// The bits of usages of the key, and the places of purposes in their table.
fn read_usages(usages: &[&str]) -> Result<(BTreeSet<u8>, BTreeSet<usize>), CertificateError> {
    let mut bits = BTreeSet::new();
    let mut purposes = BTreeSet::new();
    let mut unknown = Vec::new();
    for usage in usages {
        let bit = KEY_USAGES.iter().find(|(name, _)| name == usage);
        let purpose = EXTENDED_KEY_USAGES.iter().find(|(name, _)| name == usage);
        if let Some((_, bit)) = bit {
            bits.insert(*bit);
        } else if let Some((_, numbers)) = purpose {
            // Of two names for the same purpose the first stands for both.
            let mut table = EXTENDED_KEY_USAGES.iter();
            purposes.extend(table.position(|(_, other)| other == numbers));
        } else {
            unknown.push((*usage).to_owned());
        }
    }
    if unknown.is_empty() {
        Ok((bits, purposes))
    } else {
        Err(CertificateError::Usages(unknown))
    }
}

/// A BIT STRING with these bits, which are counted from the left; zeros at its end are left out.
fn key_usage(bits: &BTreeSet<u8>) -> Vec<u8> {
    let last = bits.last().copied().unwrap_or_default();
    let mut content = vec![0; usize::from(last / 8) + 1];
    for bit in bits {
        if let Some(byte) = content.get_mut(usize::from(bit / 8)) {
            *byte |= 0x80 >> (bit % 8);
        }
    }
    content.insert(0, 7 - last % 8);
    element(BIT_STRING, &content)
}

fn alternative_names(request: &Request) -> Vec<u8> {
    let asked = &request.asked;
    let mut names = Vec::new();
    for (tag, texts) in [(0x82, &asked.dns_names), (0x81, &asked.emails)] {
        names.extend(texts.iter().flat_map(|text| element(tag, text.as_bytes())));
    }
    let addresses = asked.addresses.iter();
    names.extend(addresses.flat_map(|address| element(0x87, address)));
    let uris = asked.uris.iter();
    names.extend(uris.flat_map(|uri| element(0x86, uri.as_bytes())));
    names
}

fn extension(number: u64, is_critical: bool, value: &[u8]) -> Vec<u8> {
    let mut parts = vec![object_identifier(&[2, 5, 29, number])];
    if is_critical {
        parts.push(element(BOOLEAN, &[0xff]));
    }
    parts.push(element(OCTET_STRING, value));
    sequence(&parts)
}
