//! Where a request behind `/proxy` goes: to a port of a pod, of one of a service's pods, or of a node.

use super::connect::find;
use super::target::{self, PlacedPod};
use crate::error;
use crate::verbs::Call;
use std::net::IpAddr;
use tollgate_api::go_format::quote;
use tollgate_api::node_agent::{AgentError, PortTarget};
use tollgate_api::{Status, Value};

/// Where a kubelet listens if its node does not say.
const KUBELET_PORT: u16 = 10250;

/// Whose port it is.
#[derive(Debug)]
enum Owner {
    Pod(Box<PlacedPod>),
    Node(String),
}

/// A port that a request goes to.
#[derive(Debug)]
pub struct Destination {
    owner: Owner,
    /// What the server behind the port is called: `10.0.0.7:8080`.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether it is that of the kubelet's own API.
    pub is_kubelet: bool,
}

impl Destination {
    /// The port's owner as an agent is told of it.
    pub fn target(&self) -> PortTarget<'_> {
        match &self.owner {
            Owner::Pod(placed) => PortTarget::Pod(placed.pod()),
            Owner::Node(name) => PortTarget::Node(name),
        }
    }

    /// The node that is to be reached.
    pub fn node(&self) -> &str {
        match &self.owner {
            Owner::Pod(placed) => placed.pod().node,
            Owner::Node(name) => name,
        }
    }
}

/// `name`, `name:port` or `scheme:name:port`.
struct Named<'n> {
    scheme: &'n str,
    name: &'n str,
    port: &'n str,
}

fn split<'n>(what: &str, text: &'n str) -> Result<Named<'n>, Status> {
    let parts: Vec<&str> = text.split(':').collect();
    let (scheme, name, port) = match parts.as_slice() {
        [name] => ("", *name, ""),
        [name, port] => ("", *name, *port),
        [scheme, name, port] => (*scheme, *name, *port),
        _ => ("", "", ""),
    };
    if name.is_empty() || !matches!(scheme, "" | "http" | "https") {
        let quoted = quote(text);
        return Err(Status::bad_request(format!(
            "invalid {what} request {quoted}"
        )));
    }
    Ok(Named { scheme, name, port })
}

/// Where the request of a proxy goes.
pub fn destination(call: &Call<'_>) -> Result<Destination, Status> {
    match call.resource.plural() {
        "pods" => of_pod(call),
        "services" => of_service(call),
        _ => of_node(call),
    }
}

fn of_pod(call: &Call<'_>) -> Result<Destination, Status> {
    let named = split("pod", call.name)?;
    let snapshot = call.api.store.snapshot();
    let pod = find(&snapshot, "pods", call.namespace, named.name)?;
    let ip = pod.at(&["status", "podIP"]).and_then(Value::as_str);
    let ip = proxied_address(ip.unwrap_or_default())?;
    let port = match named.port {
        "" => first_port(&pod).unwrap_or(if named.scheme == "https" { 443 } else { 80 }),
        text => number(text)?,
    };
    speaks_plainly(named.scheme)?;
    to_pod(call, named.name, ip, port)
}

fn to_pod(call: &Call<'_>, name: &str, ip: IpAddr, port: u16) -> Result<Destination, Status> {
    let placed = target::demand_host(target::pod(call, name)?, name)?;
    Ok(Destination {
        owner: Owner::Pod(Box::new(placed)),
        host: std::net::SocketAddr::new(ip, port).to_string(),
        port,
        is_kubelet: false,
    })
}

fn first_port(pod: &Value) -> Option<u16> {
    let containers = pod.get("spec")?.items("containers");
    let mut ports = containers
        .iter()
        .flat_map(|container| container.items("ports"));
    u16::try_from(ports.next()?.int("containerPort")?).ok()
}

/// An address that a proxy may go to: no other way into the server's own machine.
fn proxied_address(text: &str) -> Result<IpAddr, Status> {
    let address: Option<IpAddr> = text.parse().ok();
    let allowed = address.filter(|address| match address {
        IpAddr::V4(address) => {
            !(address.is_loopback()
                || address.is_link_local()
                || address.octets().starts_with(&[224, 0, 0]))
        }
        IpAddr::V6(address) => {
            let first = address.segments().first().copied().unwrap_or_default();
            let is_link_local = first & 0xffc0 == 0xfe80;
            let is_near_multicast = matches!(first & 0xff0f, 0xff01 | 0xff02);
            !(address.is_loopback() || is_link_local || is_near_multicast)
        }
    });
    allowed.ok_or_else(|| Status::bad_request("address not allowed"))
}

