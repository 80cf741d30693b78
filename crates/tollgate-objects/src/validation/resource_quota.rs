//! ResourceQuota: `ValidateResourceQuota`, `ValidateResourceQuotaUpdate`, `ValidateResourceQuotaStatusUpdate`.
//!
//! Where upstream walks a Go map (the keys of `hard` and `used`), the keys are sorted here.

use super::{object_meta, object_meta_update};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::resource_list::amounts;
use tollgate_api::value::CompactString;
use tollgate_api::{Quantity, Value, names, resource_name};

const NOT_STANDARD: &str = "must be a standard resource type or fully qualified";
const NOT_FOR_QUOTA: &str = "must be a standard resource for quota";
const EXISTS_ONLY: &str = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";

/// Validates a quota that is to be created. A server clears `status` before.
pub fn validate(quota: &Value) -> Errors {
    let mut errors = Errors::new();
    let metadata = quota.get("metadata").unwrap_or(&Value::Null);
    let path = Path::root("metadata");
    object_meta::validate(metadata, true, names::dns1123_subdomain, &path, &mut errors);
    validate_spec(quota, &mut errors);
    validate_status(quota, &mut errors);
    errors
}

/// Validates a quota that is to replace `old`.
pub fn validate_update(quota: &Value, old: &Value) -> Errors {
    let mut errors = Errors::new();
    validate_metadata_update(quota, old, &mut errors);
    validate_spec(quota, &mut errors);
    if sorted_scopes(quota) != sorted_scopes(old) {
        let spec = Path::root("spec");
        let why = "field is immutable";
        errors.push(Error::invalid(&spec.child("scopes"), scopes(quota), why));
    }
    errors
}

/// Validates a quota whose status is to replace that of `old`.
pub fn validate_status_update(quota: &Value, old: &Value) -> Errors {
    let mut errors = Errors::new();
    validate_metadata_update(quota, old, &mut errors);
    let version = quota
        .get("metadata")
        .map_or("", |metadata| metadata.str_or_empty("resourceVersion"));
    if version.is_empty() {
        errors.push(Error::required(&Path::root("resourceVersion"), ""));
    }
    validate_status(quota, &mut errors);
    errors
}

/// What a server warns about when a quota is created: requests that may be higher than limits.
pub fn warnings_on_create(quota: &Value) -> Vec<String> {
    let hard = quota.at(&["spec", "hard"]);
    let amount = |key: &str| amounts(hard).find(|(name, _)| *name == key);
    let mut warnings = Vec::new();
    for resource in ["cpu", "memory", "ephemeral-storage"] {
        let (requests, limits) = (format!("requests.{resource}"), format!("limits.{resource}"));
        let bare = || amount(resource).filter(|_| resource != "ephemeral-storage");
        let request = amount(&requests).or_else(bare);
        if let (Some((key, request)), Some((_, limit))) = (request, amount(&limits))
            && request.compare(&limit).is_gt()
        {
            warnings.push(format!(
                "ResourceQuota {key} ({request}) should be less than {limits} ({limit})"
            ));
        }
    }
    warnings
}

fn validate_metadata_update(quota: &Value, old: &Value, errors: &mut Errors) {
    let metadata = |object: &Value| object.get("metadata").cloned().unwrap_or_default();
    object_meta_update::validate(
        &metadata(quota),
        &metadata(old),
        &Path::root("metadata"),
        errors,
    );
}

fn validate_spec(quota: &Value, errors: &mut Errors) {
    let spec = quota.get("spec").unwrap_or(&Value::Null);
    let path = Path::root("spec");
    validate_amounts(spec.get("hard"), &path.child("hard"), errors);
    validate_scopes(quota, spec, &path.child("scopes"), errors);
    if let Some(selector) = spec.get("scopeSelector") {
        let path = path.child("scopeSelector");
        validate_selector(
            quota,
            spec,
            selector,
            &path.child("matchExpressions"),
            errors,
        );
    }
}

fn validate_status(quota: &Value, errors: &mut Errors) {
    let path = Path::root("status");
    for list in ["hard", "used"] {
        validate_amounts(quota.at(&["status", list]), &path.child(list), errors);
    }
}

fn validate_amounts(list: Option<&Value>, path: &Path<'_>, errors: &mut Errors) {
    let mut amounts: Vec<(&str, Quantity)> = amounts(list).collect();
    amounts.sort_by_key(|(name, _)| *name);
    for (name, amount) in amounts {
        let path = path.key(name);
        validate_name(name, &path, errors);
        if amount.sign() < 0 {
            let why = "must be greater than or equal to 0";
            errors.push(Error::invalid(&path, amount.to_string(), why));
        }
        if resource_name::is_integer(name) && amount.milli_value() % 1000 != 0 {
            errors.push(Error::invalid(
                &path,
                amount.to_string(),
                "must be an integer",
            ));
        }
    }
}

/// `ValidateResourceQuotaResourceName`
fn validate_name(name: &str, path: &Path<'_>, errors: &mut Errors) {
    let is_bare = !name.contains('/');
    let messages = names::qualified_name(name);
    if messages.is_empty() && is_bare && !resource_name::is_standard(name) {
        errors.push(Error::invalid(path, name, NOT_STANDARD));
    }
    object_meta::invalid_each(messages, name, path, errors);
    if is_bare && !resource_name::is_standard_for_quota(name) {
        errors.push(Error::invalid(path, name, NOT_FOR_QUOTA));
    }
}

