//! Services get their addresses and node ports when they are written, in the transaction that writes them.
//!
//! Every address in use has an IPAddress object, which is made and removed together with the service that has it: who
//! finds one cannot have the address. Node ports are those in the services themselves.

use super::call::Call;
use super::record;
use crate::storage::{Key, Snapshot, Write};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use tollgate_api::field::{Error, Path};
use tollgate_api::{Status, Value};
use tollgate_objects::strategy::service::{needs_address, needs_node_ports};

/// The range of service addresses, without the address of the network and the last one.
const ADDRESSES: std::ops::RangeInclusive<u32> = 0x0a00_0001..=0x0a00_00fe;
/// The range of node ports.
const NODE_PORTS: std::ops::RangeInclusive<i64> = 30_000..=32_767;
/// The group of the objects that hold addresses.
const NETWORKING: &str = "networking.k8s.io";

/// What a service takes and gives back, to be written with it.
#[derive(Debug, Default)]
pub(super) struct Allocation {
    /// Addresses that become used or free.
    pub(super) writes: Vec<Write>,
    /// Addresses that nobody may have.
    pub(super) free_addresses: Vec<Key>,
    /// Node ports that nobody may have.
    free_ports: Vec<i64>,
}

impl Allocation {
    /// Whether all that is taken is still free; `own` is the service itself.
    pub(super) fn holds(&self, head: &Snapshot, own: &Key) -> bool {
        let addresses = self
            .free_addresses
            .iter()
            .all(|key| head.get(key.as_str()).is_none());
        addresses
            && (self.free_ports.is_empty()
                || used_ports(head, own).is_disjoint(&self.free_ports.iter().copied().collect()))
    }
}

fn is_service(call: &Call<'_>) -> bool {
    call.resource.group().is_empty() && call.resource.plural() == "services"
}

fn text<'v>(service: &'v Value, key: &str) -> &'v str {
    service
        .get("spec")
        .map_or("", |spec| spec.str_or_empty(key))
}

fn has_address(service: &Value) -> bool {
    let spec = service.get("spec").unwrap_or(&Value::Null);
    !matches!(text(service, "clusterIP"), "" | "None") && needs_address(spec)
}

fn has_node_ports(service: &Value) -> bool {
    service.get("spec").is_some_and(needs_node_ports)
}

fn address_key(address: &str) -> Key {
    Key::new(NETWORKING, "ipaddresses", "", address)
}

/// Gives a service what it lacks; `new` is none if it goes.
pub(super) fn allocate(
    call: &Call<'_>,
    new: Option<&mut Value>,
    old: Option<&Value>,
) -> Result<Allocation, Status> {
    let mut allocation = Allocation::default();
    if !is_service(call) || !(call.subresource.is_empty() || new.is_none()) {
        return Ok(allocation);
    }
    let snapshot = call.api.store.snapshot();
    let before = old
        .filter(|old| has_address(old))
        .map(|old| text(old, "clusterIP").to_owned());
    let mut after = None;
    if let Some(new) = new {
        if text(new, "type") != "ExternalName" {
            let spec = new.child_mut("spec");
            // Whoever fills in the endpoints of such a service may have addresses of both families.
            let is_bare = spec.str("clusterIP") == Some("None") && spec.get("selector").is_none();
            if is_bare {
                spec.set_default("ipFamilies", || vec!["IPv4", "IPv6"]);
                spec.set_default("ipFamilyPolicy", || "RequireDualStack");
            }
            spec.set_default("ipFamilies", || vec!["IPv4"]);
            spec.set_default("ipFamilyPolicy", || "SingleStack");
            let wanted = text(new, "clusterIP").to_owned();
            let address = match wanted.as_str() {
                "" => Some(free_address(call, &snapshot, new)?),
                "None" => None,
                given => {
                    if before.as_deref() != Some(given) {
                        check_address(call, &snapshot, given)?;
                    }
                    Some(wanted)
                }
            };
            let shown = address.clone().unwrap_or_else(|| "None".to_owned());
            let spec = new.child_mut("spec");
            spec.set("clusterIP", shown.as_str());
            spec.set("clusterIPs", vec![shown]);
            after = address;
        }
        if has_node_ports(new) {
            allocation.free_ports = give_ports(call, &snapshot, new, old)?;
        }
    }
    if before != after {
        if let Some(before) = before {
            allocation.writes.push(Write::Delete {
                key: address_key(&before),
            });
        }
        if let Some(after) = after {
            let key = address_key(&after);
            allocation.free_addresses.push(key.clone());
            let value = address_object(call, &after)?;
            allocation.writes.push(Write::Put { key, value });
        }
    }
    Ok(allocation)
}

/// The object that holds an address.
fn address_object(call: &Call<'_>, address: &str) -> Result<bytes::Bytes, Status> {
    let catalog = call.api.catalog.load();
    let resource = catalog.resource(NETWORKING, "v1", "ipaddresses");
    let resource = resource.ok_or_else(crate::error::no_such_resource)?;
    let mut object = Value::object();
    let metadata = object.child_mut("metadata");
    metadata.set("name", address);
    metadata.set("uid", call.api.environment.uid());
    metadata.set("creationTimestamp", call.time());
    let labels = metadata.child_mut("labels");
    labels.set("ipaddress.kubernetes.io/ip-family", "IPv4");
    labels.set("ipaddress.kubernetes.io/managed-by", "ipallocator.k8s.io");
    let parent = object.child_mut("spec").child_mut("parentRef");
    parent.set("resource", "services");
    parent.set("namespace", call.namespace);
    parent.set("name", call.name);
    object.set("kind", resource.kind.kind.clone());
    object.set("apiVersion", resource.kind.api_version());
    Ok(record::encode(&resource.storage_kind, &object))
}

