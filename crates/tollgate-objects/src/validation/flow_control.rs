//! `ValidateFlowSchema`, `ValidatePriorityLevelConfiguration` and their updates.

use super::fields::{self, child};
use super::object_meta::invalid_each;
use super::{Options, go_values, numbers};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

const PRECEDENCE_MAX: i64 = 10_000;
const QUEUES_MAX: i64 = 10_000_000;
const EXEMPT: &str = "exempt";
const VERBS: &[&str] = &[
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "proxy",
    "update",
    "watch",
];

/// Validates a FlowSchema that is to be created.
pub(super) fn validate_schema_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, false, names::dns1123_subdomain, errors);
    let name = child(object, "metadata").str_or_empty("name");
    let spec = child(object, "spec");
    let path = Path::root("spec");
    let precedence = spec.int("matchingPrecedence").unwrap_or_default();
    let precedence_path = path.child("matchingPrecedence");
    let why = if precedence <= 0 {
        Some("must be a positive value".to_owned())
    } else if precedence > PRECEDENCE_MAX {
        Some(format!("must not be greater than {PRECEDENCE_MAX}"))
    } else {
        None
    };
    if let Some(why) = why {
        errors.push(Error::invalid(&precedence_path, precedence, why));
    }
    if precedence == 1 && name != EXEMPT {
        let why = "only the schema named 'exempt' may have matchingPrecedence 1";
        errors.push(Error::invalid(&precedence_path, precedence, why));
    }
    if let Some(method) = spec.get("distinguisherMethod") {
        let methods = ["ByNamespace", "ByUser"];
        if !methods.contains(&method.str_or_empty("type")) {
            let shown = go_values::object([("Type", go_values::text(method, "type"))]);
            let path = path.child("distinguisherMethod");
            errors.push(Error::not_supported(&path.child("type"), shown, &methods));
        }
    }
    let level = child(spec, "priorityLevelConfiguration").str_or_empty("name");
    let level_path = path.child("priorityLevelConfiguration");
    let level_path = level_path.child("name");
    if level.is_empty() {
        errors.push(Error::required(
            &level_path,
            "must reference a priority level",
        ));
    } else {
        invalid_each(names::dns1123_subdomain(level), level, &level_path, errors);
    }
    let path = path.child("rules");
    for (place, rule) in spec.items("rules").iter().enumerate() {
        validate_rule(rule, &path.index(place), errors);
    }
}

fn validate_rule(rule: &Value, path: &Path<'_>, errors: &mut Errors) {
    let subjects = rule.items("subjects");
    let subjects_path = path.child("subjects");
    if subjects.is_empty() {
        let why = "subjects must contain at least one value";
        errors.push(Error::required(&subjects_path, why));
    }
    for (place, subject) in subjects.iter().enumerate() {
        validate_subject(subject, &subjects_path.index(place), errors);
    }
    let of_resources = rule.items("resourceRules");
    let of_urls = rule.items("nonResourceRules");
    if of_resources.is_empty() && of_urls.is_empty() {
        let why = "at least one of resourceRules and nonResourceRules has to be non-empty";
        errors.push(Error::required(path, why));
    }
    let list = path.child("resourceRules");
    for (place, rule) in of_resources.iter().enumerate() {
        resource_rule(rule, &list.index(place), errors);
    }
    let list = path.child("nonResourceRules");
    for (place, rule) in of_urls.iter().enumerate() {
        url_rule(rule, &list.index(place), errors);
    }
}

/// The kinds of subjects and the field of each.
const SUBJECTS: [(&str, &str); 3] = [
    ("ServiceAccount", "serviceAccount"),
    ("User", "user"),
    ("Group", "group"),
];

fn validate_subject(subject: &Value, path: &Path<'_>, errors: &mut Errors) {
    let kind = subject.str_or_empty("kind");
    let Some((_, own)) = SUBJECTS.iter().find(|(name, _)| *name == kind) else {
        let kinds = ["Group", "ServiceAccount", "User"];
        errors.push(Error::not_supported(&path.child("kind"), kind, &kinds));
        return;
    };
    match subject.get(own) {
        None => {
            let why = format!("{own} is required when subject kind is '{kind}'");
            errors.push(Error::required(&path.child(own), why));
        }
        Some(account) if kind == "ServiceAccount" => {
            service_account(account, &path.child(own), errors);
        }
        Some(named) => {
            fields::required(named, "name", &path.child(own), errors);
        }
    }
    for (other, field) in SUBJECTS {
        if other != kind && subject.get(field).is_some() {
            let why = format!("{field} is forbidden when subject kind is not '{other}'");
            errors.push(Error::forbidden(&path.child(field), why));
        }
    }
}

