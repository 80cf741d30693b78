//! Workloads: their names, which become names of pods, and the templates of the pods.

use super::{Subject, storage};
use crate::validation::pod_warnings;
use tollgate_api::field::Path;
use tollgate_api::go_format::list;
use tollgate_api::{Value, names};

/// Those whose names become hostnames. A StatefulSet with such a name is refused, a DaemonSet's is not looked at.
const NAMED: [&str; 5] = [
    "CronJob",
    "Deployment",
    "Job",
    "ReplicaSet",
    "ReplicationController",
];
/// More of both than the controller can keep track of.
const COMPLETIONS_MAX: i64 = 100_000;
const PARALLELISM_MAX: i64 = 10_000;

fn name(subject: &Subject<'_>, warnings: &mut Vec<String>) {
    if subject.old.is_some() || !NAMED.contains(&subject.kind) {
        return;
    }
    let metadata = subject.object.get("metadata");
    let name = metadata.map_or("", |metadata| metadata.str_or_empty("name"));
    let messages = names::dns1123_label(name);
    if !messages.is_empty() {
        warnings.push(format!(
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: {}",
            list(&messages)
        ));
    }
}

fn template(owner: &Value, path: &Path<'_>, warnings: &mut Vec<String>) {
    if let Some(template) = owner.get("template") {
        let path = path.child("template");
        warnings.extend(pod_warnings::of_template(template, &path));
    }
}

/// A workload whose template stands in its spec; that of a PodTemplate is all there is.
pub(super) fn collect(subject: &Subject<'_>, warnings: &mut Vec<String>) {
    name(subject, warnings);
    if !subject.is_renewed() {
        return;
    }
    if subject.kind == "PodTemplate" {
        template(subject.object, &Path::root(""), warnings);
    } else if let Some(spec) = subject.object.get("spec") {
        template(spec, &Path::root("spec"), warnings);
    }
}

pub(super) fn stateful_set(subject: &Subject<'_>, warnings: &mut Vec<String>) {
    collect(subject, warnings);
    let Some(spec) = subject.object.get("spec") else {
        return;
    };
    let path = Path::root("spec.volumeClaimTemplates");
    for (index, claim) in spec.items("volumeClaimTemplates").iter().enumerate() {
        let (path, claim) = (path.index(index), claim.get("spec"));
        let claim = claim.unwrap_or(&Value::Null);
        // Neither is where the claim's spec stands; both are what upstream says.
        if subject.old.is_none() {
            storage::claim_spec(claim, &path, warnings);
        } else {
            storage::claim_spec(claim, &path.child("Spec"), warnings);
        }
    }
    let keeps_all = spec
        .int("revisionHistoryLimit")
        .is_some_and(|limit| limit < 0);
    if keeps_all && subject.is_since(33) {
        let why = "a negative value retains all historical revisions; a value >= 0 is recommended";
        warnings.push(format!("spec.revisionHistoryLimit: {why}"));
    }
}

/// `WarningsForJobSpec`
fn job_spec(spec: &Value, path: &Path<'_>, warnings: &mut Vec<String>) {
    let exceeds = |field: &str, most: i64| spec.int(field).is_some_and(|count| count > most);
    if spec.str("completionMode") == Some("Indexed")
        && exceeds("completions", COMPLETIONS_MAX)
        && exceeds("parallelism", PARALLELISM_MAX)
    {
        warnings.push(format!(
            "{path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail"
        ));
    }
    template(spec, path, warnings);
}

pub(super) fn job(subject: &Subject<'_>, warnings: &mut Vec<String>) {
    name(subject, warnings);
    if let Some(spec) = subject.object.get("spec").filter(|_| subject.is_renewed()) {
        job_spec(spec, &Path::root("spec"), warnings);
    }
}

pub(super) fn cron_job(subject: &Subject<'_>, warnings: &mut Vec<String>) {
    name(subject, warnings);
    let Some(spec) = subject.object.get("spec") else {
        return;
    };
    let job = spec.at(&["jobTemplate", "spec"]);
    if let Some(job) = job.filter(|_| subject.is_renewed()) {
        job_spec(job, &Path::root("spec.jobTemplate.spec"), warnings);
    }
    // A new one is refused.
    if subject.old.is_some() && spec.str_or_empty("schedule").contains("TZ") {
        // The path is upstream's.
        warnings.push(
            "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details".to_owned(),
        );
    }
}
