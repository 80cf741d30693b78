//! endpointslice-controller: the endpoints of services, in slices of at most a hundred.
//!
//! Upstream: `pkg/controller/endpointslice` and `k8s.io/endpointslice`

pub mod mirroring;
mod plan;
mod slices;

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::{Cache, Cached, PodState};
use crate::gathering::Gathering;
use crate::resources::{ENDPOINT_SLICES, NODES, PODS, SERVICES};
use crate::service_pods::{self, HEADLESS, Selectors};
use slices::{Common, Endpoints, MANAGED_BY, SERVICE_NAME};
use std::sync::Arc;
use tollgate_api::client::{Identity, Pending};
use tollgate_api::{Status, Value};

const NAME: &str = "endpointslice-controller.k8s.io";
const ZONE: &str = "topology.kubernetes.io/zone";

/// The controller.
#[derive(Debug, Default)]
pub struct EndpointSliceController {
    selectors: Selectors,
}

impl Controller for EndpointSliceController {
    fn name(&self) -> &'static str {
        "endpointslice-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("endpointslice-controller")
    }

    fn component(&self) -> &'static str {
        "endpoint-slice-controller"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&SERVICES, &PODS, &NODES, &ENDPOINT_SLICES])
    }

    fn concerns(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        if change.is_of(&SERVICES) {
            self.selectors.service_changed(change, queue);
        } else if change.is_of(&PODS) {
            let queue = &mut Gathering::of(change, cache, queue);
            self.selectors.pod_changed(change, queue);
        } else if change.is_of(&ENDPOINT_SLICES)
            && let Some(slice) = change.object()
            && slice.meta.labels.str(MANAGED_BY) == Some(NAME)
            && let Some(service) = slice.meta.labels.str(SERVICE_NAME)
        {
            queue.add(Key::new(&slice.meta.namespace, service));
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(bring(context, key))
    }
}

async fn bring(context: &Context, key: &Key) -> Outcome {
    let Some(service) = service_pods::selecting(&context.cache, key)? else {
        return Ok(Requeue::No);
    };
    let known = slices::known(context, &key.namespace, &key.name, NAME);
    let known: Result<Vec<Value>, Status> = known.iter().map(|slice| slice.object()).collect();
    let known = known?;
    let pods = service_pods::behind(&context.cache, &service, true);
    let families = families(&service);
    for family in &families {
        let mine: Vec<Value> = known
            .iter()
            .filter(|slice| slice.str("addressType") == Some(family))
            .cloned()
            .collect();
        let wanted = endpoints(context, &service, &pods, family == "IPv6")?;
        let common = Common {
            namespace: &key.namespace,
            owner: owner(&service),
            name: &key.name,
            labels: labels(&service, &key.name),
            address_type: family,
        };
        slices::bring(context, &common, &mine, &wanted).await?;
    }
    let others = known.iter().filter(|slice| {
        let family = slice.str_or_empty("addressType");
        families.iter().all(|known| known != family)
    });
    slices::remove(context, &key.namespace, others).await?;
    Ok(Requeue::No)
}

fn families(service: &Value) -> Vec<String> {
    let spec = service.get("spec").unwrap_or(&Value::Null);
    let families = spec.items("ipFamilies").iter().filter_map(Value::as_str);
    let families: Vec<String> = families.map(str::to_owned).collect();
    if families.is_empty() {
        return vec!["IPv4".to_owned()];
    }
    families
}

fn owner(service: &Value) -> Value {
    let metadata = service.get("metadata").unwrap_or(&Value::Null);
    let mut owner = Value::object();
    owner.set("apiVersion", "v1");
    owner.set("kind", "Service");
    owner.set("name", metadata.str_or_empty("name"));
    owner.set("uid", metadata.str_or_empty("uid"));
    owner.set("controller", true);
    owner.set("blockOwnerDeletion", true);
    owner
}

fn labels(service: &Value, name: &str) -> Value {
    let labels = service.at(&["metadata", "labels"]).cloned();
    let mut labels = labels.unwrap_or_else(Value::object);
    if service_pods::is_headless(service) {
        labels.set(HEADLESS, "");
    } else {
        labels.remove(HEADLESS);
    }
    labels.set(SERVICE_NAME, name);
    labels.set(MANAGED_BY, NAME);
    labels
}

/// The endpoints of the pods of a service in one family, by their ports.
fn endpoints(
    context: &Context,
    service: &Value,
    pods: &[Arc<Cached>],
    is_v6: bool,
) -> Result<Endpoints, Status> {
    let publishes_all = service_pods::publishes_all(service);
    let mut found = Endpoints::new();
    for pod in pods {
        let Some(address) = service_pods::address(pod, is_v6)? else {
            continue;
        };
        let state = pod.pod.as_deref();
        let is_serving = state.is_some_and(PodState::is_ready);
        let is_ending = pod.meta.deleted.is_some();
        let mut endpoint = Value::object();
        endpoint.set("addresses", vec![address]);
        let conditions = endpoint.child_mut("conditions");
        conditions.set("ready", publishes_all || is_serving && !is_ending);
        conditions.set("serving", is_serving);
        conditions.set("terminating", is_ending);
        if let Some(hostname) = service_pods::hostname(service, pod)? {
            endpoint.set("hostname", hostname);
        }
        endpoint.set("targetRef", service_pods::reference(pod));
        if let Some(state) = state.filter(|state| !state.node.is_empty()) {
            endpoint.set("nodeName", state.node.clone());
            let node = context.cache.get(&NODES, "", &state.node);
            let zone = node.as_ref().and_then(|node| node.meta.labels.str(ZONE));
            if let Some(zone) = zone {
                endpoint.set("zone", zone);
            }
        }
        let ports = Value::Array(service_pods::ports(service, pod, true)?).to_string();
        found.entry(ports).or_default().push(endpoint);
    }
    Ok(found)
}