fn service_account(account: &Value, path: &Path<'_>, errors: &mut Errors) {
    let name = account.str_or_empty("name");
    if fields::required(account, "name", path, errors) && name != "*" {
        invalid_each(
            names::dns1123_subdomain(name),
            name,
            &path.child("name"),
            errors,
        );
    }
    let namespace = account.str_or_empty("namespace");
    let path = path.child("namespace");
    if namespace.is_empty() {
        let why = "must specify namespace for service account";
        errors.push(Error::required(&path, why));
    } else {
        invalid_each(names::dns1123_label(namespace), namespace, &path, errors);
    }
}

fn has_all(list: &[Value]) -> bool {
    list.iter().any(|item| item.as_str() == Some("*"))
}

/// A list that must not be empty, and that is everything or something.
fn named(
    rule: &Value,
    list: &str,
    missing: &str,
    others: &str,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let items = rule.items(list);
    let path = path.child(list);
    if items.is_empty() {
        errors.push(Error::required(&path, missing));
    } else if items.len() > 1 && has_all(items) {
        let why = format!("if '*' is present, must not specify other {others}");
        errors.push(Error::invalid(&path, items.to_vec(), why));
    }
}

fn verbs(rule: &Value, path: &Path<'_>, errors: &mut Errors) {
    let missing = "verbs must contain at least one value";
    named(rule, "verbs", missing, "verbs", path, errors);
    let verbs = rule.items("verbs");
    let is_known = |verb: &Value| VERBS.contains(&verb.as_str().unwrap_or_default());
    if !has_all(verbs) && !verbs.iter().all(is_known) {
        let path = path.child("verbs");
        errors.push(Error::not_supported(&path, verbs.to_vec(), VERBS));
    }
}

fn resource_rule(rule: &Value, path: &Path<'_>, errors: &mut Errors) {
    verbs(rule, path, errors);
    let missing = "resource rules must supply at least one api group";
    named(rule, "apiGroups", missing, "api groups", path, errors);
    let missing = "resource rules must supply at least one resource";
    named(rule, "resources", missing, "resources", path, errors);
    let namespaces = rule.items("namespaces");
    if namespaces.is_empty() && rule.bool("clusterScope") == Some(true) {
        return;
    }
    let missing = "resource rules that are not cluster scoped must supply at least one namespace";
    named(rule, "namespaces", missing, "namespaces", path, errors);
    let path = path.child("namespaces");
    for (place, namespace) in namespaces.iter().enumerate() {
        let namespace = namespace.as_str().unwrap_or_default();
        if namespace != "*" {
            let messages = names::dns1123_label(namespace);
            invalid_each(messages, namespace, &path.index(place), errors);
        }
    }
}

fn url_rule(rule: &Value, path: &Path<'_>, errors: &mut Errors) {
    verbs(rule, path, errors);
    let missing = "nonResourceURLs must contain at least one value";
    named(
        rule,
        "nonResourceURLs",
        missing,
        "non-resource URLs",
        path,
        errors,
    );
    let path = path.child("nonResourceURLs");
    for (place, url) in rule.items("nonResourceURLs").iter().enumerate() {
        let url = url.as_str().unwrap_or_default();
        if url == "*" {
            continue;
        }
        let why = if url.is_empty() {
            "must not be empty"
        } else if !url.starts_with('/') {
            "must start with slash"
        } else if url.contains(' ') {
            "must not contain white-space"
        } else if url.contains("//") {
            "must not contain double slash"
        } else if url.strip_suffix("/*").unwrap_or(url).contains('*') {
            "wildcards can only do suffix matching"
        } else {
            continue;
        };
        errors.push(Error::invalid(&path.index(place), url, why));
    }
}

/// Validates what a FlowSchema becomes by an update.
pub(super) fn validate_schema_update(
    new: &Value,
    _old: &Value,
    options: &Options,
    errors: &mut Errors,
) {
    validate_schema_create(new, options, errors);
}

