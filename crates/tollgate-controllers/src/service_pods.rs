//! Services and the pods behind them, as the controllers of endpoints see them.

use crate::controller::{Change, Enqueue, Key};
use crate::driver::{Cache, Cached};
use crate::resources::{PODS, SERVICES};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Value};

/// The label that marks what belongs to a service without an address.
pub(crate) const HEADLESS: &str = "service.kubernetes.io/headless";

/// The selectors of all services, so that a pod finds its services without reading each.
#[derive(Debug, Default)]
pub(crate) struct Selectors {
    known: Mutex<BTreeMap<CompactString, BTreeMap<CompactString, Value>>>,
}

impl Selectors {
    /// A service has changed.
    pub(crate) fn service_changed(&self, change: &Change<'_>, queue: &mut dyn Enqueue) {
        let Some(service) = change.object() else {
            return;
        };
        let object = change.new.and_then(|new| new.object().ok());
        let selector = object.and_then(|object| object.at(&["spec", "selector"]).cloned());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let services = known.entry(service.meta.namespace.clone()).or_default();
        match selector {
            Some(selector) => {
                services.insert(service.meta.name.clone(), selector);
            }
            None => {
                services.remove(&service.meta.name);
            }
        }
        if services.is_empty() {
            known.remove(&service.meta.namespace);
        }
        drop(known);
        queue.add(Key::of(service));
    }

    /// A pod has changed: the services in whose endpoints it is, was or will be are looked at.
    pub(crate) fn pod_changed(&self, change: &Change<'_>, queue: &mut dyn Enqueue) {
        if let (Some(old), Some(new)) = (change.old, change.new)
            && is_the_same(old, new)
        {
            return;
        }
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for pod in change.old.into_iter().chain(change.new) {
            let services = known.get(&pod.meta.namespace).into_iter().flatten();
            for (name, selector) in services {
                if pod.meta.has_labels(selector) {
                    queue.add(Key::new(&pod.meta.namespace, name));
                }
            }
        }
    }
}

/// Whether nothing changed that endpoints show.
fn is_the_same(old: &Cached, new: &Cached) -> bool {
    let shown = |pod: &Cached| {
        let state = pod.pod.as_deref();
        state.map(|state| {
            (
                state.address.clone(),
                state.node.clone(),
                state.is_ready(),
                state.phase.is_terminal(),
            )
        })
    };
    old.meta.uid == new.meta.uid
        && old.meta.deleted.is_some() == new.meta.deleted.is_some()
        && old.meta.labels == new.meta.labels
        && shown(old) == shown(new)
}

/// The service that has a selector, as a tree; none if nobody is to look for its endpoints.
pub(crate) fn selecting(cache: &Cache, key: &Key) -> Result<Option<Value>, Status> {
    let service = cache.get(&SERVICES, &key.namespace, &key.name);
    let Some(service) = service.filter(|service| service.meta.deleted.is_none()) else {
        return Ok(None);
    };
    let object = service.object()?;
    let spec = object.get("spec").unwrap_or(&Value::Null);
    let selects = spec.get("selector").is_some() && spec.str("type") != Some("ExternalName");
    Ok(selects.then_some(object))
}

/// The pods that are behind a service, by name.
pub(crate) fn behind(cache: &Cache, service: &Value, with_ending: bool) -> Vec<Arc<Cached>> {
    let namespace = service
        .at(&["metadata", "namespace"])
        .and_then(Value::as_str);
    let none = Value::Null;
    let selector = service.at(&["spec", "selector"]).unwrap_or(&none);
    let mut pods = cache.list(&PODS, namespace.unwrap_or_default());
    pods.retain(|pod| {
        let is_there = pod
            .pod
            .as_ref()
            .is_some_and(|state| !state.phase.is_terminal() && !state.address.is_empty());
        is_there && (with_ending || pod.meta.deleted.is_none()) && pod.meta.has_labels(selector)
    });
    pods
}

