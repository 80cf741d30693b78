//! How a cluster is once all is well: everything is as it was asked for, or there is a reason that has a name.

use super::free::{could_run, room};
use super::life::FATE;
use super::mirror::{
    Mirror, condition, controller, is_dying, is_terminal, is_true, meta, phase, uid,
};
use std::collections::BTreeSet;
use tollgate_api::{Value, label_selector};

/// Workloads that keep pods, by group and resource.
pub(super) const KEEPERS: [(&str, &str); 4] = [
    ("", "replicationcontrollers"),
    ("apps", "daemonsets"),
    ("apps", "replicasets"),
    ("apps", "statefulsets"),
];

/// What has not settled.
pub(super) fn unsettled(mirror: &Mirror) -> Vec<String> {
    let mut open = Vec::new();
    lifetimes(mirror, &mut open);
    nodes(mirror, &mut open);
    pods(mirror, &mut open);
    for (group, resource) in KEEPERS {
        for (key, set) in mirror.of(group, resource, None) {
            if let Some(why) = keeper(mirror, key.namespace(), resource, set) {
                open.push(format!(
                    "{key}: {why}: {}",
                    set.get("status").unwrap_or(&Value::Null)
                ));
            }
        }
    }
    for (key, deployment) in mirror.of("apps", "deployments", None) {
        if let Some(why) = rollout(mirror, key.namespace(), deployment) {
            let status = deployment.get("status").unwrap_or(&Value::Null);
            open.push(format!("{key}: {why}: {status}"));
        }
    }
    for (key, job) in mirror.of("batch", "jobs", None) {
        if let Some(why) = run(mirror, key.namespace(), job) {
            open.push(format!("{key}: {why}: {job}"));
        }
    }
    budgets(mirror, &mut open);
    services(mirror, &mut open);
    open
}

/// What is to go has gone, and with it what it owned.
fn lifetimes(mirror: &Mirror, open: &mut Vec<String>) {
    let uids: BTreeSet<&str> = mirror
        .objects
        .values()
        .map(|seen| uid(&seen.object))
        .collect();
    for (key, seen) in &mirror.objects {
        let object = &*seen.object;
        let metadata = object.get("metadata").unwrap_or(&Value::Null);
        let is_used = key.resource() == "persistentvolumeclaims" && is_mounted(mirror, object);
        if is_dying(object) && !is_used {
            open.push(format!("{key} is still there: {metadata}"));
        }
        let owners = metadata.items("ownerReferences");
        let has_owner = owners
            .iter()
            .any(|owner| uids.contains(owner.str_or_empty("uid")));
        if !owners.is_empty() && !has_owner {
            open.push(format!("{key} has lost its owner: {metadata}"));
        }
        if key.resource() == "persistentvolumes" {
            let claim = object
                .at(&["spec", "claimRef", "uid"])
                .and_then(Value::as_str);
            if claim.is_some_and(|claim| !uids.contains(claim)) {
                open.push(format!("{key} has lost its claim"));
            }
        }
        let namespace = key.namespace();
        if !namespace.is_empty()
            && !matches!(key.resource(), "events" | "leases")
            && mirror.get("", "namespaces", "", namespace).is_none()
        {
            open.push(format!("{key} has lost its namespace"));
        }
    }
    for (key, _) in mirror.of("", "namespaces", None) {
        let name = key.name();
        let has = |resource, object| mirror.get("", resource, name, object).is_some();
        if !has("serviceaccounts", "default") || !has("configmaps", "kube-root-ca.crt") {
            open.push(format!("namespace {name} lacks what every namespace has"));
        }
    }
}

fn is_mounted(mirror: &Mirror, claim: &Value) -> bool {
    let mut pods = mirror.of("", "pods", Some(meta(claim, "namespace")));
    pods.any(|(_, pod)| {
        let volumes = pod
            .get("spec")
            .map_or(&[][..], |spec| spec.items("volumes"));
        volumes.iter().any(|volume| {
            let name = volume.at(&["persistentVolumeClaim", "claimName"]);
            name.and_then(Value::as_str) == Some(meta(claim, "name"))
        })
    })
}

fn nodes(mirror: &Mirror, open: &mut Vec<String>) {
    for (key, node) in mirror.of("", "nodes", None) {
        let spec = node.get("spec").unwrap_or(&Value::Null);
        if !is_true(node, "Ready") || !spec.items("taints").is_empty() {
            open.push(format!(
                "{key} is not as new: {spec} {:?}",
                condition(node, "Ready")
            ));
        }
    }
}

