//! `ValidateNode` and its update.

use super::fields::{self, child};
use super::object_meta::invalid_each;
use super::workload::metadata_update;
use super::{Options, go_values, ip, pod};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Quantity, Value, go_format, names};

const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// Validates a Node that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, false, names::dns1123_subdomain, errors);
    let spec = child(object, "spec");
    taints(spec, errors);
    let status = child(object, "status");
    resources(status, errors);
    ranges(spec, errors);
    declared_features(status, errors);
}

/// `validateNodeDeclaredFeatures`: names in order, each once.
fn declared_features(status: &Value, errors: &mut Errors) {
    let root = Path::root("status");
    let path = root.child("declaredFeatures");
    let mut before = None;
    for (place, feature) in status.items("declaredFeatures").iter().enumerate() {
        let name = feature.as_str().unwrap_or_default();
        let path = path.index(place);
        match before.map(|before: &str| before.cmp(name)) {
            Some(Ordering::Equal) => errors.push(Error::duplicate(&path, name)),
            Some(Ordering::Greater) => {
                let why = "list must be sorted alphabetically";
                errors.push(Error::invalid(&path, name, why));
            }
            _ => {}
        }
        if !is_feature(name) {
            let shown = go_format::quote(name);
            let why = format!(
                "invalid feature name {shown}: must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes"
            );
            errors.push(Error::invalid(&path, name, why));
        }
        before = Some(name);
    }
}

/// Letters and digits between slashes, the first of them a capital letter.
fn is_feature(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name
            .split('/')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Upstream looks for taints in the metadata.
fn taints(spec: &Value, errors: &mut Errors) {
    let root = Path::root("metadata");
    let path = root.child("taints");
    let mut seen = BTreeSet::new();
    for (place, taint) in spec.items("taints").iter().enumerate() {
        let path = path.index(place);
        let key = taint.str_or_empty("key");
        invalid_each(names::qualified_name(key), key, &path.child("key"), errors);
        let value = taint.str_or_empty("value");
        let messages = names::label_value(value);
        if !messages.is_empty() {
            let why = messages.join(";");
            errors.push(Error::invalid(&path.child("value"), value, why));
        }
        fields::required_word(taint, "effect", &EFFECTS, &path, errors);
        if !seen.insert((key, taint.str_or_empty("effect"))) {
            let shown = go_values::object([
                ("Key", go_values::text(taint, "key")),
                ("Value", go_values::text(taint, "value")),
                ("Effect", go_values::text(taint, "effect")),
                ("TimeAdded", go_values::nullable(taint, "timeAdded")),
            ]);
            let mut error = Error::duplicate(&path, shown);
            error
                .detail
                .push_str("taints must be unique by key and effect pair");
            errors.push(error);
        }
    }
}

fn resources(status: &Value, errors: &mut Errors) {
    let path = Path::root("status");
    for list in ["capacity", "allocatable"] {
        let path = path.child(list);
        for (name, amount) in status.entries(list) {
            if let Ok(amount) = Quantity::from_value(amount) {
                pod::resources::quantity(name, &amount, &path.child(name), errors);
            }
        }
    }
}

fn ranges(spec: &Value, errors: &mut Errors) {
    let root = Path::root("spec");
    let path = root.child("podCIDRs");
    let ranges = spec.items("podCIDRs");
    for (place, range) in ranges.iter().enumerate() {
        let text = range.as_str().unwrap_or_default();
        ip::validate_range(text, &path.index(place), errors);
    }
    if ranges.len() < 2 {
        return;
    }
    let unreadable = ranges.iter().enumerate().find_map(|(place, range)| {
        let text = range.as_str().unwrap_or_default();
        ip::Range::parse(text).is_none().then_some((place, text))
    });
    if let Some((place, text)) = unreadable {
        // Upstream prints the range that it does not have.
        let why = format!(
            "invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[{place}]: <nil> (invalid CIDR address: {text})"
        );
        errors.push(Error::internal(&path, why));
    }
    let families: BTreeSet<bool> = ranges
        .iter()
        .filter_map(|range| ip::Range::parse(range.as_str().unwrap_or_default()))
        .map(|range| range.address.canonical().is_ipv4())
        .collect();
    if families.len() != 2 || ranges.len() > 2 {
        let why = "may specify no more than one CIDR for each IP family";
        errors.push(Error::invalid(&path, ranges.to_vec(), why));
    }
}

/// Validates what a Node becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    validate_create(new, options, errors);
    validate_changes(new, old, errors);
}

/// Validates an update of a Node's status.
pub(super) fn validate_status_update(
    new: &Value,
    old: &Value,
    _options: &Options,
    errors: &mut Errors,
) {
    validate_changes(new, old, errors);
}

fn validate_changes(new: &Value, old: &Value, errors: &mut Errors) {
    metadata_update(new, old, errors);
    resources(child(new, "status"), errors);
    addresses(child(new, "status"), errors);
    let [spec, before] = [new, old].map(|object| child(object, "spec"));
    let path = Path::root("spec");
    let ranges = before.items("podCIDRs");
    if !ranges.is_empty() && spec.items("podCIDRs") != ranges {
        let why = "node updates may not change podCIDR except from \"\" to valid";
        errors.push(Error::forbidden(&path.child("podCIDRs"), why));
    }
    let provider = before.str_or_empty("providerID");
    if !provider.is_empty() && spec.str_or_empty("providerID") != provider {
        let why = "node updates may not change providerID except from \"\" to valid";
        errors.push(Error::forbidden(&path.child("providerID"), why));
    }
    if spec.str_or_empty("externalID") != before.str_or_empty("externalID") {
        let why = "may not be updated";
        errors.push(Error::forbidden(&path.child("externalID"), why));
    }
    taints(spec, errors);
}

fn addresses(status: &Value, errors: &mut Errors) {
    let root = Path::root("status");
    let path = root.child("addresses");
    let mut seen = BTreeSet::new();
    for (place, address) in status.items("addresses").iter().enumerate() {
        let pair = (
            address.str_or_empty("type"),
            address.str_or_empty("address"),
        );
        if !seen.insert(pair) {
            let shown = go_values::object([
                ("Type", go_values::text(address, "type")),
                ("Address", go_values::text(address, "address")),
            ]);
            errors.push(Error::duplicate(&path.index(place), shown));
        }
    }
}
