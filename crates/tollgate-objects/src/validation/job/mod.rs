//! `ValidateJob` and its update.

mod failure_policy;
mod success_policy;
mod update;

pub(super) use update::validate_update;

use super::numbers::nonnegative;
use super::object_meta::invalid_each;
use super::workload::{self, is_readable};
use super::{Options, go_values, label_selector, pod};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, label_selector as selector, names};

const MODES: [&str; 2] = ["NonIndexed", "Indexed"];
/// How many pods of an indexed Job may run at once.
const INDEXED_PARALLELISM_MAX: i64 = 100_000;
/// How many indexes a Job may have where it counts failures for each.
const FAILING_COMPLETIONS_MAX: i64 = 100_000;
/// How many indexes may fail where there are many.
const FAILED_INDEXES_MAX: i64 = 10_000;
const NEEDS_INDEXES: &str = "requires indexed completion mode";
const MANAGED_BY_BYTES_MAX: usize = 63;

const CONTROLLER_UID: &str = "batch.kubernetes.io/controller-uid";
const JOB_NAME: &str = "batch.kubernetes.io/job-name";

/// Validates a Job that is to be created; its selector has been generated.
pub(super) fn validate_create(object: &Value, options: &Options, errors: &mut Errors) {
    workload::metadata(object, errors);
    generated_selector(object, errors);
    validate_selected_spec(workload::spec(object), options, errors);
    last_host_name(object, errors);
}

/// The pods of an indexed Job have the Job's name and their index as their hostname.
fn last_host_name(object: &Value, errors: &mut Errors) {
    let spec = workload::spec(object);
    let completions = spec.int("completions").unwrap_or_default();
    if !is_indexed(spec) || completions <= 0 {
        return;
    }
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    let name = metadata.str_or_empty("name");
    let host = format!("{name}-{}", completions.saturating_sub(1));
    if !names::dns1123_label(&host).is_empty() {
        let path = Path::root("metadata");
        let why = format!("will not able to create pod with invalid DNS label: {host}");
        errors.push(Error::invalid(&path.child("name"), name, why));
    }
}

/// The spec of a Job with its selector.
fn validate_selected_spec(spec: &Value, options: &Options, errors: &mut Errors) {
    let path = Path::root("spec");
    validate_spec(spec, &path, options, errors);
    let selector_path = path.child("selector");
    match spec.get("selector") {
        None => errors.push(Error::required(&selector_path, "")),
        Some(selector) => {
            let values = label_selector::Values::Strict;
            label_selector::validate_at(selector, values, &selector_path, errors);
        }
    }
    // Whoever made the selector, it must find the Job's own pods.
    let labels = spec
        .at(&["template", "metadata", "labels"])
        .unwrap_or(&Value::Null);
    let found = spec.get("selector");
    if found.is_none_or(|found| is_readable(found) && !selector::matches(found, labels)) {
        let path = path.child("template");
        let why = "`selector` does not match template `labels`";
        errors.push(Error::invalid(
            &path.child("metadata.labels"),
            go_values::map(labels),
            why,
        ));
    }
}

/// `validateGeneratedSelector`: unless people choose the selector, the server has, and nobody has touched it.
fn generated_selector(object: &Value, errors: &mut Errors) {
    let spec = workload::spec(object);
    let uid = object
        .at(&["metadata", "uid"])
        .and_then(Value::as_str)
        .unwrap_or_default();
    // Before there is an identity there is nothing to generate from.
    if spec.bool("manualSelector") == Some(true) || uid.is_empty() {
        return;
    }
    let Some(found) = spec.get("selector") else {
        return;
    };
    let path = Path::root("spec");
    let labels = spec
        .at(&["template", "metadata", "labels"])
        .unwrap_or(&Value::Null);
    let name = object
        .at(&["metadata", "name"])
        .and_then(Value::as_str)
        .unwrap_or_default();
    let template = path.child("template");
    let labels_path = template.child("metadata.labels");
    for (key, expected) in [(CONTROLLER_UID, uid), (JOB_NAME, name)] {
        match labels.str(key) {
            None => errors.push(Error::required(
                &labels_path.key(key),
                format!("must be '{expected}'"),
            )),
            Some(value) if value != expected => {
                let why = format!("must be '{expected}'");
                errors.push(Error::invalid(
                    &labels_path.key(key),
                    go_values::map(labels),
                    why,
                ));
            }
            Some(_) => {}
        }
    }
    let expected: Value = [(CONTROLLER_UID, uid)].into_iter().collect();
    let expected: Value = [("matchLabels", expected)].into_iter().collect();
    if *found != expected && is_readable(found) {
        let why = "`selector` not auto-generated";
        errors.push(Error::invalid(
            &path.child("selector"),
            go_values::selector(found),
            why,
        ));
    }
}

/// The spec of a Job, or of those that a CronJob makes, but for the selector: `validateJobSpec`.
pub(super) fn validate_spec(spec: &Value, path: &Path<'_>, options: &Options, errors: &mut Errors) {
    for field in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
    ] {
        nonnegative(spec, field, path, errors);
    }
    completion_mode(spec, path, errors);
    failure_limits(spec, path, errors);
    if let Some(policy) = spec.get("podFailurePolicy") {
        failure_policy::validate(spec, policy, &path.child("podFailurePolicy"), errors);
    }
    success_policy::validate(spec, path, errors);
    replacement_policy(spec, path, errors);
    managed_by(spec, path, errors);
    let template = spec.get("template").unwrap_or(&Value::Null);
    let path = path.child("template");
    pod::validate_template(template, &path, options, errors);
    restart_policy(spec, template, &path, errors);
}

