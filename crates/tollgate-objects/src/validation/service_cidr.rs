//! `ValidateServiceCIDR`, `ValidateIPAddress` and their updates.

use super::fields::{self, child};
use super::object_meta_update::immutable;
use super::workload::metadata_update;
use super::{Options, go_values, ip};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// Validates a ServiceCIDR that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, false, names::dns1123_subdomain, errors);
    validate_spec(child(object, "spec"), errors);
}

fn validate_spec(spec: &Value, errors: &mut Errors) {
    let root = Path::root("spec");
    let path = root.child("cidrs");
    let ranges = spec.items("cidrs");
    if ranges.is_empty() {
        errors.push(Error::required(&path, "at least one CIDR required"));
        return;
    }
    if ranges.len() > 2 {
        let why = "may only hold up to 2 values";
        errors.push(Error::invalid(&path, ranges.to_vec(), why));
        return;
    }
    for (place, range) in ranges.iter().enumerate() {
        let text = range.as_str().unwrap_or_default();
        ip::validate_canonical_range(text, &path.index(place), errors);
    }
    let is_v4 = |range: &Value| {
        let range = ip::Range::parse(range.as_str().unwrap_or_default());
        range.map(|range| range.address.canonical().is_ipv4())
    };
    if let [first, second] = ranges
        && is_v4(first).is_some()
        && is_v4(first) == is_v4(second)
    {
        let why = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
        errors.push(Error::invalid(&path, ranges.to_vec(), why));
    }
}

/// Validates what a ServiceCIDR becomes by an update: a second family may be added.
pub(super) fn validate_update(new: &Value, old: &Value, _options: &Options, errors: &mut Errors) {
    metadata_update(new, old, errors);
    let root = Path::root("spec");
    let path = root.child("cidrs");
    let [ranges, before] = [new, old].map(|object| child(object, "spec").items("cidrs"));
    if ranges.len() != before.len() && (ranges.len(), before.len()) != (2, 1) {
        immutable(&path, Value::Array(ranges.to_vec()), errors);
        return;
    }
    for (place, (range, before)) in ranges.iter().zip(before).enumerate() {
        if range != before {
            immutable(&path.index(place), range.clone(), errors);
        }
    }
    if ranges.len() != before.len() {
        validate_spec(child(new, "spec"), errors);
    }
}

/// Validates an IPAddress that is to be created: its name is the address.
pub(super) fn validate_address_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, false, ip::canonical_messages, errors);
    let root = Path::root("spec");
    let path = root.child("parentRef");
    let Some(parent) = child(object, "spec").get("parentRef") else {
        errors.push(Error::required(&path, ""));
        return;
    };
    fields::name_if_any(parent, "group", names::dns1123_subdomain, &path, errors);
    for field in ["resource", "name"] {
        fields::required_name(parent, field, names::path_segment, &path, errors);
    }
    fields::name_if_any(parent, "namespace", names::path_segment, &path, errors);
}

/// Validates what an IPAddress becomes by an update.
pub(super) fn validate_address_update(
    new: &Value,
    old: &Value,
    _options: &Options,
    errors: &mut Errors,
) {
    fields::metadata(new, false, ip::canonical_messages, errors);
    metadata_update(new, old, errors);
    let [parent, before] = [new, old].map(|object| child(child(object, "spec"), "parentRef"));
    if parent != before {
        let shown = go_values::object([
            ("Group", go_values::text(parent, "group")),
            ("Resource", go_values::text(parent, "resource")),
            ("Namespace", go_values::text(parent, "namespace")),
            ("Name", go_values::text(parent, "name")),
        ]);
        let path = Path::root("spec");
        immutable(&path.child("parentRef"), shown, errors);
    }
}
