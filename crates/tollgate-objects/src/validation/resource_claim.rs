//! Claims of devices, their templates, and classes of devices: `ValidateResourceClaim`,
//! `ValidateResourceClaimTemplate`, `ValidateDeviceClass` and their updates.
//!
//! Whether an expression can be compiled is for whoever can read expressions.

use super::fields::{self, child};
use super::object_meta::invalid_each;
use super::object_meta_update::immutable;
use super::workload::metadata_update;
use super::{Options, csi, go_struct};
use std::collections::BTreeSet;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::go_format::quote;
use tollgate_api::{Value, names, resource_name};

const MODES: [&str; 2] = ["All", "ExactCount"];
const LIST_MAX: usize = 32;
const ALTERNATIVES_MAX: usize = 8;
const VERSION: &str = "resource.k8s.io/v1";

fn too_many(list: &[Value], max: usize, path: &Path<'_>, errors: &mut Errors) {
    if list.len() > max {
        let count = i64::try_from(list.len()).unwrap_or(i64::MAX);
        errors.push(Error::too_many(path, count, max));
    }
}

/// Validates a ResourceClaim that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, true, names::dns1123_subdomain, errors);
    validate_spec(child(object, "spec"), &Path::root("spec"), errors);
}

fn validate_spec(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let devices = child(spec, "devices");
    let path = path.child("devices");
    let requests = devices.items("requests");
    let requests_path = path.child("requests");
    too_many(requests, LIST_MAX, &requests_path, errors);
    let mut known = BTreeSet::new();
    for (place, request) in requests.iter().enumerate() {
        let path = requests_path.index(place);
        let name = request.str_or_empty("name");
        if known.contains(name) {
            errors.push(Error::duplicate(&path, name));
        } else {
            validate_request(request, &path, errors);
        }
        known.insert(name.to_owned());
        for alternative in request.items("firstAvailable") {
            known.insert(format!("{name}/{}", alternative.str_or_empty("name")));
        }
    }
    let constraints_path = path.child("constraints");
    let constraints = devices.items("constraints");
    too_many(constraints, LIST_MAX, &constraints_path, errors);
    for (place, constraint) in constraints.iter().enumerate() {
        validate_constraint(constraint, &known, &constraints_path.index(place), errors);
    }
    let config_path = path.child("config");
    let config = devices.items("config");
    too_many(config, LIST_MAX, &config_path, errors);
    for (place, entry) in config.iter().enumerate() {
        let path = config_path.index(place);
        request_names(entry, &known, &path, errors);
        opaque(entry, &path, errors);
    }
}

fn validate_request(request: &Value, path: &Path<'_>, errors: &mut Errors) {
    let name = request.str_or_empty("name");
    invalid_each(
        names::dns1123_label(name),
        name,
        &path.child("name"),
        errors,
    );
    let alternatives = request.items("firstAvailable");
    match (request.get("exactly"), alternatives.is_empty()) {
        (None, true) => {
            let why = "exactly one of `exactly` or `firstAvailable` is required";
            errors.push(Error::required(path, why));
        }
        (Some(_), false) => {
            let why = "exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set";
            errors.push(Error::invalid(path, Value::Null, why));
        }
        (Some(exact), true) => validate_exact(exact, &path.child("exactly"), errors),
        (None, false) => {
            let path = path.child("firstAvailable");
            too_many(alternatives, ALTERNATIVES_MAX, &path, errors);
            let mut seen = BTreeSet::new();
            for (place, alternative) in alternatives.iter().enumerate() {
                let path = path.index(place);
                let name = alternative.str_or_empty("name");
                if !seen.insert(name) {
                    errors.push(Error::duplicate(&path, name));
                    continue;
                }
                invalid_each(
                    names::dns1123_label(name),
                    name,
                    &path.child("name"),
                    errors,
                );
                validate_exact(alternative, &path, errors);
            }
        }
    }
}

fn validate_exact(request: &Value, path: &Path<'_>, errors: &mut Errors) {
    let rule = names::dns1123_subdomain;
    fields::required_name(request, "deviceClassName", rule, path, errors);
    selectors(request, path, errors);
    fields::required_word(request, "allocationMode", &MODES, path, errors);
    let count = request.int("count").unwrap_or_default();
    let count_path = path.child("count");
    match request.str_or_empty("allocationMode") {
        "All" if count != 0 => {
            let why = "must not be specified when allocationMode is 'All'";
            errors.push(Error::invalid(&count_path, count, why));
        }
        "ExactCount" if count <= 0 => {
            errors.push(Error::invalid(
                &count_path,
                count,
                "must be greater than zero",
            ));
        }
        _ => {}
    }
}

fn selectors(holder: &Value, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("selectors");
    let list = holder.items("selectors");
    too_many(list, LIST_MAX, &path, errors);
    for (place, selector) in list.iter().enumerate() {
        let path = path.index(place);
        let path = path.child("cel");
        match selector.get("cel") {
            None => errors.push(Error::required(&path, "")),
            Some(cel) => {
                fields::required(cel, "expression", &path, errors);
            }
        }
    }
}