/// Why a pod is not ready, if there is a reason in itself or in the cluster.
fn is_excused(pod: &Value) -> bool {
    let fate = pod
        .at(&["metadata", "annotations", FATE])
        .and_then(Value::as_str);
    let waits = condition(pod, "PodScheduled").and_then(|found| found.str("reason"));
    matches!(fate, Some("crashes" | "never-ready" | "no-image" | "sick"))
        || waits == Some("Unschedulable")
}

fn pods(mirror: &Mirror, open: &mut Vec<String>) {
    let free = room(mirror);
    for (key, pod) in mirror.of("", "pods", None) {
        let is_assigned = pod.at(&["spec", "nodeName"]).is_some();
        if is_terminal(pod) || is_dying(pod) {
            continue;
        }
        if is_assigned {
            if !is_true(pod, "Ready") && !is_excused(pod) && !ends(pod) {
                open.push(format!("{key} is {} and not ready", phase(pod)));
            }
            continue;
        }
        if !is_excused(pod) {
            open.push(format!("{key} has neither a node nor a reason"));
        }
        if let Some(node) = could_run(mirror, pod, &free) {
            open.push(format!("{key} could run on {node}"));
        }
    }
}

/// Whether a pod runs to an end.
fn ends(pod: &Value) -> bool {
    pod.at(&["spec", "restartPolicy"]).and_then(Value::as_str) != Some("Always")
}

/// The pods of a controller that have not ended.
pub(super) fn pods_of<'m>(mirror: &'m Mirror, namespace: &str, owner: &str) -> Vec<&'m Value> {
    let pods = mirror.of("", "pods", Some(namespace));
    let owned = pods.filter(|(_, pod)| {
        controller(pod).is_some_and(|found| found.str("uid") == Some(owner)) && !is_terminal(pod)
    });
    owned.map(|(_, pod)| pod).collect()
}

pub(super) fn status(object: &Value, field: &str) -> i64 {
    object
        .get("status")
        .and_then(|status| status.int(field))
        .unwrap_or(0)
}

pub(super) fn replicas(object: &Value) -> i64 {
    object
        .get("spec")
        .and_then(|spec| spec.int("replicas"))
        .unwrap_or(1)
}

fn is_observed(object: &Value) -> bool {
    let generation = object
        .get("metadata")
        .and_then(|metadata| metadata.int("generation"));
    status(object, "observedGeneration") >= generation.unwrap_or(0)
}

/// Why a workload that keeps pods has not settled.
fn keeper(mirror: &Mirror, namespace: &str, resource: &str, set: &Value) -> Option<String> {
    if !is_observed(set) {
        return Some("has not been observed".to_owned());
    }
    let wanted = if resource == "daemonsets" {
        status(set, "desiredNumberScheduled")
    } else {
        replicas(set)
    };
    let pods = pods_of(mirror, namespace, uid(set));
    let there = i64::try_from(pods.len()).unwrap_or(i64::MAX);
    let is_stuck = pods.iter().any(|pod| is_excused(pod));
    // A pod that is to take the place of another may wait for room beside it.
    let surge = set.at(&["spec", "updateStrategy", "rollingUpdate", "maxSurge"]);
    let surges = is_stuck && surge.and_then(Value::as_i64).is_some_and(|surge| surge > 0);
    if there > wanted && !surges {
        return Some(format!("has {there} pods and wants {wanted}"));
    }
    if resource == "statefulsets" && status(set, "availableReplicas") < status(set, "readyReplicas")
    {
        return Some("waits for pods that have not been ready for long".to_owned());
    }
    if there < wanted {
        // Whether it is true that it may not make more is asked at the end. An ordered set waits for its first pods.
        let is_told =
            matches!(resource, "daemonsets" | "statefulsets") || is_true(set, "ReplicaFailure");
        return (!is_told && !is_stuck)
            .then(|| format!("has {there} pods, wants {wanted} and says not why"));
    }
    let ready = if resource == "daemonsets" {
        status(set, "numberReady")
    } else {
        status(set, "readyReplicas")
    };
    if ready != wanted && !is_stuck {
        return Some(format!("has {ready} pods ready and wants {wanted}"));
    }
    let truly = pods.iter().filter(|pod| is_true(pod, "Ready")).count();
    if i64::try_from(truly) != Ok(ready) {
        return Some(format!("says {ready} pods are ready, {truly} are"));
    }
    if is_true(set, "ReplicaFailure") {
        return Some("has all its pods and says it failed to make some".to_owned());
    }
    None
}

