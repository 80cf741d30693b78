//! endpoints-controller: one Endpoints object for each service that selects pods.
//!
//! Upstream: `pkg/controller/endpoint`

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::{Cache, Cached, PodState};
use crate::gathering::Gathering;
use crate::gone;
use crate::namespaces;
use crate::resources::{ENDPOINTS, PODS, SERVICES};
use crate::service_pods::{self, HEADLESS, Selectors};
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_api::client::{Deletion, Identity, Pending};
use tollgate_api::status::Reason;
use tollgate_api::{Status, Value};

const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
const NAME: &str = "endpoint-controller";
/// Set where not all addresses have room.
const OVER_CAPACITY: &str = "endpoints.kubernetes.io/over-capacity";
/// How many addresses an object holds.
const ADDRESSES_MAX: usize = 1000;

/// The controller.
#[derive(Debug, Default)]
pub struct EndpointsController {
    selectors: Selectors,
}

impl Controller for EndpointsController {
    fn name(&self) -> &'static str {
        "endpoints-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller(NAME)
    }

    fn component(&self) -> &'static str {
        NAME
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&SERVICES, &PODS, &ENDPOINTS])
    }

    fn concerns(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        if change.is_of(&SERVICES) {
            self.selectors.service_changed(change, queue);
        } else if change.is_of(&PODS) {
            let queue = &mut Gathering::of(change, cache, queue);
            self.selectors.pod_changed(change, queue);
        } else if let Some(endpoints) = change.object() {
            queue.add(Key::of(endpoints));
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(bring(context, key))
    }
}

async fn bring(context: &Context, key: &Key) -> Outcome {
    let known = context.cache.get(&ENDPOINTS, &key.namespace, &key.name);
    if context
        .cache
        .get(&SERVICES, &key.namespace, &key.name)
        .is_none()
    {
        return remove(context, key, known.as_deref()).await;
    }
    let Some(service) = service_pods::selecting(&context.cache, key)? else {
        return Ok(Requeue::No);
    };
    let publishes_all = service_pods::publishes_all(&service);
    let pods = service_pods::behind(&context.cache, &service, publishes_all);
    let (subsets, is_whole) = subsets(&service, &pods)?;
    let old = known.map(|known| known.object()).transpose()?;
    let is_new = old.is_none();
    let wanted = wanted(old.as_ref(), &service, subsets, is_whole);
    if old.is_some_and(|old| old == wanted) {
        return Ok(Requeue::No);
    }
    let written = if is_new {
        context.create(&ENDPOINTS, &key.namespace, wanted).await
    } else {
        context.update(&ENDPOINTS, "", wanted).await
    };
    match written {
        Err(status) if status.reason == Reason::AlreadyExists => Ok(Requeue::Backoff),
        Err(status) => namespaces::unless_it_ends(status),
        Ok(_) => Ok(Requeue::No),
    }
}

/// Endpoints that this controller made go with their service.
async fn remove(context: &Context, key: &Key, known: Option<&Cached>) -> Outcome {
    let is_ours = |known: &&Cached| known.meta.labels.str(MANAGED_BY) == Some(NAME);
    let Some(known) = known.filter(is_ours) else {
        return Ok(Requeue::No);
    };
    let deletion = Deletion {
        uid: Some(known.meta.uid.clone()),
        ..Deletion::default()
    };
    let deleted = context.delete(&ENDPOINTS, &key.namespace, &key.name, deletion);
    gone::outcome(deleted.await)
}

/// The addresses of pods, put together by the ports that they have; and whether all have room.
fn subsets(service: &Value, pods: &[Arc<Cached>]) -> Result<(Vec<Value>, bool), Status> {
    let publishes_all = service_pods::publishes_all(service);
    let family = service
        .at(&["spec", "ipFamilies"])
        .and_then(Value::as_array);
    let is_v6 = family
        .and_then(|family| family.first())
        .and_then(Value::as_str)
        == Some("IPv6");
    let has_ports = service
        .get("spec")
        .is_some_and(|spec| !spec.items("ports").is_empty());
    let mut groups: BTreeMap<String, (Vec<Value>, [Vec<Value>; 2])> = BTreeMap::new();
    let mut count = 0_usize;
    for pod in pods {
        let ports = service_pods::ports(service, pod, false)?;
        let Some(ip) = service_pods::address(pod, is_v6)? else {
            continue;
        };
        if ports.is_empty() && has_ports {
            continue;
        }
        count = count.saturating_add(1);
        if count > ADDRESSES_MAX {
            continue;
        }
        let mut address = Value::object();
        address.set("ip", ip);
        if let Some(hostname) = service_pods::hostname(service, pod)? {
            address.set("hostname", hostname);
        }
        let state = pod.pod.as_deref();
        if let Some(state) = state.filter(|state| !state.node.is_empty()) {
            address.set("nodeName", state.node.clone());
        }
        address.set("targetRef", service_pods::reference(pod));
        let is_ready = publishes_all || state.is_some_and(PodState::is_ready);
        let name = Value::Array(ports.clone()).to_string();
        let (_, [ready, not_ready]) = groups
            .entry(name)
            .or_insert_with(|| (ports, [Vec::new(), Vec::new()]));
        if is_ready { ready } else { not_ready }.push(address);
    }
    let subsets = groups.into_values().map(|(ports, [ready, not_ready])| {
        let mut subset = Value::object();
        for (key, mut addresses) in [("addresses", ready), ("notReadyAddresses", not_ready)] {
            addresses.sort_by(|a, b| a.str("ip").cmp(&b.str("ip")));
            if !addresses.is_empty() {
                subset.set(key, Value::Array(addresses));
            }
        }
        if !ports.is_empty() {
            subset.set("ports", Value::Array(ports));
        }
        subset
    });
    Ok((subsets.collect(), count <= ADDRESSES_MAX))
}

fn wanted(old: Option<&Value>, service: &Value, subsets: Vec<Value>, is_whole: bool) -> Value {
    let mut wanted = old.cloned().unwrap_or_default();
    if wanted.is_null() {
        wanted = Value::object();
        wanted.set("apiVersion", "v1");
        wanted.set("kind", "Endpoints");
        let name = service.at(&["metadata", "name"]).cloned();
        wanted
            .child_mut("metadata")
            .set("name", name.unwrap_or_default());
    }
    let labels = service.at(&["metadata", "labels"]).cloned();
    let mut labels = labels.unwrap_or_else(Value::object);
    labels.set(MANAGED_BY, NAME);
    if service_pods::is_headless(service) {
        labels.set(HEADLESS, "");
    } else {
        labels.remove(HEADLESS);
    }
    let metadata = wanted.child_mut("metadata");
    metadata.set("labels", labels);
    if !is_whole {
        metadata
            .child_mut("annotations")
            .set(OVER_CAPACITY, "truncated");
    } else if let Some(annotations) = metadata.get_mut("annotations") {
        annotations.remove(OVER_CAPACITY);
    }
    if subsets.is_empty() {
        wanted.remove("subsets");
    } else {
        wanted.set("subsets", Value::Array(subsets));
    }
    wanted
}
