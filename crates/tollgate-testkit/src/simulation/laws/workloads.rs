//! Controllers make no more than they were told to.
//!
//! A controller works on what it knows, which may be old: it may go by a number that has been lowered since. So what
//! counts is the highest number that an object ever had. And who never hears that something was made may make it again:
//! for each lost answer, one more is let pass.

use super::{Circumstances, Law};
use crate::simulation::mirror::{Change, Mirror, controller, is_dying, is_terminal, is_true, uid};
use std::collections::BTreeMap;
use tollgate_api::Value;

fn number(object: &Value, field: &str, default: i64) -> i64 {
    let spec = object.get("spec");
    spec.and_then(|spec| spec.int(field)).unwrap_or(default)
}

fn bound(count: i64, lost: u64) -> i64 {
    count.saturating_add(i64::try_from(lost).unwrap_or(i64::MAX))
}

/// The highest number that each object ever had, by its unique id.
#[derive(Debug, Default)]
struct Highest(BTreeMap<String, i64>);

impl Highest {
    fn note(&mut self, object: &Value, number: i64) {
        let highest = self.0.entry(uid(object).to_owned()).or_insert(number);
        *highest = number.max(*highest);
    }

    fn of(&self, uid: &str) -> Option<i64> {
        self.0.get(uid).copied()
    }
}

/// How many pods of a controller are active.
fn active(mirror: &Mirror, namespace: &str, owner: &str) -> i64 {
    let pods = mirror.of("", "pods", Some(namespace));
    let active = pods.filter(|(_, pod)| {
        let is_owned = controller(pod).is_some_and(|found| found.str("uid") == Some(owner));
        is_owned && !is_dying(pod) && !is_terminal(pod)
    });
    i64::try_from(active.count()).unwrap_or(i64::MAX)
}

/// Sets and Jobs make no more pods than they were told to.
#[derive(Debug, Default)]
pub(super) struct Sets {
    highest: Highest,
}

impl Law for Sets {
    fn judge(
        &mut self,
        mirror: &Mirror,
        changes: &[Change],
        circumstances: Circumstances<'_>,
    ) -> Result<(), String> {
        for change in changes {
            let field = match change.key.resource() {
                "replicasets" | "replicationcontrollers" | "statefulsets" => "replicas",
                "jobs" => "parallelism",
                _ => "",
            };
            if let Some(object) = change.new.as_deref().filter(|_| !field.is_empty()) {
                self.highest.note(object, number(object, field, 1));
            }
            let Some(pod) = change.created().filter(|_| change.is_of("", "pods")) else {
                continue;
            };
            let Some(owner) = controller(pod) else {
                continue;
            };
            let owner = owner.str_or_empty("uid");
            let Some(highest) = self.highest.of(owner) else {
                continue;
            };
            let active = active(mirror, change.key.namespace(), owner);
            if active > bound(highest, circumstances.lost) {
                let pod = &change.key;
                return Err(format!(
                    "{pod} is one of {active} where {highest} were wanted"
                ));
            }
        }
        Ok(())
    }
}

/// Deployments ask for no more pods at once than their surge allows.
#[derive(Debug, Default)]
pub(super) struct Rollouts {
    highest: Highest,
}

/// The pods that a Deployment may have at once.
fn peak(deployment: &Value) -> i64 {
    let replicas = number(deployment, "replicas", 1);
    let surge = deployment.at(&["spec", "strategy", "rollingUpdate", "maxSurge"]);
    let surge = match surge {
        Some(Value::String(percent)) => {
            let percent = percent.trim_end_matches('%').parse().unwrap_or(0_i64);
            (replicas * percent + 99) / 100
        }
        Some(number) => number.as_i64().unwrap_or(0),
        None => 0,
    };
    // Neither may be nothing: then one pod more is let in.
    replicas + surge.max(1)
}

impl Law for Rollouts {
    fn judge(
        &mut self,
        mirror: &Mirror,
        changes: &[Change],
        circumstances: Circumstances<'_>,
    ) -> Result<(), String> {
        for change in changes {
            if change.is_of("apps", "deployments")
                && let Some(deployment) = change.new.as_deref()
            {
                self.highest.note(deployment, peak(deployment));
            }
            let Some((old, new)) = change
                .both()
                .filter(|_| change.is_of("apps", "replicasets"))
            else {
                continue;
            };
            let Some(owner) = controller(new) else {
                continue;
            };
            let owner = owner.str_or_empty("uid");
            let Some(highest) = self.highest.of(owner) else {
                continue;
            };
            if number(new, "replicas", 1) <= number(old, "replicas", 1) {
                continue;
            }
            let sets = mirror.of("apps", "replicasets", Some(change.key.namespace()));
            let owned = sets.filter(|(_, set)| {
                controller(set).is_some_and(|found| found.str("uid") == Some(owner))
            });
            let sum: i64 = owned.map(|(_, set)| number(set, "replicas", 1)).sum();
            if sum > bound(highest, circumstances.lost) {
                let set = &change.key;
                return Err(format!(
                    "{set} makes it {sum} replicas, {highest} may be there"
                ));
            }
        }
        Ok(())
    }
}

/// What has finished stays so, and what may not run beside another does not.
#[derive(Debug, Default)]
pub(super) struct Runs {
    forbids: BTreeMap<String, bool>,
}

fn is_finished(job: &Value) -> bool {
    is_true(job, "Complete") || is_true(job, "Failed")
}

impl Law for Runs {
    fn judge(
        &mut self,
        mirror: &Mirror,
        changes: &[Change],
        circumstances: Circumstances<'_>,
    ) -> Result<(), String> {
        for change in changes {
            if change.is_of("batch", "cronjobs")
                && let Some(cron_job) = change.new.as_deref()
            {
                let policy = cron_job.at(&["spec", "concurrencyPolicy"]);
                let forbids = policy.and_then(Value::as_str) == Some("Forbid");
                let known = self
                    .forbids
                    .entry(uid(cron_job).to_owned())
                    .or_insert(forbids);
                // Whoever has not heard of it yet goes by what it was.
                *known &= forbids;
            }
            if !change.is_of("batch", "jobs") {
                continue;
            }
            if let Some((old, new)) = change.both()
                && is_finished(old)
                && (is_true(old, "Complete") != is_true(new, "Complete") || !is_finished(new))
            {
                return Err(format!("job {} had finished: {new}", change.key));
            }
            let owner = change.created().and_then(controller);
            let Some(owner) = owner.map(|owner| owner.str_or_empty("uid")) else {
                continue;
            };
            let jobs = mirror.of("batch", "jobs", Some(change.key.namespace()));
            let running = jobs.filter(|(_, job)| {
                let is_owned = controller(job).is_some_and(|it| it.str("uid") == Some(owner));
                is_owned && !is_finished(job) && !is_dying(job)
            });
            if self.forbids.get(owner) == Some(&true)
                && running.count() > 1
                && circumstances.lost == 0
            {
                return Err(format!("job {} runs beside another", change.key));
            }
        }
        Ok(())
    }
}