fn number(text: &str) -> Result<u16, Status> {
    text.parse().map_err(|_| {
        let why = format!("lookup tcp/{text}: unknown port");
        target::service_unreachable(&AgentError::Unreachable(why))
    })
}

/// Agents carry bytes; who would have to be believed at the other end of TLS is not known.
fn speaks_plainly(scheme: &str) -> Result<(), Status> {
    if scheme != "https" {
        return Ok(());
    }
    let why = "TLS is not spoken with what is behind a proxy";
    let error = AgentError::Unreachable(why.to_owned());
    Err(target::service_unreachable(&error))
}

fn of_service(call: &Call<'_>) -> Result<Destination, Status> {
    let named = split("service", call.name)?;
    let snapshot = call.api.store.snapshot();
    let service = find(&snapshot, "services", call.namespace, named.name)?;
    let mut port_name = named.port;
    if let Ok(wanted) = named.port.parse::<i64>() {
        let spec = service.get("spec").unwrap_or(&Value::Null);
        let mut ports = spec.items("ports").iter();
        let Some(port) = ports.find(|port| port.int("port") == Some(wanted)) else {
            let name = quote(named.name);
            let why = format!("no service port {wanted} found for service {name}");
            return Err(error::service_unavailable(why));
        };
        port_name = port.str_or_empty("name");
    }
    let endpoints = find(&snapshot, "endpoints", call.namespace, named.name)?;
    let none = |name: &str| {
        let why = format!("no endpoints available for service {}", quote(name));
        Err(error::service_unavailable(why))
    };
    let subsets = endpoints.items("subsets");
    if subsets.is_empty() {
        return none(named.name);
    }
    speaks_plainly(named.scheme)?;
    for subset in subsets {
        let mut ports = subset.items("ports").iter();
        let port = ports.find(|port| port.str_or_empty("name") == port_name);
        let port = port.and_then(|port| u16::try_from(port.int("port")?).ok());
        let Some(port) = port else {
            continue;
        };
        for address in subset.items("addresses") {
            let Some((pod, ip)) = pod_of(call, address) else {
                continue;
            };
            return to_pod(call, &pod, ip, port);
        }
    }
    none(call.name)
}

/// The pod behind an address of Endpoints. An address that is not its pod's could lead anywhere.
fn pod_of(call: &Call<'_>, address: &Value) -> Option<(String, IpAddr)> {
    let reference = address.get("targetRef")?;
    let namespace = reference.str_or_empty("namespace");
    if reference.str("kind") != Some("Pod") || namespace != call.namespace {
        return None;
    }
    let name = reference.str("name")?;
    let pod = find(&call.api.store.snapshot(), "pods", namespace, name).ok()?;
    let ip = address.str("ip")?;
    let status = pod.get("status")?;
    let mut addresses = status.items("podIPs").iter();
    let is_its =
        status.str("podIP") == Some(ip) || addresses.any(|known| known.str("ip") == Some(ip));
    is_its.then_some(())?;
    Some((name.to_owned(), proxied_address(ip).ok()?))
}

fn of_node(call: &Call<'_>) -> Result<Destination, Status> {
    let named = split("node", call.name)?;
    let node = find(&call.api.store.snapshot(), "nodes", "", named.name)?;
    let announced = node
        .at(&["status", "daemonEndpoints", "kubeletEndpoint"])
        .and_then(|endpoint| endpoint.int("Port"));
    let kubelet = announced
        .and_then(|port| u16::try_from(port).ok())
        .filter(|port| *port > 0)
        .unwrap_or(KUBELET_PORT);
    let port = match named.port {
        "" => kubelet,
        text => number(text)?,
    };
    // The kubelet's own port is TLS upstream; here its agent answers, who needs none.
    if port != kubelet {
        speaks_plainly(named.scheme)?;
    }
    Ok(Destination {
        owner: Owner::Node(named.name.to_owned()),
        host: format!("{}:{port}", named.name),
        port,
        is_kubelet: port == kubelet,
    })
}
