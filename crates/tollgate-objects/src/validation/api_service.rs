//! `ValidateAPIService` and its update.

use super::fields::{self, child};
use super::object_meta::{self, invalid_each};
use super::workload::metadata_update;
use super::{Options, numbers};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::go_format::quote;
use tollgate_api::{Value, names};

const GROUP_PRIORITY_MAX: i64 = 20_000;
const VERSION_PRIORITY_MAX: i64 = 1_000;

/// Validates an APIService that is to be created: its name says what it serves.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    let metadata = child(object, "metadata");
    let spec = child(object, "spec");
    let (group, version) = (spec.str_or_empty("group"), spec.str_or_empty("version"));
    let expected = format!("{version}.{group}");
    let metadata_path = Path::root("metadata");
    let any_name = |_: &str| Vec::new();
    object_meta::validate(metadata, false, any_name, &metadata_path, errors);
    let name = metadata.str_or_empty("name");
    if !name.is_empty() && name != expected {
        let why = format!(
            "must be `spec.version+\".\"+spec.group`: {}",
            quote(&expected)
        );
        errors.push(Error::invalid(&metadata_path.child("name"), name, why));
    }
    let path = Path::root("spec");
    fields::name_if_any(spec, "group", names::dns1123_subdomain, &path, errors);
    let messages = names::dns1035_label(version);
    invalid_each(messages, version, &path.child("version"), errors);
    for (field, max) in [
        ("groupPriorityMinimum", GROUP_PRIORITY_MAX),
        ("versionPriority", VERSION_PRIORITY_MAX),
    ] {
        let priority = spec.int(field).unwrap_or_default();
        if priority <= 0 || priority > max {
            let why = format!("must be positive and less than {max}");
            errors.push(Error::invalid(&path.child(field), priority, why));
        }
    }
    backend(spec, &path, errors);
}

fn backend(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let bundle = spec.str_or_empty("caBundle");
    let insecure = spec.bool("insecureSkipTLSVerify") == Some(true);
    let insecure_path = path.child("insecureSkipTLSVerify");
    let Some(service) = spec.get("service") else {
        if !bundle.is_empty() {
            let size = super::config_map::decoded_len(bundle);
            let why = "local APIServices may not have a caBundle";
            let path = path.child("caBundle");
            errors.push(Error::invalid(&path, format!("{size} bytes"), why));
        }
        if insecure {
            let why = "local APIServices may not have insecureSkipTLSVerify";
            errors.push(Error::invalid(&insecure_path, true, why));
        }
        return;
    };
    let service_path = path.child("service");
    for field in ["namespace", "name"] {
        fields::required(service, field, &service_path, errors);
    }
    let port = service.int("port").unwrap_or(443);
    if !(1..=65_535).contains(&port) {
        let why = format!("port is not valid: {}", numbers::range_message(1, 65_535));
        errors.push(Error::invalid(&service_path.child("port"), port, why));
    }
    if insecure && !bundle.is_empty() {
        let why = "may not be true if caBundle is present";
        errors.push(Error::invalid(&insecure_path, true, why));
    }
}

/// Validates what an APIService becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    metadata_update(new, old, errors);
    validate_create(new, options, errors);
}
