//! `ValidateEndpointSlice` and its update.

use super::fields;
use super::object_meta::{self, invalid_each};
use super::service::not_special;
use super::{Options, ip};
use std::collections::BTreeSet;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

const ADDRESS_TYPES: [&str; 3] = ["FQDN", "IPv4", "IPv6"];
const ENDPOINTS_MAX: usize = 1_000;
const ADDRESSES_MAX: usize = 100;
const PORTS_MAX: usize = 20_000;
const TOPOLOGY_MAX: usize = 16;
const HINTS_MAX: usize = 8;

/// Validates an EndpointSlice that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, true, names::dns1123_subdomain, errors);
    let root = Path::root("");
    fields::required_word(object, "addressType", &ADDRESS_TYPES, &root, errors);
    let sort = object.str_or_empty("addressType");
    let endpoints = object.items("endpoints");
    let path = Path::root("endpoints");
    if too_many(endpoints, ENDPOINTS_MAX, &path, errors) {
        return;
    }
    for (place, endpoint) in endpoints.iter().enumerate() {
        validate_endpoint(endpoint, sort, &path.index(place), errors);
    }
    validate_ports(object.items("ports"), &Path::root("ports"), errors);
}

fn too_many(list: &[Value], max: usize, path: &Path<'_>, errors: &mut Errors) -> bool {
    let is_too_many = list.len() > max;
    if is_too_many {
        let count = i64::try_from(list.len()).unwrap_or(i64::MAX);
        errors.push(Error::too_many(path, count, max));
    }
    is_too_many
}

fn validate_endpoint(endpoint: &Value, sort: &str, path: &Path<'_>, errors: &mut Errors) {
    let addresses = endpoint.items("addresses");
    let addresses_path = path.child("addresses");
    if addresses.is_empty() {
        let why = "must contain at least 1 address";
        errors.push(Error::required(&addresses_path, why));
    } else {
        too_many(addresses, ADDRESSES_MAX, &addresses_path, errors);
    }
    for (place, address) in addresses.iter().enumerate() {
        let text = address.as_str().unwrap_or_default();
        validate_address(text, sort, place, &addresses_path, errors);
    }
    if let Some(node) = endpoint.str("nodeName") {
        let messages = names::dns1123_subdomain(node);
        invalid_each(messages, node, &path.child("nodeName"), errors);
    }
    let topology_path = path.child("deprecatedTopology");
    if endpoint.entries("deprecatedTopology").count() > TOPOLOGY_MAX {
        let count = endpoint.entries("deprecatedTopology").count();
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        errors.push(Error::too_many(&topology_path, count, TOPOLOGY_MAX));
    }
    object_meta::labels(endpoint, "deprecatedTopology", &topology_path, errors);
    if let Some(host) = endpoint.str("hostname") {
        let path = path.child("hostname");
        invalid_each(names::dns1123_label(host), host, &path, errors);
    }
    if let Some(hints) = endpoint.get("hints") {
        validate_hints(hints, &path.child("hints"), errors);
    }
}

fn validate_address(text: &str, sort: &str, place: usize, list: &Path<'_>, errors: &mut Errors) {
    let path = list.index(place);
    if sort == "FQDN" {
        fields::domain(text.strip_suffix('.').unwrap_or(text), 2, &path, errors);
        return;
    }
    if !matches!(sort, "IPv4" | "IPv6") {
        return;
    }
    let before = errors.len();
    ip::validate(text, &path, errors);
    let Some(address) = ip::Address::parse(text).filter(|_| errors.len() == before) else {
        return;
    };
    if address.canonical().is_ipv4() != (sort == "IPv4") {
        let article = format!("must be an {sort} address");
        errors.push(Error::invalid(list, text, article));
    }
    not_special(text, &path, errors);
}

fn validate_hints(hints: &Value, path: &Path<'_>, errors: &mut Errors) {
    for (list, rule) in [
        ("forZones", names::qualified_name as object_meta::NameRule),
        ("forNodes", names::dns1123_subdomain),
    ] {
        let path = path.child(list);
        let entries = hints.items(list);
        if too_many(entries, HINTS_MAX, &path, errors) {
            continue;
        }
        let mut seen = BTreeSet::new();
        for (place, entry) in entries.iter().enumerate() {
            let path = path.index(place);
            let path = path.child("name");
            let name = entry.str_or_empty("name");
            if !seen.insert(name) {
                errors.push(Error::duplicate(&path, name));
            }
            invalid_each(rule(name), name, &path, errors);
        }
    }
}

fn validate_ports(ports: &[Value], path: &Path<'_>, errors: &mut Errors) {
    if too_many(ports, PORTS_MAX, path, errors) {
        return;
    }
    let mut seen = BTreeSet::new();
    for (place, port) in ports.iter().enumerate() {
        let path = path.index(place);
        fields::name_if_any(port, "name", names::dns1123_label, &path, errors);
        let name = port.str_or_empty("name");
        if !seen.insert(name) {
            errors.push(Error::duplicate(&path.child("name"), name));
        }
        fields::protocol(port, &path, errors);
        if let Some(protocol) = port.str("appProtocol") {
            let path = path.child("appProtocol");
            invalid_each(names::qualified_name(protocol), protocol, &path, errors);
        }
    }
}

/// Validates what an EndpointSlice becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    if new.get("addressType") == old.get("addressType") {
        validate_create(new, options, errors);
    } else {
        // Addresses of another type are not looked at.
        let root = Path::root("");
        fields::required_word(new, "addressType", &ADDRESS_TYPES, &root, errors);
        let path = Path::root("addressType");
        fields::stays(new, old, "addressType", &path, errors);
    }
}
