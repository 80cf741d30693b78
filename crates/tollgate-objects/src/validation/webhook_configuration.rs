//! `ValidateValidatingWebhookConfiguration`, `ValidateMutatingWebhookConfiguration` and their updates.

use super::Options;
use super::admission_rules::{self, FAILURE_POLICIES, MATCH_POLICIES, REINVOCATION_POLICIES};
use super::fields::{self, child};
use super::numbers;
use super::object_meta;
use std::collections::BTreeSet;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

const REVIEW_VERSIONS: [&str; 2] = ["v1", "v1beta1"];
const SIDE_EFFECTS: [&str; 2] = ["None", "NoneOnDryRun"];
const FORM: &str = "; desired format: https://host[/path]";

/// Validates a configuration of either sort that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    let metadata = child(object, "metadata");
    let path = Path::root("metadata");
    object_meta::validate_generic(metadata, false, names::dns1123_subdomain, &path, errors);
    let mut seen = BTreeSet::new();
    let path = Path::root("webhooks");
    for (place, hook) in object.items("webhooks").iter().enumerate() {
        let path = path.index(place);
        validate_hook(hook, &path, errors);
        review_versions(hook, &path.child("admissionReviewVersions"), errors);
        let name = hook.str_or_empty("name");
        if !name.is_empty() && !seen.insert(name) {
            errors.push(Error::duplicate(&path.child("name"), name));
        }
    }
}

fn validate_hook(hook: &Value, path: &Path<'_>, errors: &mut Errors) {
    fields::domain(hook.str_or_empty("name"), 3, &path.child("name"), errors);
    let rules = path.child("rules");
    for (place, rule) in hook.items("rules").iter().enumerate() {
        admission_rules::rule(rule, &rules.index(place), errors);
    }
    fields::word(hook, "failurePolicy", &FAILURE_POLICIES, path, errors);
    fields::word(hook, "matchPolicy", &MATCH_POLICIES, path, errors);
    if hook.get("sideEffects").is_none() {
        let why = format!("must specify one of {}", SIDE_EFFECTS.join(", "));
        errors.push(Error::required(&path.child("sideEffects"), why));
    }
    fields::word(hook, "sideEffects", &SIDE_EFFECTS, path, errors);
    if let Some(seconds) = hook.int("timeoutSeconds")
        && !(1..=30).contains(&seconds)
    {
        let why = "the timeout value must be between 1 and 30 seconds";
        errors.push(Error::invalid(&path.child("timeoutSeconds"), seconds, why));
    }
    admission_rules::selectors(hook, path, errors);
    fields::word(
        hook,
        "reinvocationPolicy",
        &REINVOCATION_POLICIES,
        path,
        errors,
    );
    client(
        child(hook, "clientConfig"),
        &path.child("clientConfig"),
        errors,
    );
    admission_rules::match_conditions(hook, path, errors);
}

fn client(config: &Value, path: &Path<'_>, errors: &mut Errors) {
    match (config.str("url"), config.get("service")) {
        (Some(url), None) => validate_url(url, &path.child("url"), errors),
        (None, Some(service)) => validate_service(service, &path.child("service"), errors),
        _ => {
            let why = "exactly one of url or service is required";
            errors.push(Error::required(path, why));
        }
    }
}

/// `ValidateWebhookURL`
fn validate_url(url: &str, path: &Path<'_>, errors: &mut Errors) {
    let (rest, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (scheme, rest) = match rest.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_lowercase(), rest),
        _ => (String::new(), rest),
    };
    let authority = rest.strip_prefix("//").unwrap_or_default();
    let authority = authority.split('/').next().unwrap_or_default();
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    if scheme != "https" {
        let why = format!("'https' is the only allowed URL scheme{FORM}");
        errors.push(Error::invalid(path, scheme, why));
    }
    if host.is_empty() {
        let why = format!("host must be specified{FORM}");
        errors.push(Error::invalid(path, host, why));
    }
    if !user.is_empty() {
        let why = "user information is not permitted in the URL";
        errors.push(Error::invalid(path, user, why));
    }
    if !fragment.is_empty() {
        let why = "fragments are not permitted in the URL";
        errors.push(Error::invalid(path, fragment, why));
    }
    if !query.is_empty() {
        let why = "query parameters are not permitted in the URL";
        errors.push(Error::invalid(path, query, why));
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// `ValidateWebhookService`, which upstream calls with name and namespace in each other's place.
fn validate_service(service: &Value, path: &Path<'_>, errors: &mut Errors) {
    for (field, shown) in [("namespace", "name"), ("name", "namespace")] {
        if service.str_or_empty(field).is_empty() {
            errors.push(Error::required(&path.child(shown), ""));
        }
    }
    let port = service.int("port").unwrap_or(443);
    if !(1..=65_535).contains(&port) {
        let why = format!("port is not valid: {}", numbers::range_message(1, 65_535));
        errors.push(Error::invalid(&path.child("port"), port, why));
    }
    if let Some(text) = service.str("path") {
        validate_path(text, &path.child("path"), errors);
    }
}

fn validate_path(text: &str, path: &Path<'_>, errors: &mut Errors) {
    if matches!(text, "" | "/") {
        return;
    }
    if text == "//" {
        errors.push(Error::invalid(path, text, "segment[0] may not be empty"));
        return;
    }
    if !text.starts_with('/') {
        errors.push(Error::invalid(path, text, "must start with a '/'"));
    }
    let mut characters = text.chars();
    characters.next();
    let steps = characters.as_str();
    let steps = steps.strip_suffix('/').unwrap_or(steps);
    for (place, step) in steps.split('/').enumerate() {
        if step.is_empty() {
            let why = format!("segment[{place}] may not be empty");
            errors.push(Error::invalid(path, text, why));
        } else {
            for message in names::dns1123_subdomain(step) {
                let why = format!("segment[{place}]: {message}");
                errors.push(Error::invalid(path, text, why));
            }
        }
    }
}

fn review_versions(hook: &Value, path: &Path<'_>, errors: &mut Errors) {
    let versions = hook.items("admissionReviewVersions");
    let known = REVIEW_VERSIONS.join(", ");
    if versions.is_empty() {
        errors.push(Error::required(
            path,
            format!("must specify one of {known}"),
        ));
        return;
    }
    let mut seen = BTreeSet::new();
    for (place, version) in versions.iter().enumerate() {
        let version = version.as_str().unwrap_or_default();
        let path = path.index(place);
        if !seen.insert(version) {
            errors.push(Error::invalid(&path, version, "duplicate version"));
            continue;
        }
        object_meta::invalid_each(names::dns1035_label(version), version, &path, errors);
    }
    if !REVIEW_VERSIONS.iter().any(|known| seen.contains(known)) {
        let why = format!("must include at least one of {known}");
        errors.push(Error::invalid(path, versions.to_vec(), why));
    }
}

/// Validates what a configuration becomes by an update.
pub(super) fn validate_update(new: &Value, _old: &Value, options: &Options, errors: &mut Errors) {
    validate_create(new, options, errors);
}
