//! Ports of containers: `validateContainerPorts`, `checkHostPortConflicts`.

use crate::validation::numbers::port;
use crate::validation::object_meta::invalid_each;
use crate::validation::repeats::Repeats;
use std::collections::BTreeSet;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// The transport protocols, sorted.
pub(in crate::validation) const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];

/// Validates the ports of one container.
pub(super) fn validate(ports: &[Value], path: &Path<'_>, errors: &mut Errors) {
    let mut repeats = Repeats::new(ports, |entry| entry.str_or_empty("name"));
    for (index, entry) in ports.iter().enumerate() {
        let is_repeated = repeats.next();
        let path = path.index(index);
        let name = entry.str_or_empty("name");
        if !name.is_empty() {
            let path = path.child("name");
            let messages = names::port_name(name);
            if messages.is_empty() && is_repeated {
                errors.push(Error::duplicate(&path, name));
            }
            invalid_each(messages, name, &path, errors);
        }
        match entry.int("containerPort").unwrap_or_default() {
            0 => errors.push(Error::required(&path.child("containerPort"), "")),
            number => port(number, &path.child("containerPort"), errors),
        }
        match entry.int("hostPort").unwrap_or_default() {
            0 => {}
            number => port(number, &path.child("hostPort"), errors),
        }
        protocol(entry, &path.child("protocol"), errors);
    }
}

/// Validates the transport protocol of a port.
pub(in crate::validation) fn protocol(entry: &Value, path: &Path<'_>, errors: &mut Errors) {
    let protocol = entry.str_or_empty("protocol");
    if protocol.is_empty() {
        errors.push(Error::required(path, ""));
    } else if !PROTOCOLS.contains(&protocol) {
        errors.push(Error::not_supported(path, protocol, PROTOCOLS));
    }
}

/// No two ports of these containers may claim the same port of the node.
pub(super) fn host_port_conflicts(containers: &[Value], path: &Path<'_>, errors: &mut Errors) {
    let claims = containers
        .iter()
        .enumerate()
        .flat_map(|(container, entry)| {
            let ports = entry.items("ports").iter().enumerate();
            ports.filter_map(move |(index, port)| Some((container, index, HostPort::of(port)?)))
        });
    let mut seen = BTreeSet::new();
    for (container, index, claim) in claims {
        if !seen.insert(claim) {
            let HostPort {
                protocol,
                address,
                number,
            } = claim;
            errors.push(Error::duplicate(
                &path
                    .index(container)
                    .child("ports")
                    .index(index)
                    .child("hostPort"),
                format!("{protocol}/{address}/{number}"),
            ));
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct HostPort<'v> {
    protocol: &'v str,
    address: &'v str,
    number: i64,
}

impl<'v> HostPort<'v> {
    fn of(port: &'v Value) -> Option<Self> {
        Some(Self {
            number: port.int("hostPort").filter(|number| *number != 0)?,
            protocol: port.str_or_empty("protocol"),
            address: port.str_or_empty("hostIP"),
        })
    }
}
