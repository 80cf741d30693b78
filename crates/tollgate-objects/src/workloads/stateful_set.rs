//! StatefulSet: numbered pods, each with claims of its own.

use super::pod::{self, Name};
use super::{Cluster, Created, Plan, UNKNOWN_SUFFIX, replicas};
use tollgate_api::{GroupResource, Value};

pub(super) fn plan(template: Option<Value>, set: &Value, _cluster: Cluster) -> Plan {
    let spec = set.get("spec");
    let set_name = pod::name_of(set);
    let start = spec
        .and_then(|spec| spec.at(&["ordinals"]))
        .and_then(|ordinals| ordinals.int("start"));
    let ordinal = start.unwrap_or(0).to_string();
    let pod_name = format!("{set_name}-{ordinal}");
    let pods = replicas(spec, "replicas", 1);

    let mut pod = pod::from_template(template, set, Name::Fixed(&pod_name));
    pod::label(&mut pod, "statefulset.kubernetes.io/pod-name", &pod_name);
    pod::label(&mut pod, "apps.kubernetes.io/pod-index", &ordinal);
    let revision = format!("{set_name}-{UNKNOWN_SUFFIX}{UNKNOWN_SUFFIX}");
    pod::label(&mut pod, "controller-revision-hash", &revision);
    let pod_spec = pod.child_mut("spec");
    pod_spec.set("hostname", pod_name);
    if let Some(service) = spec.and_then(|spec| spec.str("serviceName")) {
        pod_spec.set("subdomain", service);
    }

    let mut objects = Vec::new();
    for template in spec
        .map(|spec| spec.items("volumeClaimTemplates"))
        .unwrap_or_default()
    {
        let volume = pod::name_of(template);
        let claim_name = format!("{volume}-{set_name}-{ordinal}");
        mount(pod_spec, volume, &claim_name);
        objects.push(Created {
            resource: GroupResource::new("", "persistentvolumeclaims"),
            object: claim(template, set, &claim_name),
            count: pods,
            surge: 0,
        });
    }
    Plan {
        pod,
        pods,
        surge: 0,
        may_shrink: true,
        objects,
    }
}

/// Puts the claim's volume first, in the place of a template's volume of the same name.
fn mount(pod_spec: &mut Value, volume: &str, claim_name: &str) {
    let mut mounted = Value::object();
    mounted.set("name", volume);
    let mut source = Value::object();
    source.set("claimName", claim_name);
    mounted.set("persistentVolumeClaim", source);
    let others = pod_spec
        .items("volumes")
        .iter()
        .filter(|other| other.str("name") != Some(volume));
    let volumes = std::iter::once(mounted).chain(others.cloned()).collect();
    pod_spec.set("volumes", Value::Array(volumes));
}

fn claim(template: &Value, set: &Value, name: &str) -> Value {
    let mut claim = template.clone();
    claim.set("apiVersion", "v1");
    claim.set("kind", "PersistentVolumeClaim");
    let metadata = claim.child_mut("metadata");
    metadata.set("name", name);
    for (key, value) in set
        .at(&["spec", "selector"])
        .into_iter()
        .flat_map(|selector| selector.entries("matchLabels"))
    {
        metadata.child_mut("labels").set(key, value.clone());
    }
    if let Some(namespace) = set
        .get("metadata")
        .and_then(|metadata| metadata.str("namespace"))
    {
        metadata.set("namespace", namespace);
    }
    claim
}