/// Whether pods count as ready that are not.
pub(crate) fn publishes_all(service: &Value) -> bool {
    let publishes = service.at(&["spec", "publishNotReadyAddresses"]);
    publishes.and_then(Value::as_bool).unwrap_or_default()
}

/// Whether the service has no address of its own.
pub(crate) fn is_headless(service: &Value) -> bool {
    service.at(&["spec", "clusterIP"]).and_then(Value::as_str) == Some("None")
}

/// The ports of a service on a pod. A port whose name the pod does not know is left out.
pub(crate) fn ports(service: &Value, pod: &Cached, named: bool) -> Result<Vec<Value>, Status> {
    let mut ports = Vec::new();
    let spec = service.get("spec").unwrap_or(&Value::Null);
    for port in spec.items("ports") {
        let number = match port.get("targetPort") {
            Some(Value::String(name)) => named_port(pod, name, port.str_or_empty("protocol"))?,
            Some(target) => target.as_i64().filter(|number| *number > 0),
            None => None,
        };
        let is_named = matches!(port.get("targetPort"), Some(Value::String(_)));
        let number = if is_named {
            number
        } else {
            number.or_else(|| port.int("port"))
        };
        let Some(number) = number else {
            continue;
        };
        let mut found = Value::object();
        let name = port.str_or_empty("name");
        if named || !name.is_empty() {
            found.set("name", name);
        }
        found.set("port", number);
        found.set("protocol", port.str("protocol").unwrap_or("TCP"));
        if let Some(protocol) = port.get("appProtocol") {
            found.set("appProtocol", protocol.clone());
        }
        ports.push(found);
    }
    Ok(ports)
}

fn named_port(pod: &Cached, name: &str, protocol: &str) -> Result<Option<i64>, Status> {
    let object = pod.object_to_read()?;
    let spec = object.get("spec").unwrap_or(&Value::Null);
    let sidecars = spec.items("initContainers").iter();
    let sidecars = sidecars.filter(|container| container.str("restartPolicy") == Some("Always"));
    let ports = spec
        .items("containers")
        .iter()
        .chain(sidecars)
        .flat_map(|container| container.items("ports"));
    let mut ports = ports.filter(|port| {
        port.str("name") == Some(name) && port.str("protocol").unwrap_or("TCP") == protocol
    });
    Ok(ports.next().and_then(|port| port.int("containerPort")))
}

/// The address of a pod in a family.
pub(crate) fn address(pod: &Cached, is_v6: bool) -> Result<Option<CompactString>, Status> {
    let is_of = |text: &str| {
        text.parse::<IpAddr>()
            .is_ok_and(|address| address.is_ipv6() == is_v6)
    };
    let first = pod.pod.as_ref().map(|state| state.address.clone());
    if let Some(first) = first.filter(|first| is_of(first)) {
        return Ok(Some(first));
    }
    let object = pod.object_to_read()?;
    let status = object.get("status").unwrap_or(&Value::Null);
    let mut all = status
        .items("podIPs")
        .iter()
        .filter_map(|entry| entry.str("ip"));
    Ok(all.find(|text| is_of(text)).map(CompactString::new))
}

/// The name under which a pod of a headless service is found, if it has one.
pub(crate) fn hostname(service: &Value, pod: &Cached) -> Result<Option<String>, Status> {
    if !is_headless(service) {
        return Ok(None);
    }
    let object = pod.object_to_read()?;
    let spec = object.get("spec").unwrap_or(&Value::Null);
    let name = service.at(&["metadata", "name"]).and_then(Value::as_str);
    let hostname = spec.str("hostname").filter(|hostname| !hostname.is_empty());
    Ok(hostname
        .filter(|_| spec.str("subdomain") == name)
        .map(str::to_owned))
}

/// A reference to a pod, as endpoints hold it.
pub(crate) fn reference(pod: &Cached) -> Value {
    let mut reference = Value::object();
    reference.set("kind", "Pod");
    reference.set("namespace", pod.meta.namespace.clone());
    reference.set("name", pod.meta.name.clone());
    reference.set("uid", pod.meta.uid.clone());
    reference
}
