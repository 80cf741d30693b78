//! What webhooks and admission policies share: rules of resources, conditions, matching.

use super::fields::{self, child};
use super::label_selector::{self, Values};
use super::object_meta::invalid_each;
use std::collections::BTreeSet;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// What a policy or a webhook does if it fails.
pub(super) const FAILURE_POLICIES: [&str; 2] = ["Fail", "Ignore"];
/// Whether other versions of a resource match.
pub(super) const MATCH_POLICIES: [&str; 2] = ["Equivalent", "Exact"];
/// What to do with an object that was changed after it was seen.
pub(super) const REINVOCATION_POLICIES: [&str; 2] = ["IfNeeded", "Never"];

const OPERATIONS: [&str; 5] = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const SCOPES: [&str; 3] = ["*", "Cluster", "Namespaced"];
const CONDITIONS_MAX: usize = 64;

fn has(list: &[Value], word: &str) -> bool {
    list.iter().any(|item| item.as_str() == Some(word))
}

/// `validateRuleWithOperations`
pub(super) fn rule(rule: &Value, path: &Path<'_>, errors: &mut Errors) {
    let operations = rule.items("operations");
    let operations_path = path.child("operations");
    not_empty(operations, &operations_path, errors);
    alone("*", operations, "operations", &operations_path, errors);
    for (place, operation) in operations.iter().enumerate() {
        let operation = operation.as_str().unwrap_or_default();
        if !OPERATIONS.contains(&operation) {
            let path = operations_path.index(place);
            errors.push(Error::not_supported(&path, operation, &OPERATIONS));
        }
    }
    let groups = rule.items("apiGroups");
    let groups_path = path.child("apiGroups");
    not_empty(groups, &groups_path, errors);
    alone("*", groups, "API groups", &groups_path, errors);
    let versions = rule.items("apiVersions");
    let versions_path = path.child("apiVersions");
    not_empty(versions, &versions_path, errors);
    alone("*", versions, "API versions", &versions_path, errors);
    for (place, version) in versions.iter().enumerate() {
        if version.as_str().unwrap_or_default().is_empty() {
            errors.push(Error::required(&versions_path.index(place), ""));
        }
    }
    resources(rule.items("resources"), &path.child("resources"), errors);
    fields::word(rule, "scope", &SCOPES, path, errors);
}

fn not_empty(list: &[Value], path: &Path<'_>, errors: &mut Errors) {
    if list.is_empty() {
        errors.push(Error::required(path, ""));
    }
}

fn alone(all: &str, list: &[Value], others: &str, path: &Path<'_>, errors: &mut Errors) {
    if list.len() > 1 && has(list, all) {
        let why = format!("if '{all}' is present, must not specify other {others}");
        errors.push(Error::invalid(path, list.to_vec(), why));
    }
}

/// Resources and subresources, of which none may be named twice by way of a wildcard.
fn resources(list: &[Value], path: &Path<'_>, errors: &mut Errors) {
    not_empty(list, path, errors);
    let mut whole_resources = BTreeSet::new();
    let mut whole_subresources = BTreeSet::new();
    let mut plain = false;
    for (place, entry) in list.iter().enumerate() {
        let entry = entry.as_str().unwrap_or_default();
        let path = path.index(place);
        if entry.is_empty() {
            errors.push(Error::required(&path, ""));
            continue;
        }
        let Some((resource, subresource)) = entry.split_once('/') else {
            plain |= entry != "*";
            continue;
        };
        if whole_resources.contains(resource) {
            let why = format!("if '{resource}/*' is present, must not specify {entry}");
            errors.push(Error::invalid(&path, entry, why));
        }
        if whole_subresources.contains(subresource) {
            let why = format!("if '*/{subresource}' is present, must not specify {entry}");
            errors.push(Error::invalid(&path, entry, why));
        }
        if subresource == "*" {
            whole_resources.insert(resource);
        }
        if resource == "*" {
            whole_subresources.insert(subresource);
        }
    }
    alone("*/*", list, "resources", path, errors);
    if plain && has(list, "*") {
        let why = "if '*' is present, must not specify other resources without subresources";
        errors.push(Error::invalid(path, list.to_vec(), why));
    }
}