/// Why a Deployment has not settled.
fn rollout(mirror: &Mirror, namespace: &str, deployment: &Value) -> Option<String> {
    let is_refused = is_true(deployment, "ReplicaFailure")
        || condition(deployment, "Progressing")
            .is_some_and(|found| found.str("reason") == Some("ReplicaSetCreateError"));
    // Upstream, too, does not say that it has seen a Deployment whose ReplicaSet it may not make.
    if !is_observed(deployment) && !is_refused {
        return Some("has not been observed".to_owned());
    }
    let wanted = replicas(deployment);
    let is = |field: &str| status(deployment, field) == wanted;
    if is("replicas") && is("updatedReplicas") && is("availableReplicas") {
        return None;
    }
    let is_paused = deployment.at(&["spec", "paused"]).and_then(Value::as_bool) == Some(true);
    let sets = mirror.of("apps", "replicasets", Some(namespace));
    let mut sets = sets.filter(|(_, set)| {
        controller(set).is_some_and(|owner| owner.str("uid") == Some(uid(deployment)))
    });
    let is_stuck = sets.any(|(_, set)| {
        let pods = pods_of(mirror, namespace, uid(set));
        is_true(set, "ReplicaFailure") || pods.iter().any(|pod| is_excused(pod))
    });
    (!is_paused && !is_stuck && !is_refused).then(|| "is neither complete nor blocked".to_owned())
}

/// Why a Job has not come to its end.
fn run(mirror: &Mirror, namespace: &str, job: &Value) -> Option<String> {
    let is_suspended = job.at(&["spec", "suspend"]).and_then(Value::as_bool) == Some(true);
    if is_true(job, "Complete") || is_true(job, "Failed") {
        let ttl = job
            .get("spec")
            .and_then(|spec| spec.int("ttlSecondsAfterFinished"));
        return ttl.map(|_| "has outlived itself".to_owned());
    }
    let pods = pods_of(mirror, namespace, uid(job));
    // Without pods it may not make any; whether that is true is asked at the end.
    let is_stuck = pods.is_empty() || pods.iter().any(|pod| is_excused(pod));
    (!is_suspended && !is_stuck).then(|| "does not end".to_owned())
}

fn budgets(mirror: &Mirror, open: &mut Vec<String>) {
    for (key, budget) in mirror.of("policy", "poddisruptionbudgets", None) {
        // It counts nothing if a pod has an owner that cannot be scaled.
        let told = condition(budget, "DisruptionAllowed").and_then(|found| found.str("reason"));
        if told == Some("SyncFailed") {
            continue;
        }
        let selector = budget.at(&["spec", "selector"]).unwrap_or(&Value::Null);
        let pods = mirror.of("", "pods", Some(key.namespace()));
        let healthy = pods.filter(|(_, pod)| {
            let labels = pod.at(&["metadata", "labels"]).unwrap_or(&Value::Null);
            label_selector::matches(selector, labels) && is_true(pod, "Ready") && !is_dying(pod)
        });
        let healthy = i64::try_from(healthy.count()).unwrap_or(i64::MAX);
        if !is_observed(budget) || status(budget, "currentHealthy") != healthy {
            let status = budget.get("status").unwrap_or(&Value::Null);
            open.push(format!(
                "{key} does not know of {healthy} healthy pods: {status}"
            ));
        }
    }
}

fn services(mirror: &Mirror, open: &mut Vec<String>) {
    for (key, service) in mirror.of("", "services", None) {
        let Some(selector) = service.at(&["spec", "selector"]).and_then(Value::as_object) else {
            continue;
        };
        let pods = mirror.of("", "pods", Some(key.namespace()));
        let ready = pods.filter(|(_, pod)| {
            let labels = pod.at(&["metadata", "labels"]);
            let is_selected = selector
                .iter()
                .all(|(name, value)| labels.and_then(|labels| labels.get(name)) == Some(value));
            is_selected && is_true(pod, "Ready") && !is_dying(pod) && !is_terminal(pod)
        });
        let ready: BTreeSet<&str> = ready
            .filter_map(|(_, pod)| pod.get("status")?.str("podIP"))
            .collect();
        let slices = mirror.of("discovery.k8s.io", "endpointslices", Some(key.namespace()));
        let slices = slices.filter(|(_, slice)| {
            slice
                .at(&["metadata", "labels", "kubernetes.io/service-name"])
                .and_then(Value::as_str)
                == Some(key.name())
        });
        let endpoints = slices.flat_map(|(_, slice)| slice.items("endpoints"));
        let told: BTreeSet<&str> = endpoints
            .filter(|endpoint| {
                endpoint
                    .at(&["conditions", "ready"])
                    .and_then(Value::as_bool)
                    == Some(true)
            })
            .flat_map(|endpoint| endpoint.items("addresses"))
            .filter_map(Value::as_str)
            .collect();
        if ready != told {
            open.push(format!("{key}: {ready:?} are ready, slices tell {told:?}"));
        }
    }
}
