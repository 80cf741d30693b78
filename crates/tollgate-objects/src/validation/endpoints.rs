//! `ValidateEndpoints` and its update.

use super::fields;
use super::object_meta::invalid_each;
use super::service::not_special;
use super::workload::metadata_update;
use super::{Options, ip, numbers};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// Validates Endpoints that are to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, true, names::dns1123_subdomain, errors);
    subsets(object, errors);
}

fn subsets(object: &Value, errors: &mut Errors) {
    let path = Path::root("subsets");
    for (place, subset) in object.items("subsets").iter().enumerate() {
        let path = path.index(place);
        let lists = ["addresses", "notReadyAddresses"];
        if lists.iter().all(|list| subset.items(list).is_empty()) {
            let why = "must specify `addresses` or `notReadyAddresses`";
            errors.push(Error::required(&path, why));
        }
        for list in lists {
            let path = path.child(list);
            for (place, address) in subset.items(list).iter().enumerate() {
                validate_address(address, &path.index(place), errors);
            }
        }
        let ports = subset.items("ports");
        let path = path.child("ports");
        for (place, port) in ports.iter().enumerate() {
            validate_port(port, ports.len() > 1, &path.index(place), errors);
        }
    }
}

fn validate_address(address: &Value, path: &Path<'_>, errors: &mut Errors) {
    let text = address.str_or_empty("ip");
    let ip_path = path.child("ip");
    ip::validate(text, &ip_path, errors);
    fields::name_if_any(address, "hostname", names::dns1123_label, path, errors);
    if let Some(node) = address.str("nodeName") {
        let messages = names::dns1123_subdomain(node);
        invalid_each(messages, node, &path.child("nodeName"), errors);
    }
    not_special(text, &ip_path, errors);
}

fn validate_port(port: &Value, needs_name: bool, path: &Path<'_>, errors: &mut Errors) {
    let has_name = !port.str_or_empty("name").is_empty();
    if needs_name || has_name {
        fields::required_name(port, "name", names::dns1123_label, path, errors);
    }
    let number = port.int("port").unwrap_or_default();
    numbers::port(number, &path.child("port"), errors);
    fields::protocol(port, path, errors);
    if let Some(protocol) = port.str("appProtocol") {
        let path = path.child("appProtocol");
        invalid_each(names::qualified_name(protocol), protocol, &path, errors);
    }
}

/// Validates what Endpoints become by an update.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    metadata_update(new, old, errors);
    validate_create(new, options, errors);
}