/// Conditions; what their expressions mean is for whoever can read them.
pub(super) fn match_conditions(holder: &Value, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("matchConditions");
    let conditions = holder.items("matchConditions");
    if conditions.len() > CONDITIONS_MAX {
        let count = i64::try_from(conditions.len()).unwrap_or(i64::MAX);
        errors.push(Error::too_many(&path, count, CONDITIONS_MAX));
    }
    let mut seen = BTreeSet::new();
    for (place, condition) in conditions.iter().enumerate() {
        let path = path.index(place);
        if condition.str_or_empty("expression").trim().is_empty() {
            errors.push(Error::required(&path.child("expression"), ""));
        }
        let name = condition.str_or_empty("name");
        fields::required_name(condition, "name", names::qualified_name, &path, errors);
        if !name.is_empty() && !seen.insert(name) {
            errors.push(Error::duplicate(&path.child("name"), name));
        }
    }
}

/// The two selectors of a webhook or of a policy.
pub(super) fn selectors(holder: &Value, path: &Path<'_>, errors: &mut Errors) {
    for key in ["namespaceSelector", "objectSelector"] {
        label_selector::validate(holder, key, Values::Strict, &path.child(key), errors);
    }
}

/// `validateMatchResources`
pub(super) fn match_resources(matching: &Value, path: &Path<'_>, errors: &mut Errors) {
    fields::required_word(matching, "matchPolicy", &MATCH_POLICIES, path, errors);
    selectors(matching, path, errors);
    for list in ["resourceRules", "excludeResourceRules"] {
        let path = path.child(list);
        for (place, entry) in matching.items(list).iter().enumerate() {
            let path = path.index(place);
            let names_path = path.child("resourceNames");
            let mut seen = BTreeSet::new();
            for (place, name) in entry.items("resourceNames").iter().enumerate() {
                let name = name.as_str().unwrap_or_default();
                let path = names_path.index(place);
                invalid_each(names::path_segment(name), name, &path, errors);
                if !seen.insert(name) {
                    errors.push(Error::duplicate(&path, name));
                }
            }
            rule(entry, &path, errors);
        }
    }
}

/// The kind of a policy's parameters.
pub(super) fn param_kind(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(of) = spec.get("paramKind") else {
        return;
    };
    let path = path.child("paramKind");
    if fields::required(of, "apiVersion", &path, errors) {
        let text = of.str_or_empty("apiVersion");
        let path = path.child("apiVersion");
        let mut parts = text.split('/');
        let (first, second) = (parts.next().unwrap_or_default(), parts.next());
        if parts.next().is_some() {
            let why = format!("unexpected GroupVersion string: {text}");
            errors.push(Error::invalid(&path, text, why));
        } else {
            let (group, version) = second.map_or(("", first), |version| (first, version));
            if !group.is_empty() {
                let messages = names::dns1123_subdomain(group);
                if !messages.is_empty() {
                    errors.push(Error::invalid(&path, group, messages.join(",")));
                }
            }
            let messages = names::dns1035_label(version);
            if !messages.is_empty() {
                errors.push(Error::invalid(&path, version, messages.join(",")));
            }
        }
    }
    if fields::required(of, "kind", &path, errors) {
        let kind = of.str_or_empty("kind");
        let messages = names::dns1035_label(&kind.to_lowercase());
        if !messages.is_empty() {
            let why = format!(
                "may have mixed case, but should otherwise match: {}",
                messages.join(",")
            );
            errors.push(Error::invalid(&path.child("kind"), kind, why));
        }
    }
}

/// Variables of a policy, by name and expression.
pub(super) fn variables(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("variables");
    let mut seen = BTreeSet::new();
    for (place, variable) in child(spec, "variables")
        .as_array()
        .unwrap_or_default()
        .iter()
        .enumerate()
    {
        let path = path.index(place);
        if fields::required(variable, "name", &path, errors) {
            let name = variable.str_or_empty("name");
            if !is_identifier(name) {
                let why = "must be a valid CEL identifier";
                errors.push(Error::invalid(&path.child("name"), name, why));
            }
            if !seen.insert(name) {
                errors.push(Error::duplicate(&path.child("name"), name));
            }
        }
        if variable.str_or_empty("expression").trim().is_empty() {
            let why = "expression is not specified";
            errors.push(Error::required(&path.child("expression"), why));
        }
    }
}

/// Words that mean something in an expression, so that neither variables nor fields can be written so.
pub const EXPRESSION_WORDS: &[&str] = &[
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// Whether a name can stand in an expression and means nothing there already.
fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !EXPRESSION_WORDS.contains(&name)
}
