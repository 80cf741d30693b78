//! `ValidateResourceSlice` and its update.

use super::Options;
use super::csi;
use super::fields::{self, child};
use super::object_meta::invalid_each;
use super::object_meta_update::immutable;
use super::pod::node_selector;
use super::workload::metadata_update;
use std::collections::BTreeSet;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// Where devices may be; one of them must be said.
const PLACES: [&str; 4] = [
    "nodeName",
    "nodeSelector",
    "allNodes",
    "perDeviceNodeSelection",
];
const ONE: &str =
    "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
const DEVICES_MAX: usize = 128;

/// Validates a ResourceSlice that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, false, names::dns1123_subdomain, errors);
    validate_spec(child(object, "spec"), errors);
}

fn validate_spec(spec: &Value, errors: &mut Errors) {
    let path = Path::root("spec");
    csi::driver_name(spec.str_or_empty("driver"), &path.child("driver"), errors);
    validate_pool(child(spec, "pool"), &path.child("pool"), errors);
    places(spec, &path, errors);
    let devices = spec.items("devices");
    let devices_path = path.child("devices");
    if devices.len() > DEVICES_MAX {
        let count = i64::try_from(devices.len()).unwrap_or(i64::MAX);
        errors.push(Error::too_many(&devices_path, count, DEVICES_MAX));
    }
    let mut seen = BTreeSet::new();
    for (place, device) in devices.iter().enumerate() {
        let path = devices_path.index(place);
        let name = device.str_or_empty("name");
        if seen.insert(name) {
            validate_device(device, &path, errors);
        } else {
            errors.push(Error::duplicate(&path, name));
        }
    }
}

fn validate_pool(pool: &Value, path: &Path<'_>, errors: &mut Errors) {
    if fields::required(pool, "name", path, errors) {
        let name = pool.str_or_empty("name");
        let path = path.child("name");
        for part in name.split('/') {
            invalid_each(names::dns1123_subdomain(part), part, &path, errors);
        }
    }
    let count = pool.int("resourceSliceCount").unwrap_or_default();
    if count <= 0 {
        let why = "must be greater than zero";
        errors.push(Error::invalid(
            &path.child("resourceSliceCount"),
            count,
            why,
        ));
    }
    let generation = pool.int("generation").unwrap_or_default();
    if generation < 0 {
        let why = "must be greater than or equal to zero";
        errors.push(Error::invalid(&path.child("generation"), generation, why));
    }
}

fn places(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut found = Vec::new();
    for place in PLACES {
        let Some(value) = spec.get(place) else {
            continue;
        };
        let place_path = path.child(place);
        match value {
            Value::Bool(true) | Value::Object(_) => found.push(format!("`{place}`")),
            Value::Bool(false) => {
                let why = "must be either unset or set to true";
                errors.push(Error::invalid(&place_path, false, why));
            }
            Value::String(name) if name.is_empty() => {
                let why = "must be either unset or set to a non-empty string";
                errors.push(Error::invalid(&place_path, "", why));
            }
            Value::String(name) => {
                found.push(format!("`{place}`"));
                invalid_each(names::dns1123_subdomain(name), name, &place_path, errors);
            }
            _ => {}
        }
        if place == "nodeSelector" {
            node_selector::validate(value, &place_path, errors);
            let terms = value.items("nodeSelectorTerms");
            if terms.len() > 1 {
                let why = "must have exactly one node selector term";
                let path = place_path.child("nodeSelectorTerms");
                errors.push(Error::invalid(&path, terms.to_vec(), why));
            }
        }
    }
    match found.len() {
        0 => errors.push(Error::required(path, ONE)),
        1 => {}
        _ => {
            let why = format!("{ONE}, but multiple fields are set");
            let shown = format!("{{{}}}", found.join(", "));
            errors.push(Error::invalid(path, shown, why));
        }
    }
}

fn validate_device(device: &Value, path: &Path<'_>, errors: &mut Errors) {
    let name = device.str_or_empty("name");
    invalid_each(
        names::dns1123_label(name),
        name,
        &path.child("name"),
        errors,
    );
    let path = path.child("attributes");
    for (name, attribute) in device.entries("attributes") {
        let path = path.key(name);
        let identifier = name.rsplit_once('/').map_or(name, |(_, name)| name);
        invalid_each(names::c_identifier(identifier), identifier, &path, errors);
        let values = attribute.as_object().map_or(0, tollgate_api::Object::len);
        if values != 1 {
            let why = "exactly one value must be specified";
            let shown = if values == 0 {
                "".into()
            } else {
                attribute.clone()
            };
            errors.push(Error::invalid(&path, shown, why));
        }
    }
}

/// Validates what a ResourceSlice becomes by an update: it stays where it is.
pub(super) fn validate_update(new: &Value, old: &Value, _options: &Options, errors: &mut Errors) {
    metadata_update(new, old, errors);
    let [spec, before] = [new, old].map(|object| child(object, "spec"));
    let path = Path::root("spec");
    validate_spec(spec, errors);
    fields::stays(spec, before, "driver", &path.child("driver"), errors);
    let pool = child(spec, "pool").str_or_empty("name");
    if pool != child(before, "pool").str_or_empty("name") {
        let path = path.child("pool");
        immutable(&path.child("name"), pool.into(), errors);
    }
    fields::stays(spec, before, "nodeName", &path.child("nodeName"), errors);
}
