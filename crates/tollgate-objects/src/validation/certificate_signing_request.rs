//! `ValidateCertificateSigningRequestCreate` and its updates.

use super::Options;
use super::fields::{self, child};
use super::workload::metadata_update;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::go_format::quote;
use tollgate_api::{Value, names};

/// Sorted, as messages list them.
const USAGES: &[&str] = &[
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
const EXPIRATION_SECONDS_MIN: i64 = 600;
const SIGNER_BYTES_MAX: usize = 571;
const LEGACY_SIGNER: &str = "kubernetes.io/legacy-unknown";

/// Validates a request that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, false, names::dns1123_subdomain, errors);
    let spec = child(object, "spec");
    let path = Path::root("spec");
    let request = child(spec, "request");
    if !is_request(request.as_str().unwrap_or_default()) {
        let why = "PEM block type must be CERTIFICATE REQUEST";
        errors.push(Error::invalid(&path.child("request"), request.clone(), why));
    }
    usages(spec, &path.child("usages"), errors);
    let signer = spec.str_or_empty("signerName");
    let signer_path = path.child("signerName");
    if signer == LEGACY_SIGNER {
        let why = "the legacy signerName is not allowed via this API version";
        errors.push(Error::invalid(&signer_path, signer, why));
    } else {
        signer_name(signer, &signer_path, errors);
    }
    if let Some(seconds) = spec.int("expirationSeconds")
        && seconds < EXPIRATION_SECONDS_MIN
    {
        let why = "may not specify a duration less than 600 seconds (10 minutes)";
        errors.push(Error::invalid(
            &path.child("expirationSeconds"),
            seconds,
            why,
        ));
    }
}

/// Whether the bytes hold a block of the right type.
fn is_request(base64: &str) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE REQUEST-----";
    const END: &[u8] = b"-----END CERTIFICATE REQUEST-----";
    let bytes = STANDARD.decode(base64).unwrap_or_default();
    let find = |part: &[u8]| bytes.windows(part.len()).position(|window| window == part);
    matches!((find(BEGIN), find(END)), (Some(begin), Some(end)) if begin < end)
}

fn usages(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let usages = spec.items("usages");
    if usages.is_empty() {
        errors.push(Error::required(path, ""));
    }
    let texts = || {
        usages
            .iter()
            .map(|usage| usage.as_str().unwrap_or_default())
    };
    for (place, usage) in texts().enumerate() {
        if !USAGES.contains(&usage) {
            errors.push(Error::not_supported(&path.index(place), usage, USAGES));
        }
    }
    let mut seen = BTreeSet::new();
    for (place, usage) in texts().enumerate() {
        if !seen.insert(usage) {
            errors.push(Error::duplicate(&path.index(place), usage));
        }
    }
}

/// `ValidateSignerName`: a domain and a name after a slash.
fn signer_name(signer: &str, path: &Path<'_>, errors: &mut Errors) {
    if signer.is_empty() {
        errors.push(Error::required(path, ""));
        return;
    }
    let split = signer
        .split_once('/')
        .filter(|(_, name)| !name.contains('/'));
    let Some((domain, name)) = split else {
        let why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
        errors.push(Error::invalid(path, signer, why));
        return;
    };
    let labelled = |part: &str, errors: &mut Errors| {
        for message in names::dns1123_subdomain(part) {
            let why = format!("validating label {}: {message}", quote(part));
            errors.push(Error::invalid(path, part, why));
        }
    };
    labelled(domain, errors);
    if domain.split('.').count() < 2 {
        let why = "should be a domain with at least two segments separated by dots";
        errors.push(Error::invalid(path, domain, why));
    }
    labelled(name, errors);
    if signer.len() > SIGNER_BYTES_MAX {
        errors.push(Error::too_long(path, SIGNER_BYTES_MAX));
    }
}

/// Validates what a request becomes by an update; its spec is the old one.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    validate_create(new, options, errors);
    metadata_update(new, old, errors);
    conditions(new, errors);
}

/// Conditions are known by their types, each of which stands once.
fn conditions(object: &Value, errors: &mut Errors) {
    let root = Path::root("status");
    let path = root.child("conditions");
    let mut seen = BTreeSet::new();
    for (place, condition) in child(object, "status")
        .items("conditions")
        .iter()
        .enumerate()
    {
        let path = path.index(place);
        let sort = condition.str_or_empty("type");
        fields::required(condition, "type", &path, errors);
        let statuses = ["True", "False", "Unknown"];
        fields::required_word(condition, "status", &statuses, &path, errors);
        if matches!(sort, "Approved" | "Denied" | "Failed") {
            let status = condition.str_or_empty("status");
            if status != "True" && statuses.contains(&status) {
                errors.push(Error::not_supported(
                    &path.child("status"),
                    status,
                    &["True"],
                ));
            }
        }
        if !seen.insert(sort) {
            errors.push(Error::duplicate(&path.child("type"), sort));
        }
    }
}

/// Validates what a request becomes through `approval`.
pub(super) fn validate_approval_update(
    new: &Value,
    old: &Value,
    options: &Options,
    errors: &mut Errors,
) {
    validate_update(new, old, options, errors);
    kept_decisions(new, old, errors);
}

/// What was decided of a request is not taken back.
fn kept_decisions(new: &Value, old: &Value, errors: &mut Errors) {
    for sort in ["Approved", "Denied", "Failed"] {
        if count(new, sort) < count(old, sort) {
            let why = format!("updates may not remove a condition of type \"{sort}\"");
            errors.push(Error::forbidden(
                &Path::root("status").child("conditions"),
                why,
            ));
        }
    }
}

/// How many conditions there are of a type.
fn count(request: &Value, sort: &str) -> usize {
    let conditions = child(request, "status").items("conditions").iter();
    conditions
        .filter(|condition| condition.str("type") == Some(sort))
        .count()
}

/// Validates an update of a request's status.
pub(super) fn validate_status_update(
    new: &Value,
    old: &Value,
    options: &Options,
    errors: &mut Errors,
) {
    validate_update(new, old, options, errors);
    kept_decisions(new, old, errors);
    for sort in ["Approved", "Denied"] {
        if count(new, sort) > count(old, sort) {
            let why = format!("updates may not add a condition of type \"{sort}\"");
            errors.push(Error::forbidden(
                &Path::root("status").child("conditions"),
                why,
            ));
        }
    }
    let certificate = child(new, "status").str_or_empty("certificate");
    let before = child(old, "status").str_or_empty("certificate");
    if !before.is_empty() && certificate != before {
        let path = Path::root("status");
        let why = "updates may not modify existing certificate content";
        errors.push(Error::forbidden(&path.child("certificate"), why));
    }
}