fn invalid(call: &Call<'_>, service: &Value, errors: &[Error]) -> Status {
    let name = super::metadata::name(service);
    let name = if name.is_empty() { call.name } else { name };
    Status::invalid("", "Service", name, errors)
}

/// An address that nobody has, from a random place on.
fn free_address(call: &Call<'_>, snapshot: &Snapshot, service: &Value) -> Result<String, Status> {
    let count = u64::from(ADDRESSES.end().abs_diff(*ADDRESSES.start())).saturating_add(1);
    let begin = call.api.environment.random() % count;
    for offset in 0..count {
        let place = u32::try_from((begin.saturating_add(offset)) % count).unwrap_or_default();
        let address = Ipv4Addr::from(ADDRESSES.start().saturating_add(place)).to_string();
        if snapshot.get(address_key(&address).as_str()).is_none() {
            return Ok(address);
        }
    }
    let spec = Path::root("spec");
    let why = "failed to allocate a serviceIP: range is full";
    let error = Error::internal(&spec.child("clusterIPs"), why);
    Err(invalid(call, service, &[error]))
}

fn check_address(call: &Call<'_>, snapshot: &Snapshot, address: &str) -> Result<(), Status> {
    let parsed: Option<Ipv4Addr> = address.parse().ok();
    let in_range = parsed.is_some_and(|address| ADDRESSES.contains(&u32::from(address)));
    let why = if !in_range {
        "the provided network does not match the current range"
    } else if snapshot.get(address_key(address).as_str()).is_some() {
        "provided IP is already allocated"
    } else {
        return Ok(());
    };
    let spec = Path::root("spec");
    let error = Error::invalid(
        &spec.child("clusterIPs"),
        Value::from(vec![address]),
        format!("failed to allocate IP {address}: {why}"),
    );
    Err(Status::invalid("", "Service", call.name, &[error]))
}

/// The node ports of all services but one.
fn used_ports(snapshot: &Snapshot, own: &Key) -> BTreeSet<i64> {
    let prefix = Key::prefix("", "services", None);
    let mut used = BTreeSet::new();
    for (key, found) in snapshot.range(&prefix) {
        if key == own || memchr::memmem::find(&found.value, b"\"nodePort\":").is_none() {
            continue;
        }
        let Ok(service) = record::parse(&found.value, 0) else {
            continue;
        };
        let ports = service.get("spec").map(|spec| spec.items("ports"));
        used.extend(
            ports
                .unwrap_or_default()
                .iter()
                .filter_map(|port| port.int("nodePort")),
        );
    }
    used
}

/// Gives ports to those that have none; the ports that the service did not have before.
fn give_ports(
    call: &Call<'_>,
    snapshot: &Snapshot,
    service: &mut Value,
    old: Option<&Value>,
) -> Result<Vec<i64>, Status> {
    let own = call.key(call.name);
    let mut used = used_ports(snapshot, &own);
    let had: Vec<i64> = old
        .and_then(|old| old.get("spec"))
        .map(|spec| spec.items("ports"))
        .unwrap_or_default()
        .iter()
        .filter_map(|port| port.int("nodePort"))
        .collect();
    let mut taken = Vec::new();
    let mut errors = Vec::new();
    let spec_path = Path::root("spec");
    let ports_path = spec_path.child("ports");
    for (index, port) in service
        .child_mut("spec")
        .items_mut("ports")
        .iter_mut()
        .enumerate()
    {
        let number = port.int("nodePort").unwrap_or_default();
        if number != 0 {
            let port_path = ports_path.index(index);
            let path = port_path.child("nodePort");
            if !NODE_PORTS.contains(&number) {
                let why = "provided port is not in the valid range. The range of valid ports is 30000-32767";
                errors.push(Error::invalid(&path, number, why));
            } else if used.contains(&number) {
                errors.push(Error::invalid(
                    &path,
                    number,
                    "provided port is already allocated",
                ));
            } else if !had.contains(&number) {
                taken.push(number);
            }
            continue;
        }
        let count = NODE_PORTS
            .end()
            .abs_diff(*NODE_PORTS.start())
            .saturating_add(1);
        let begin = call.api.environment.random() % count;
        let free = (0..count).find_map(|offset| {
            let place = i64::try_from((begin.saturating_add(offset)) % count).ok()?;
            let number = NODE_PORTS.start().saturating_add(place);
            (!used.contains(&number)).then_some(number)
        });
        match free {
            Some(number) => {
                port.set("nodePort", number);
                used.insert(number);
                taken.push(number);
            }
            None => errors.push(Error::internal(
                &ports_path,
                "failed to allocate a nodePort: range is full",
            )),
        }
    }
    if errors.is_empty() {
        return Ok(taken);
    }
    Err(invalid(call, service, &errors))
}