/// Validates a PriorityLevelConfiguration that is to be created.
pub(super) fn validate_level_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, false, names::dns1123_subdomain, errors);
    let name = child(object, "metadata").str_or_empty("name");
    let spec = child(object, "spec");
    let path = Path::root("spec");
    let sort = spec.str_or_empty("type");
    if (name == EXEMPT) != (sort == "Exempt") && matches!(sort, "Exempt" | "Limited") {
        let why = "must be 'Exempt' if and only if `name` is 'exempt'";
        errors.push(Error::invalid(&path.child("type"), sort, why));
    }
    match sort {
        "Exempt" => {
            if spec.get("limited").is_some() {
                let why = "must be nil if the type is not Limited";
                errors.push(Error::forbidden(&path.child("limited"), why));
            }
            if let Some(exempt) = spec.get("exempt") {
                shares(exempt, &path.child("exempt"), errors);
                lendable(exempt, &path.child("exempt"), errors);
            }
        }
        "Limited" => {
            if spec.get("exempt").is_some() {
                let why = "must be nil if the type is Limited";
                errors.push(Error::forbidden(&path.child("exempt"), why));
            }
            match spec.get("limited") {
                None => {
                    let why = "must not be empty when type is Limited";
                    errors.push(Error::required(&path.child("limited"), why));
                }
                Some(limited) => validate_limited(limited, &path.child("limited"), errors),
            }
        }
        _ => fields::required_word(spec, "type", &["Exempt", "Limited"], &path, errors),
    }
}

fn shares(holder: &Value, path: &Path<'_>, errors: &mut Errors) {
    let field = "nominalConcurrencyShares";
    if let Some(shares) = holder.int(field).filter(|shares| *shares < 0) {
        let why = "must be a non-negative integer";
        errors.push(Error::invalid(&path.child(field), shares, why));
    }
}

fn lendable(holder: &Value, path: &Path<'_>, errors: &mut Errors) {
    if let Some(percent) = holder.int("lendablePercent") {
        numbers::in_range(percent, 0, 100, &path.child("lendablePercent"), errors);
    }
}

fn validate_limited(limited: &Value, path: &Path<'_>, errors: &mut Errors) {
    shares(limited, path, errors);
    let response = child(limited, "limitResponse");
    let response_path = path.child("limitResponse");
    let queuing = response.get("queuing");
    let queuing_path = response_path.child("queuing");
    match (response.str_or_empty("type"), queuing) {
        ("Reject", Some(_)) => {
            let why = "must be nil if limited.limitResponse.type is not Limited";
            errors.push(Error::forbidden(&queuing_path, why));
        }
        ("Reject", None) => {}
        ("Queue", None) => {
            let why = "must not be empty if limited.limitResponse.type is Limited";
            errors.push(Error::required(&queuing_path, why));
        }
        ("Queue", Some(queuing)) => validate_queuing(queuing, &queuing_path, errors),
        _ => {
            let types = ["Queue", "Reject"];
            fields::required_word(response, "type", &types, &response_path, errors);
        }
    }
    lendable(limited, path, errors);
    if let Some(percent) = limited
        .int("borrowingLimitPercent")
        .filter(|percent| *percent < 0)
    {
        let why = "if specified, must be a non-negative integer";
        errors.push(Error::invalid(
            &path.child("borrowingLimitPercent"),
            percent,
            why,
        ));
    }
}

fn validate_queuing(queuing: &Value, path: &Path<'_>, errors: &mut Errors) {
    let number = |field: &str| queuing.int(field).unwrap_or_default();
    let positive = "must be positive";
    let limit = number("queueLengthLimit");
    if limit <= 0 {
        errors.push(Error::invalid(
            &path.child("queueLengthLimit"),
            limit,
            positive,
        ));
    }
    let queues = number("queues");
    let queues_path = path.child("queues");
    if queues <= 0 {
        errors.push(Error::invalid(&queues_path, queues, positive));
    } else if queues > QUEUES_MAX {
        let why = format!("must not be greater than {QUEUES_MAX}");
        errors.push(Error::invalid(&queues_path, queues, why));
    }
    let hand = number("handSize");
    let path = path.child("handSize");
    if hand <= 0 {
        errors.push(Error::invalid(&path, hand, positive));
    } else if hand > queues {
        let why = format!("should not be greater than queues ({queues})");
        errors.push(Error::invalid(&path, hand, why));
    }
}

/// Validates what a PriorityLevelConfiguration becomes by an update.
pub(super) fn validate_level_update(
    new: &Value,
    _old: &Value,
    options: &Options,
    errors: &mut Errors,
) {
    validate_level_create(new, options, errors);
}
