//! Services get their addresses and node ports when they are written, in the transaction that writes them.
//!
//! Every address in use has an IPAddress object, which is made and removed together with the service that has it: who
//! finds one cannot have the address. Node ports are those in the services themselves.

use super::call::Call;
use super::record;
use crate::storage::{Key, Snapshot, Write};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use tollgate_api::field::{Error, Path};
use tollgate_api::{Status, Value};
use tollgate_objects::strategy::service::{needs_address, needs_health_check, needs_node_ports};
use tollgate_objects::validation::service::validate_addresses;

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

fn has_health_check(service: &Value) -> bool {
    service.get("spec").is_some_and(needs_health_check)
}

fn address_key(address: &str) -> Key {
    Key::new(NETWORKING, "ipaddresses", "", address)
}

/// Refuses addresses that are none, before a service is looked at any further.
pub(super) fn check_addresses(
    call: &Call<'_>,
    new: &Value,
    old: Option<&Value>,
) -> Result<(), Status> {
    if !is_service(call) || !call.subresource.is_empty() {
        return Ok(());
    }
    let errors = validate_addresses(new, old);
    if errors.is_empty() {
        return Ok(());
    }
    Err(invalid(call, new, &errors))
}

/// Gives a service what it lacks; `new` is none if it goes.
pub(super) fn allocate(
    call: &Call<'_>,
    new: Option<&mut Value>,
    old: Option<&Value>,
    dry_run: bool,
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
            let is_bare =
                spec.str("clusterIP") == Some("None") && spec.entries("selector").next().is_none();
            if spec.items("ipFamilies").is_empty() {
                spec.remove("ipFamilies");
            }
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
                        check_address(call, &snapshot, given, dry_run)?;
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
        if has_node_ports(new) || has_health_check(new) {
            allocation.free_ports = give_ports(call, &snapshot, new, old, dry_run)?;
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

/// Whether a service can have the address that it wishes. A dry run has other words, and does not ask who has it.
fn check_address(
    call: &Call<'_>,
    snapshot: &Snapshot,
    address: &str,
    dry_run: bool,
) -> Result<(), Status> {
    let spec = Path::root("spec");
    let parsed = address.parse::<IpAddr>().ok();
    if parsed.is_some_and(|address| address.is_ipv6()) {
        let path = spec.child("clusterIPs");
        let why = "IPv6 is not configured on this cluster";
        let error = Error::invalid(&path.index(0), Value::from(vec![address]), why);
        return Err(Status::invalid("", "Service", call.name, &[error]));
    }
    let in_range =
        matches!(parsed, Some(IpAddr::V4(address)) if ADDRESSES.contains(&u32::from(address)));
    let why = if !in_range && dry_run {
        format!(
            "the provided IP ({address}) is not in the valid range. The range of valid IPs is 10.0.0.0/24"
        )
    } else if !in_range {
        "the provided network does not match the current range".to_owned()
    } else if !dry_run && snapshot.get(address_key(address).as_str()).is_some() {
        "provided IP is already allocated".to_owned()
    } else {
        return Ok(());
    };
    let error = Error::invalid(
        &spec.child("clusterIPs"),
        Value::from(vec![address]),
        format!("failed to allocate IP {address}: {why}"),
    );
    Err(Status::invalid("", "Service", call.name, &[error]))
}

/// The ports that the spec of a service takes of every node.
fn ports_of(spec: &Value) -> impl Iterator<Item = i64> {
    let ports = spec.items("ports").iter();
    let health = spec.int("healthCheckNodePort");
    ports
        .filter_map(|port| port.int("nodePort"))
        .chain(health)
        .filter(|number| *number != 0)
}

/// The node ports of all services but one.
fn used_ports(snapshot: &Snapshot, own: &Key) -> BTreeSet<i64> {
    let prefix = Key::prefix("", "services", None);
    let mut used = BTreeSet::new();
    for (key, found) in snapshot.range(&prefix) {
        let has_ports = [&b"\"nodePort\":"[..], b"\"healthCheckNodePort\":"]
            .iter()
            .any(|field| memchr::memmem::find(&found.value, field).is_some());
        if key == own || !has_ports {
            continue;
        }
        let Ok(service) = record::parse(&found.value, 0) else {
            continue;
        };
        used.extend(service.get("spec").into_iter().flat_map(ports_of));
    }
    used
}

/// The ports that are given away within one request.
struct Ports {
    used: BTreeSet<i64>,
    /// Those that the service had before.
    had: BTreeSet<i64>,
    taken: Vec<i64>,
    /// Whether nothing is taken in the end: then nobody asks whether there is such a port.
    dry_run: bool,
}

impl Ports {
    /// Takes a port that a client wishes, or says why not.
    fn take(&mut self, number: i64) -> Option<&'static str> {
        if self.had.contains(&number) {
            None
        } else if !NODE_PORTS.contains(&number) && !self.dry_run {
            Some("provided port is not in the valid range. The range of valid ports is 30000-32767")
        } else if self.used.contains(&number) {
            Some("provided port is already allocated")
        } else {
            self.taken.push(number);
            None
        }
    }

    /// Takes a port that nobody has, from a random place on.
    fn take_any(&mut self, random: u64) -> Option<i64> {
        let count = NODE_PORTS
            .end()
            .abs_diff(*NODE_PORTS.start())
            .saturating_add(1);
        let begin = random % count;
        let free = (0..count).find_map(|offset| {
            let place = i64::try_from((begin.saturating_add(offset)) % count).ok()?;
            let number = NODE_PORTS.start().saturating_add(place);
            (!self.used.contains(&number)).then_some(number)
        })?;
        self.used.insert(free);
        self.taken.push(free);
        Some(free)
    }
}

/// Gives ports to those that have none; the ports that the service did not have before.
fn give_ports(
    call: &Call<'_>,
    snapshot: &Snapshot,
    service: &mut Value,
    old: Option<&Value>,
    dry_run: bool,
) -> Result<Vec<i64>, Status> {
    let before = old.and_then(|old| old.get("spec"));
    let mut ports = Ports {
        used: used_ports(snapshot, &call.key(call.name)),
        had: before.into_iter().flat_map(ports_of).collect(),
        taken: Vec::new(),
        dry_run,
    };
    let mut errors = Vec::new();
    if has_node_ports(service) {
        give_node_ports(call, &mut ports, service, &mut errors);
    }
    if errors.is_empty() && has_health_check(service) {
        give_health_check_port(call, &mut ports, service)?;
    }
    if errors.is_empty() {
        return Ok(ports.taken);
    }
    Err(invalid(call, service, &errors))
}

fn give_node_ports(
    call: &Call<'_>,
    ports: &mut Ports,
    service: &mut Value,
    errors: &mut Vec<Error>,
) {
    let spec_path = Path::root("spec");
    let ports_path = spec_path.child("ports");
    let listed = service.child_mut("spec").items_mut("ports");
    for (index, port) in listed.iter_mut().enumerate() {
        let number = port.int("nodePort").unwrap_or_default();
        if number != 0 {
            let port_path = ports_path.index(index);
            if let Some(why) = ports.take(number) {
                errors.push(Error::invalid(&port_path.child("nodePort"), number, why));
            }
            continue;
        }
        match ports.take_any(call.api.environment.random()) {
            Some(number) => port.set("nodePort", number),
            None => errors.push(Error::internal(
                &ports_path,
                "failed to allocate a nodePort: range is full",
            )),
        }
    }
}

/// The port on which every node says whether it has a pod of the service.
fn give_health_check_port(
    call: &Call<'_>,
    ports: &mut Ports,
    service: &mut Value,
) -> Result<(), Status> {
    let spec = service.child_mut("spec");
    let number = spec.int("healthCheckNodePort").unwrap_or_default();
    if number != 0 {
        return ports.take(number).map_or(Ok(()), |why| {
            Err(Status::internal(format!(
                "failed to allocate requested HealthCheck NodePort {number}: {why}"
            )))
        });
    }
    let Some(number) = ports.take_any(call.api.environment.random()) else {
        let why = "failed to allocate a HealthCheck NodePort : range is full";
        return Err(Status::internal(why));
    };
    spec.set("healthCheckNodePort", number);
    Ok(())
}
