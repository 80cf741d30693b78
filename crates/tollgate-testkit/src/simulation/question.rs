//! Whether what was refused would be refused still: a pod is asked for, in place of those that are not there.

use super::laws::milli;
use super::mirror::{Mirror, controller, is_true, meta, uid};
use super::outcome::{KEEPERS, pods_of, replicas, status};
use crate::cluster::Cluster;
use tollgate_api::Value;
use tollgate_api::client::{Deletion, Target};
use tollgate_controllers::resources::PODS;

/// Whether a pod that a StatefulSet does not control has a name that it needs.
fn is_name_taken(mirror: &Mirror, namespace: &str, set: &Value) -> bool {
    let start = set.at(&["spec", "ordinals", "start"]);
    let start = start.and_then(Value::as_i64).unwrap_or(0);
    (start..start + replicas(set)).any(|ordinal| {
        let name = format!("{}-{ordinal}", meta(set, "name"));
        let pod = mirror.get("", "pods", namespace, &name);
        pod.is_some_and(|pod| {
            controller(pod).is_none_or(|owner| owner.str("uid") != Some(uid(set)))
        })
    })
}

/// Whether a quota keeps a StatefulSet from making one more of each of its claims, without which it makes no pod.
fn lacks_claims(mirror: &Mirror, namespace: &str, set: &Value) -> bool {
    let templates = set
        .get("spec")
        .map_or(&[][..], |spec| spec.items("volumeClaimTemplates"));
    let storage = templates.iter().filter_map(|template| {
        let asked = template.at(&["spec", "resources", "requests", "storage"])?;
        Some(milli(asked))
    });
    let storage: i64 = storage.sum();
    let claims = i64::try_from(templates.len()).unwrap_or(i64::MAX) * 1000;
    mirror
        .of("", "resourcequotas", Some(namespace))
        .any(|(_, quota)| {
            let of = |list, key| quota.at(&["status", list, key]).map(milli);
            let is_full = |key, more: i64| {
                let (hard, used) = (of("hard", key), of("used", key));
                more > 0 && hard.is_some_and(|hard| used.unwrap_or(0) + more > hard)
            };
            is_full("persistentvolumeclaims", claims) || is_full("requests.storage", storage)
        })
}

/// A workload that lacks pods though one of its would be let in.
#[derive(Debug)]
pub(super) struct Lie {
    pub(super) text: String,
    /// Whether it may only be waiting: a Job tries again later, the more of its pods have failed.
    pub(super) may_wait: bool,
}

/// Workloads that lack pods though a pod of theirs would be let in.
pub(super) fn untrue_refusals(cluster: &Cluster, mirror: &Mirror) -> Vec<Lie> {
    let mut lies = Vec::new();
    let jobs = mirror.of("batch", "jobs", None).filter(|(_, job)| {
        let is_suspended = job.at(&["spec", "suspend"]).and_then(Value::as_bool) == Some(true);
        !is_true(job, "Complete") && !is_true(job, "Failed") && !is_suspended
    });
    let mut lacking: Vec<(String, String, &Value)> = jobs
        .filter(|(key, job)| pods_of(mirror, key.namespace(), uid(job)).is_empty())
        .map(|(key, job)| (key.to_string(), key.namespace().to_owned(), job))
        .collect();
    for (group, resource) in KEEPERS {
        for (key, set) in mirror.of(group, resource, None) {
            let pods = pods_of(mirror, key.namespace(), uid(set));
            let wanted = if resource == "daemonsets" {
                status(set, "desiredNumberScheduled")
            } else {
                replicas(set)
            };
            // An ordered set waits for a pod that is not ready, any set for a name that somebody else has.
            let is_unready = pods.iter().any(|pod| !is_true(pod, "Ready"));
            let waits = resource == "statefulsets"
                && (is_unready
                    || is_name_taken(mirror, key.namespace(), set)
                    || lacks_claims(mirror, key.namespace(), set));
            if i64::try_from(pods.len()).is_ok_and(|there| there < wanted) && !waits {
                lacking.push((key.to_string(), key.namespace().to_owned(), set));
            }
        }
    }
    for (key, namespace, set) in lacking {
        let template = set.at(&["spec", "template"]).unwrap_or(&Value::Null);
        let mut pod = template.clone();
        let metadata = pod.child_mut("metadata");
        metadata.set("name", "question");
        metadata.remove("labels");
        if cluster.create(&PODS, &namespace, &pod.to_string()).is_ok() {
            lies.push(Lie {
                text: format!("{key} lacks pods that would be let in: {set}"),
                may_wait: key.starts_with("batch/jobs/") && status(set, "failed") > 0,
            });
            let deletion = Deletion {
                grace_period_seconds: Some(0),
                ..Deletion::default()
            };
            let target = Target::object(&PODS, &namespace, "question");
            cluster
                .delete(target, deletion)
                .expect("a pod can be deleted");
        }
    }
    lies
}
