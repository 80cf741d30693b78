//! The ports of a Service.

use super::Spec;
use crate::validation::object_meta::invalid_each;
use crate::validation::{go_values, numbers};
use std::collections::BTreeSet;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];
/// Where nodes take orders; nobody may lead the world there.
const KUBELET_PORT: i64 = 10_250;

fn each(spec: Spec<'_>) -> impl Iterator<Item = (usize, &Value)> {
    spec.0.items("ports").iter().enumerate()
}

pub(super) fn validate(spec: Spec<'_>, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("ports");
    let needs_names = spec.0.items("ports").len() > 1;
    let mut seen = BTreeSet::new();
    for (place, port) in each(spec) {
        let path = path.index(place);
        let name = port.str_or_empty("name");
        let name_path = path.child("name");
        if name.is_empty() {
            if needs_names {
                errors.push(Error::required(&name_path, ""));
            }
        } else {
            invalid_each(names::dns1123_label(name), name, &name_path, errors);
            if !seen.insert(name) {
                errors.push(Error::duplicate(&name_path, name));
            }
        }
        validate_port(port, &path, errors);
    }
}

fn validate_port(port: &Value, path: &Path<'_>, errors: &mut Errors) {
    let number = port.int("port").unwrap_or_default();
    numbers::port(number, &path.child("port"), errors);
    let protocol = port.str_or_empty("protocol");
    let protocol_path = path.child("protocol");
    if protocol.is_empty() {
        errors.push(Error::required(&protocol_path, ""));
    } else if !PROTOCOLS.contains(&protocol) {
        errors.push(Error::not_supported(&protocol_path, protocol, &PROTOCOLS));
    }
    numbers::port_or_name(port.get("targetPort"), &path.child("targetPort"), errors);
    if let Some(protocol) = port.str("appProtocol") {
        let messages = names::qualified_name(protocol);
        invalid_each(messages, protocol, &path.child("appProtocol"), errors);
    }
}

pub(super) fn not_the_kubelet(spec: Spec<'_>, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("ports");
    for (place, port) in each(spec) {
        if port.int("port") == Some(KUBELET_PORT) {
            let why = format!(
                "may not expose port {KUBELET_PORT} externally since it is used by kubelet"
            );
            errors.push(Error::invalid(&path.index(place), KUBELET_PORT, why));
        }
    }
}

/// Only Services that nodes serve have ports on nodes, each once for a protocol.
pub(super) fn validate_node_ports(spec: Spec<'_>, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("ports");
    let used = || each(spec).filter(|(_, port)| port.int("nodePort").is_some_and(|port| port != 0));
    if spec.kind() == "ClusterIP" {
        for (place, _) in used() {
            let path = path.index(place);
            let why = "may not be used when `type` is 'ClusterIP'";
            errors.push(Error::forbidden(&path.child("nodePort"), why));
        }
    }
    let mut seen = BTreeSet::new();
    for (place, port) in used() {
        let number = port.int("nodePort").unwrap_or_default();
        if !seen.insert((port.str_or_empty("protocol"), number)) {
            let path = path.index(place);
            errors.push(Error::duplicate(&path.child("nodePort"), number));
        }
    }
}

pub(super) fn no_duplicates(spec: Spec<'_>, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("ports");
    let mut seen = BTreeSet::new();
    for (place, port) in each(spec) {
        let protocol = port.str_or_empty("protocol");
        let number = port.int("port").unwrap_or_default();
        if !seen.insert((protocol, number)) {
            let zero = || Value::from(0);
            // Upstream shows only what must differ.
            let shown = go_values::object([
                ("Name", "".into()),
                ("Protocol", protocol.into()),
                ("AppProtocol", Value::Null),
                ("Port", number.into()),
                ("TargetPort", zero()),
                ("NodePort", zero()),
            ]);
            errors.push(Error::duplicate(&path.index(place), shown));
        }
    }
}