/// Whether the pods have no indexes; a mode that does not exist is refused for itself alone.
fn has_no_indexes(spec: &Value) -> bool {
    matches!(spec.str("completionMode"), None | Some("NonIndexed"))
}

fn is_indexed(spec: &Value) -> bool {
    spec.str("completionMode") == Some("Indexed")
}

fn completion_mode(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(mode) = spec.str("completionMode") else {
        return;
    };
    if !MODES.contains(&mode) {
        errors.push(Error::not_supported(
            &path.child("completionMode"),
            mode,
            &MODES,
        ));
    }
    if !is_indexed(spec) {
        return;
    }
    let completions = spec.int("completions");
    let parallelism = spec.int("parallelism").unwrap_or_default();
    if completions.is_none() {
        let why = "when completion mode is Indexed";
        errors.push(Error::required(&path.child("completions"), why));
    }
    if parallelism > INDEXED_PARALLELISM_MAX {
        let why = format!(
            "must be less than or equal to {INDEXED_PARALLELISM_MAX} when completion mode is Indexed"
        );
        errors.push(Error::invalid(&path.child("parallelism"), parallelism, why));
    }
    if spec.get("backoffLimitPerIndex").is_some()
        && let Some(completions) = completions
        && completions > FAILING_COMPLETIONS_MAX
    {
        let most = spec.int("maxFailedIndexes");
        let why = format!(
            "must be less than or equal to {FAILED_INDEXES_MAX} when completions are greater than {FAILING_COMPLETIONS_MAX} when used with backoff limit per index"
        );
        match most {
            None => {
                let why = format!(
                    "must be specified when completions is above {FAILING_COMPLETIONS_MAX}"
                );
                errors.push(Error::required(&path.child("maxFailedIndexes"), why));
            }
            Some(most) if most > FAILED_INDEXES_MAX => {
                errors.push(Error::invalid(&path.child("maxFailedIndexes"), most, why));
            }
            Some(_) => {}
        }
    }
}

fn failure_limits(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let per_index = spec.int("backoffLimitPerIndex");
    let failed = spec.int("maxFailedIndexes");
    if let Some(limit) = per_index
        && has_no_indexes(spec)
    {
        errors.push(Error::invalid(
            &path.child("backoffLimitPerIndex"),
            limit,
            NEEDS_INDEXES,
        ));
    }
    let Some(failed) = failed else {
        return;
    };
    let failed_path = path.child("maxFailedIndexes");
    nonnegative(spec, "maxFailedIndexes", path, errors);
    if per_index.is_none() {
        let why = "when maxFailedIndexes is specified";
        errors.push(Error::required(&path.child("backoffLimitPerIndex"), why));
    }
    if has_no_indexes(spec) {
        errors.push(Error::invalid(&failed_path, failed, NEEDS_INDEXES));
    }
    if !is_indexed(spec) {
        return;
    }
    if let Some(completions) = spec.int("completions")
        && failed > completions
    {
        let why = "must be less than or equal to completions";
        errors.push(Error::invalid(&failed_path, failed, why));
    }
}

fn replacement_policy(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(policy) = spec.str("podReplacementPolicy") else {
        return;
    };
    let path = path.child("podReplacementPolicy");
    // Only pods that have failed are judged by a failure policy.
    let supported: &[&str] = match spec.get("podFailurePolicy") {
        Some(_) => &["Failed"],
        None => &["Failed", "TerminatingOrFailed"],
    };
    if !supported.contains(&policy) {
        errors.push(Error::not_supported(&path, policy, supported));
    }
}

fn managed_by(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(manager) = spec.str("managedBy") else {
        return;
    };
    let path = path.child("managedBy");
    domain_prefixed_path(manager, &path, errors);
    if manager.len() > MANAGED_BY_BYTES_MAX {
        errors.push(Error::too_long(&path, MANAGED_BY_BYTES_MAX));
    }
}

/// `IsDomainPrefixedPath`
pub(super) fn domain_prefixed_path(text: &str, path: &Path<'_>, errors: &mut Errors) {
    if text.is_empty() {
        errors.push(Error::required(path, ""));
        return;
    }
    let Some((domain, rest)) = text
        .split_once('/')
        .filter(|(domain, rest)| !domain.is_empty() && !rest.is_empty())
    else {
        let why = "must be a domain-prefixed path (such as \"acme.io/foo\")";
        errors.push(Error::invalid(path, text, why));
        return;
    };
    invalid_each(names::dns1123_subdomain(domain), domain, path, errors);
    let is_path_character =
        |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte);
    if !rest.bytes().all(is_path_character) {
        let why =
            "Invalid path (regex used for validation is '^([A-Za-z0-9/\\-._~%!$&'()*+,;=:]+)$')";
        errors.push(Error::invalid(path, text, why));
    }
}

fn restart_policy(spec: &Value, template: &Value, path: &Path<'_>, errors: &mut Errors) {
    let policy = workload::spec(template).str_or_empty("restartPolicy");
    let path = path.child("spec");
    let path = path.child("restartPolicy");
    // The default of pods is as good as none.
    if matches!(policy, "" | "Always") {
        let why = "valid values: \"OnFailure\", \"Never\"";
        errors.push(Error::required(&path, why));
    } else if !matches!(policy, "Never" | "OnFailure") {
        errors.push(Error::not_supported(&path, policy, &["OnFailure", "Never"]));
    } else if spec.get("podFailurePolicy").is_some() && policy != "Never" {
        let why = "only \"Never\" is supported when podFailurePolicy is specified";
        errors.push(Error::invalid(&path, policy, why));
    }
}