/// `spec.scopes`, as it is printed.
fn scopes(quota: &Value) -> Value {
    quota.at(&["spec", "scopes"]).cloned().unwrap_or_default()
}

fn sorted_scopes(quota: &Value) -> Vec<CompactString> {
    let scopes = quota
        .get("spec")
        .map_or(&[][..], |spec| spec.items("scopes"));
    let mut scopes: Vec<CompactString> = scopes
        .iter()
        .filter_map(|scope| scope.as_str().map(CompactString::new))
        .collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

fn validate_scopes(quota: &Value, spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let names = || spec.items("scopes").iter().filter_map(Value::as_str);
    for scope in names() {
        if !is_standard_scope(scope) {
            errors.push(Error::invalid(path, scopes(quota), "unsupported scope"));
        }
        for _ in unsupported_keys(spec, scope) {
            let why = "unsupported scope applied to resource";
            errors.push(Error::invalid(path, scopes(quota), why));
        }
    }
    conflicts(quota, &names().collect::<Vec<_>>(), path, errors);
}

fn validate_selector(
    quota: &Value,
    spec: &Value,
    selector: &Value,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let expressions = selector.items("matchExpressions");
    for expression in expressions {
        let scope = expression.str_or_empty("scopeName");
        if !is_standard_scope(scope) {
            let path = path.child("scopeName");
            errors.push(Error::invalid(&path, scope, "unsupported scope"));
        }
        for _ in unsupported_keys(spec, scope) {
            let why = "unsupported scope applied to resource";
            errors.push(Error::invalid(path, internal_selector(selector), why));
        }
        validate_operator(expression, path, errors);
    }
    let names: Vec<&str> = expressions
        .iter()
        .map(|expression| expression.str_or_empty("scopeName"))
        .collect();
    conflicts(quota, &names, path, errors);
}

fn validate_operator(expression: &Value, path: &Path<'_>, errors: &mut Errors) {
    let operator = expression.str_or_empty("operator");
    let operator_path = path.child("operator");
    let is_a_question = matches!(
        expression.str_or_empty("scopeName"),
        "BestEffort"
            | "NotBestEffort"
            | "Terminating"
            | "NotTerminating"
            | "CrossNamespacePodAffinity"
    );
    if is_a_question && operator != "Exists" {
        errors.push(Error::invalid(&operator_path, operator, EXISTS_ONLY));
    }
    let path = path.child("values");
    let values = expression.items("values");
    match operator {
        "In" | "NotIn" if values.is_empty() => errors.push(Error::required(
            &path,
            "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
        )),
        "Exists" | "DoesNotExist" if !values.is_empty() => errors.push(Error::invalid(
            &path,
            values.to_vec(),
            "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
        )),
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        _ => {
            let why = "not a valid selector operator";
            errors.push(Error::invalid(&operator_path, operator, why));
        }
    }
}

/// Scopes that no object can be in at once. Upstream shows `spec.scopes` even where the selector is at fault.
fn conflicts(quota: &Value, names: &[&str], path: &Path<'_>, errors: &mut Errors) {
    for pair in [
        ["BestEffort", "NotBestEffort"],
        ["Terminating", "NotTerminating"],
    ] {
        if pair.iter().all(|scope| names.contains(scope)) {
            errors.push(Error::invalid(path, scopes(quota), "conflicting scopes"));
        }
    }
}

fn is_standard_scope(scope: &str) -> bool {
    matches!(
        scope,
        "Terminating"
            | "NotTerminating"
            | "BestEffort"
            | "NotBestEffort"
            | "PriorityClass"
            | "CrossNamespacePodAffinity"
            | "VolumeAttributesClass"
    )
}

/// The keys of `spec.hard` that mean nothing in a scope.
fn unsupported_keys<'s>(spec: &'s Value, scope: &'s str) -> impl Iterator<Item = &'s str> {
    amounts(spec.get("hard"))
        .map(|(name, _)| name)
        .filter(move |name| {
            resource_name::is_standard_for_quota(name) && !is_scope_valid_for(scope, name)
        })
}

fn is_scope_valid_for(scope: &str, name: &str) -> bool {
    let is_compute = matches!(
        name,
        "cpu" | "memory" | "requests.cpu" | "requests.memory" | "limits.cpu" | "limits.memory"
    );
    match scope {
        "BestEffort" => name == "pods",
        "Terminating"
        | "NotTerminating"
        | "NotBestEffort"
        | "PriorityClass"
        | "CrossNamespacePodAffinity" => name == "pods" || is_compute,
        "VolumeAttributesClass" => matches!(name, "persistentvolumeclaims" | "requests.storage"),
        _ => true,
    }
}

/// The selector as upstream prints it: the JSON of its internal type, which has no tags.
fn internal_selector(selector: &Value) -> Value {
    let expressions = selector.get("matchExpressions").and_then(Value::as_array);
    let expressions = expressions.map(|expressions| {
        let internal = |expression: &Value| -> Value {
            [
                ("ScopeName", expression.str_or_empty("scopeName").into()),
                ("Operator", expression.str_or_empty("operator").into()),
                (
                    "Values",
                    expression.get("values").cloned().unwrap_or_default(),
                ),
            ]
            .into_iter()
            .collect()
        };
        expressions.iter().map(internal).collect::<Vec<Value>>()
    });
    [("MatchExpressions", Value::from(expressions))]
        .into_iter()
        .collect()
}
