//! endpointslice-mirroring-controller: Endpoints that people write for services without a selector, as slices.
//!
//! Upstream: `pkg/controller/endpointslicemirroring`

use super::slices::{self, Common, Endpoints, MANAGED_BY, SERVICE_NAME};
use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::Cache;
use crate::resources::{ENDPOINT_SLICES, ENDPOINTS, SERVICES};
use std::net::IpAddr;
use tollgate_api::client::{Identity, Pending};
use tollgate_api::{Status, Value};

const NAME: &str = "endpointslicemirroring-controller.k8s.io";
/// The label of Endpoints that are not to be mirrored.
const SKIP: &str = "endpointslice.kubernetes.io/skip-mirror";
/// The annotation of Endpoints that serve as a lock.
const LEADER: &str = "control-plane.alpha.kubernetes.io/leader";
/// An annotation that is not carried over.
const CHANGED: &str = "endpoints.kubernetes.io/last-change-trigger-time";
/// How many addresses of a subset are mirrored.
const ADDRESSES_MAX: usize = 1000;

/// The controller.
#[derive(Debug)]
pub struct Mirroring;

impl Controller for Mirroring {
    fn name(&self) -> &'static str {
        "endpointslice-mirroring-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("endpointslicemirroring-controller")
    }

    fn component(&self) -> &'static str {
        "endpoint-slice-mirroring-controller"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&SERVICES, &ENDPOINTS, &ENDPOINT_SLICES])
    }

    fn concerns(&self, change: &Change<'_>, _: &Cache, queue: &mut dyn Enqueue) {
        let Some(object) = change.object() else {
            return;
        };
        if !change.is_of(&ENDPOINT_SLICES) {
            queue.add(Key::of(object));
        } else if object.meta.labels.str(MANAGED_BY) == Some(NAME)
            && let Some(service) = object.meta.labels.str(SERVICE_NAME)
        {
            queue.add(Key::new(&object.meta.namespace, service));
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(bring(context, key))
    }
}

async fn bring(context: &Context, key: &Key) -> Outcome {
    let known = slices::known(context, &key.namespace, &key.name, NAME);
    let known: Result<Vec<Value>, Status> = known.iter().map(|slice| slice.object()).collect();
    let known = known?;
    let service = context.cache.get(&SERVICES, &key.namespace, &key.name);
    let service = service.map(|service| service.object()).transpose()?;
    let endpoints = context.cache.get(&ENDPOINTS, &key.namespace, &key.name);
    let endpoints = endpoints.map(|endpoints| endpoints.object()).transpose()?;
    let is_wanted = service.is_some_and(|service| service.at(&["spec", "selector"]).is_none());
    let Some(endpoints) = endpoints.filter(|endpoints| is_wanted && is_mirrored(endpoints)) else {
        slices::remove(context, &key.namespace, known.iter()).await?;
        return Ok(Requeue::No);
    };
    for family in ["IPv4", "IPv6"] {
        let mine: Vec<Value> = known
            .iter()
            .filter(|slice| slice.str("addressType") == Some(family))
            .cloned()
            .collect();
        let wanted = mirrored(&endpoints, family == "IPv6");
        if wanted.is_empty() {
            slices::remove(context, &key.namespace, mine.iter()).await?;
            continue;
        }
        let common = Common {
            namespace: &key.namespace,
            owner: owner(&endpoints),
            name: &key.name,
            labels: labels(&endpoints, &key.name),
            address_type: family,
        };
        slices::bring(context, &common, &mine, &wanted).await?;
    }
    Ok(Requeue::No)
}

fn is_mirrored(endpoints: &Value) -> bool {
    let metadata = endpoints.get("metadata").unwrap_or(&Value::Null);
    let skips = metadata.get("labels").and_then(|labels| labels.str(SKIP)) == Some("true");
    let annotations = metadata.get("annotations");
    let is_lock = annotations.is_some_and(|annotations| annotations.get(LEADER).is_some());
    !skips && !is_lock && metadata.get("deletionTimestamp").is_none()
}

fn owner(endpoints: &Value) -> Value {
    let metadata = endpoints.get("metadata").unwrap_or(&Value::Null);
    let mut owner = Value::object();
    owner.set("apiVersion", "v1");
    owner.set("kind", "Endpoints");
    owner.set("name", metadata.str_or_empty("name"));
    owner.set("uid", metadata.str_or_empty("uid"));
    owner.set("controller", true);
    owner.set("blockOwnerDeletion", true);
    owner
}

fn labels(endpoints: &Value, name: &str) -> Value {
    let labels = endpoints.at(&["metadata", "labels"]).cloned();
    let mut labels = labels.unwrap_or_else(Value::object);
    labels.remove(CHANGED);
    labels.set(SERVICE_NAME, name);
    labels.set(MANAGED_BY, NAME);
    labels
}

/// The endpoints of one family, by their ports.
fn mirrored(endpoints: &Value, is_v6: bool) -> Endpoints {
    let mut found = Endpoints::new();
    for subset in endpoints.items("subsets") {
        let ports = subset.items("ports").iter().map(|port| {
            let mut mirrored = Value::object();
            mirrored.set("name", port.str_or_empty("name"));
            mirrored.set("port", port.get("port").cloned().unwrap_or_default());
            mirrored.set("protocol", port.str("protocol").unwrap_or("TCP"));
            if let Some(protocol) = port.get("appProtocol") {
                mirrored.set("appProtocol", protocol.clone());
            }
            mirrored
        });
        let ports = Value::Array(ports.collect()).to_string();
        let ready = subset
            .items("addresses")
            .iter()
            .map(|address| (address, true));
        let others = subset.items("notReadyAddresses").iter();
        let all = ready.chain(others.map(|address| (address, false)));
        for (address, is_ready) in all.take(ADDRESSES_MAX) {
            let ip = address.str_or_empty("ip");
            if ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6() == is_v6) {
                let endpoint = endpoint(address, ip, is_ready);
                found.entry(ports.clone()).or_default().push(endpoint);
            }
        }
    }
    found
}

fn endpoint(address: &Value, ip: &str, is_ready: bool) -> Value {
    let mut endpoint = Value::object();
    endpoint.set("addresses", vec![ip]);
    endpoint.child_mut("conditions").set("ready", is_ready);
    for key in ["hostname", "targetRef", "nodeName"] {
        if let Some(value) = address.get(key) {
            endpoint.set(key, value.clone());
        }
    }
    endpoint
}
