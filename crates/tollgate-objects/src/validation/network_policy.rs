//! `ValidateNetworkPolicy` and its update.

use super::fields::{self, child};
use super::label_selector::{self, Values};
use super::object_meta::invalid_each;
use super::workload::metadata_update;
use super::{Options, ip, numbers};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

const DIRECTIONS: [&str; 2] = ["Ingress", "Egress"];
const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// Validates a NetworkPolicy that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, true, names::dns1123_subdomain, errors);
    validate_spec(child(object, "spec"), errors);
}

fn validate_spec(spec: &Value, errors: &mut Errors) {
    let path = Path::root("spec");
    let selector = path.child("podSelector");
    label_selector::validate(spec, "podSelector", Values::Strict, &selector, errors);
    for (list, peers) in [("ingress", "from"), ("egress", "to")] {
        let path = path.child(list);
        for (place, rule) in spec.items(list).iter().enumerate() {
            let path = path.index(place);
            let ports = path.child("ports");
            for (place, port) in rule.items("ports").iter().enumerate() {
                validate_port(port, &ports.index(place), errors);
            }
            let path = path.child(peers);
            for (place, peer) in rule.items(peers).iter().enumerate() {
                validate_peer(peer, &path.index(place), errors);
            }
        }
    }
    let path = path.child("policyTypes");
    let types = spec.items("policyTypes");
    if types.len() > DIRECTIONS.len() {
        let why = "may not specify more than two policyTypes";
        errors.push(Error::invalid(&path, types.to_vec(), why));
        return;
    }
    for (place, direction) in types.iter().enumerate() {
        let direction = direction.as_str().unwrap_or_default();
        if !DIRECTIONS.contains(&direction) {
            let path = path.index(place);
            errors.push(Error::not_supported(&path, direction, &DIRECTIONS));
        }
    }
}

fn validate_port(port: &Value, path: &Path<'_>, errors: &mut Errors) {
    fields::word(port, "protocol", &PROTOCOLS, path, errors);
    let end = port.int("endPort");
    let end_path = path.child("endPort");
    let path = path.child("port");
    match (port.get("port"), end) {
        (None, Some(end)) => {
            let why = "may not be specified when `port` is not specified";
            errors.push(Error::invalid(&end_path, end, why));
        }
        (None, None) => {}
        (Some(Value::String(name)), end) => {
            if let Some(end) = end {
                let why = "may not be specified when `port` is non-numeric";
                errors.push(Error::invalid(&end_path, end, why));
            }
            invalid_each(names::port_name(name), name, &path, errors);
        }
        (Some(number), end) => {
            let number = number.as_i64().unwrap_or_default();
            numbers::port(number, &path, errors);
            if let Some(end) = end {
                if end < number {
                    let why = "must be greater than or equal to `port`";
                    // Upstream shows the other port.
                    errors.push(Error::invalid(&end_path, number, why));
                }
                numbers::port(end, &end_path, errors);
            }
        }
    }
}

fn validate_peer(peer: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut peers = 0;
    for key in ["podSelector", "namespaceSelector"] {
        if peer.get(key).is_some() {
            peers += 1;
            label_selector::validate(peer, key, Values::Strict, &path.child(key), errors);
        }
    }
    if let Some(block) = peer.get("ipBlock") {
        validate_block(block, &path.child("ipBlock"), errors);
        if peers > 0 {
            let why = "may not specify both ipBlock and another peer";
            errors.push(Error::forbidden(path, why));
        }
    } else if peers == 0 {
        errors.push(Error::required(path, "must specify a peer"));
    }
}

/// `ValidateIPBlock`: a range, without ranges that lie in it.
fn validate_block(block: &Value, path: &Path<'_>, errors: &mut Errors) {
    if !fields::required(block, "cidr", path, errors) {
        return;
    }
    let text = block.str_or_empty("cidr");
    let before = errors.len();
    ip::validate_range(text, &path.child("cidr"), errors);
    let Some(outer) = ip::Range::parse(text).filter(|_| errors.len() == before) else {
        return;
    };
    let path = path.child("except");
    for (place, except) in block.items("except").iter().enumerate() {
        let text = except.as_str().unwrap_or_default();
        let path = path.index(place);
        let before = errors.len();
        ip::validate_range(text, &path, errors);
        let inner = ip::Range::parse(text).filter(|_| errors.len() == before);
        if inner.is_some_and(|inner| !outer.holds_strictly(&inner)) {
            let why = "must be a strict subset of `cidr`";
            errors.push(Error::invalid(&path, text, why));
        }
    }
}

/// Validates what a NetworkPolicy becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, _options: &Options, errors: &mut Errors) {
    metadata_update(new, old, errors);
    validate_spec(child(new, "spec"), errors);
}