/// What a constraint or a configuration is about must be requested.
fn request_names(holder: &Value, known: &BTreeSet<String>, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("requests");
    let list = holder.items("requests");
    too_many(list, LIST_MAX, &path, errors);
    let mut seen = BTreeSet::new();
    for (place, name) in list.iter().enumerate() {
        let name = name.as_str().unwrap_or_default();
        let path = path.index(place);
        if !seen.insert(name) {
            errors.push(Error::duplicate(&path, name));
        } else if !known.contains(name) {
            let why = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
            errors.push(Error::invalid(&path, name, why));
        }
    }
}

fn validate_constraint(
    constraint: &Value,
    known: &BTreeSet<String>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    request_names(constraint, known, path, errors);
    let field = ["matchAttribute", "distinctAttribute"]
        .into_iter()
        .find(|field| constraint.get(field).is_some());
    let Some(field) = field else {
        let why = "exactly one of `matchAttribute` is required, but multiple fields are set";
        let path = path.child("matchAttribute");
        if constraint.entries("matchAttribute").next().is_some() {
            errors.push(Error::invalid(&path, Value::Null, why));
        } else {
            errors.push(Error::required(&path, ""));
        }
        return;
    };
    full_name(constraint.str_or_empty(field), &path.child(field), errors);
}

/// A domain and a name after a slash.
fn full_name(name: &str, path: &Path<'_>, errors: &mut Errors) {
    if name.is_empty() {
        errors.push(Error::required(path, ""));
    } else if let Some((domain, identifier)) = name.split_once('/') {
        csi::driver_name(domain, path, errors);
        if identifier.is_empty() {
            errors.push(Error::required(path, "the name must not be empty"));
        } else {
            identifier_rule(identifier, path, errors);
        }
    } else {
        let why = "a fully qualified name must be a domain and a name separated by a slash";
        errors.push(Error::invalid(path, name, why));
    }
}

fn identifier_rule(identifier: &str, path: &Path<'_>, errors: &mut Errors) {
    invalid_each(names::c_identifier(identifier), identifier, path, errors);
}

/// Configuration that only its driver understands.
fn opaque(entry: &Value, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("opaque");
    let Some(opaque) = entry.get("opaque") else {
        errors.push(Error::required(&path, ""));
        return;
    };
    csi::driver_name(opaque.str_or_empty("driver"), &path.child("driver"), errors);
    match opaque.get("parameters") {
        None => errors.push(Error::required(&path.child("parameters"), "")),
        Some(Value::Object(_)) => {}
        Some(other) => {
            let why = format!("parsing data as JSON object: {}", quote(&other.to_string()));
            errors.push(Error::invalid(
                &path.child("parameters"),
                "<value omitted>",
                why,
            ));
        }
    }
}

/// Validates what a ResourceClaim becomes by an update: what it asks for stays.
pub(super) fn validate_update(new: &Value, old: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(new, true, names::dns1123_subdomain, errors);
    metadata_update(new, old, errors);
    spec_stays("ResourceClaim", new, old, errors);
}

fn spec_stays(kind: &str, new: &Value, old: &Value, errors: &mut Errors) {
    let [shown, before] =
        [new, old].map(|object| go_struct::of_field(VERSION, kind, "spec", object));
    if !go_struct::same(&shown, &before) {
        immutable(&Path::root("spec"), shown, errors);
    }
}

/// Validates a ResourceClaimTemplate that is to be created.
pub(super) fn validate_template_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, true, names::dns1123_subdomain, errors);
    let root = Path::root("spec");
    let path = root.child("spec");
    validate_spec(child(child(object, "spec"), "spec"), &path, errors);
}

/// Validates what a ResourceClaimTemplate becomes by an update.
pub(super) fn validate_template_update(
    new: &Value,
    old: &Value,
    _options: &Options,
    errors: &mut Errors,
) {
    fields::metadata(new, true, names::dns1123_subdomain, errors);
    metadata_update(new, old, errors);
    spec_stays("ResourceClaimTemplate", new, old, errors);
}

/// Validates a DeviceClass that is to be created.
pub(super) fn validate_class_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, false, names::dns1123_subdomain, errors);
    class_spec(child(object, "spec"), errors);
}

fn class_spec(spec: &Value, errors: &mut Errors) {
    let path = Path::root("spec");
    selectors(spec, &path, errors);
    let config_path = path.child("config");
    let config = spec.items("config");
    too_many(config, LIST_MAX, &config_path, errors);
    for (place, entry) in config.iter().enumerate() {
        opaque(entry, &config_path.index(place), errors);
    }
    if let Some(name) = spec.str("extendedResourceName")
        && !resource_name::is_extended(name)
    {
        let why = "must be a valid extended resource name";
        errors.push(Error::invalid(
            &path.child("extendedResourceName"),
            name,
            why,
        ));
    }
}

/// Validates what a DeviceClass becomes by an update.
pub(super) fn validate_class_update(
    new: &Value,
    old: &Value,
    _options: &Options,
    errors: &mut Errors,
) {
    fields::metadata(new, false, names::dns1123_subdomain, errors);
    metadata_update(new, old, errors);
    class_spec(child(new, "spec"), errors);
}
