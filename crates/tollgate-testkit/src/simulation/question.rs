//! Whether what was refused would be refused still: a pod is asked for, in place of those that are not there.

use super::mirror::{Mirror, is_true, uid};
use super::outcome::{KEEPERS, pods_of, replicas, status};
use crate::cluster::Cluster;
use tollgate_api::Value;
use tollgate_api::client::{Deletion, Target};
use tollgate_controllers::resources::PODS;

/// Workloads that lack pods though a pod of theirs would be let in.
pub(super) fn untrue_refusals(cluster: &Cluster, mirror: &Mirror) -> Vec<String> {
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
            // An ordered set waits for a pod that is not ready.
            let waits = resource == "statefulsets" && pods.iter().any(|pod| !is_true(pod, "Ready"));
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
            lies.push(format!("{key} lacks pods that would be let in: {set}"));
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
