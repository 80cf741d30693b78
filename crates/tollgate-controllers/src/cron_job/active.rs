//! The Jobs of a CronJob: which run, which have ended, and which of those are kept.

use crate::driver::Cached;
use crate::job;
use std::sync::Arc;
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Timestamp, Value};

/// A Job of a CronJob.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) cached: Arc<Cached>,
    /// The condition with which it has ended.
    pub(super) ended: Option<&'static str>,
    started: Option<Timestamp>,
    completed: Option<Timestamp>,
}

impl Run {
    pub(super) fn of(cached: &Arc<Cached>) -> Result<Self, Status> {
        let object = cached.object()?;
        let time = |key: &str| Timestamp::parse(object.get("status")?.str(key)?);
        Ok(Self {
            cached: Arc::clone(cached),
            ended: job::finished(&object),
            started: time("startTime"),
            completed: time("completionTime"),
        })
    }

    pub(super) fn name(&self) -> &CompactString {
        &self.cached.meta.name
    }

    pub(super) fn uid(&self) -> &CompactString {
        &self.cached.meta.uid
    }
}

/// The oldest that have ended so beyond the limit.
pub(super) fn superfluous<'r>(runs: &'r [Run], ended: &str, limit: Option<i64>) -> Vec<&'r Run> {
    let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) else {
        return Vec::new();
    };
    let mut kept: Vec<&Run> = runs.iter().filter(|run| run.ended == Some(ended)).collect();
    kept.sort_by_key(|run| (run.started.is_none(), run.started, run.name().clone()));
    kept.truncate(kept.len().saturating_sub(limit));
    kept
}

/// Whether a Job is in the list of those that run.
pub(super) fn is_listed(status: &Value, uid: &str) -> bool {
    let mut active = status.items("active").iter();
    active.any(|reference| reference.str("uid") == Some(uid))
}

/// Takes a Job out of that list.
pub(super) fn unlist(status: &mut Value, uid: &str) {
    let mut active = status.items("active").to_vec();
    active.retain(|reference| reference.str("uid") != Some(uid));
    if active.is_empty() {
        status.remove("active");
    } else {
        status.set("active", active);
    }
}

/// Puts a Job into that list.
pub(super) fn enlist(status: &mut Value, job: &Value) {
    let metadata = job.get("metadata").unwrap_or(&Value::Null);
    let mut reference = Value::object();
    reference.set("kind", "Job");
    for key in ["namespace", "name", "uid"] {
        reference.set(key, metadata.str_or_empty(key));
    }
    reference.set("apiVersion", "batch/v1");
    reference.set("resourceVersion", metadata.str_or_empty("resourceVersion"));
    let mut active = status.items("active").to_vec();
    active.push(reference);
    status.set("active", active);
}

/// What people are told of Jobs: whether it is a warning, the reason and the message.
pub(super) type Told = Vec<(bool, &'static str, String)>;

/// Works into the status which Jobs have ended.
pub(super) fn survey(status: &mut Value, runs: &[Run]) -> Told {
    let mut told = Told::new();
    for run in runs {
        let is_active = is_listed(status, run.uid());
        let name = run.name();
        match run.ended {
            None if !is_active => {
                let message =
                    format!("Saw a job that the controller did not create or forgot: {name}");
                told.push((true, "UnexpectedJob", message));
            }
            Some(condition) if is_active => {
                unlist(status, run.uid());
                let message = format!("Saw completed job: {name}, condition: {condition}");
                told.push((false, "SawCompletedJob", message));
            }
            _ => {}
        }
        let success = run.completed.filter(|_| run.ended == Some("Complete"));
        let last = status.str("lastSuccessfulTime").and_then(Timestamp::parse);
        if let Some(success) = success.filter(|success| last.is_none_or(|last| *success > last)) {
            status.set("lastSuccessfulTime", success.to_string());
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::client::Stored;
    use tollgate_api::json;

    fn run(name: &str, minute: u32, ended: &str) -> Run {
        let time = format!("2026-01-15T12:{minute:02}:00Z");
        let end = match ended {
            "" => String::new(),
            kind => format!(
                r#","completionTime":"{time}","conditions":[{{"type":"{kind}","status":"True"}}]"#
            ),
        };
        let text = format!(
            r#"{{"metadata":{{"name":"{name}","namespace":"n","uid":"{name}"}},"status":{{"startTime":"{time}"{end}}}}}"#
        );
        let stored = Stored {
            json: text.into_bytes().into(),
            revision: 1,
        };
        Run::of(&Arc::new(Cached::new(&stored, false).unwrap())).unwrap()
    }

    #[test]
    fn the_oldest_ends_are_superfluous() {
        let runs = [
            run("c", 3, "Complete"),
            run("a", 1, "Complete"),
            run("b", 2, "Failed"),
            run("d", 4, "Complete"),
            run("e", 5, ""),
        ];
        let names = |ended, limit| -> Vec<String> {
            let gone = superfluous(&runs, ended, limit);
            gone.iter().map(|run| run.name().to_string()).collect()
        };
        assert_eq!(names("Complete", Some(1)), ["a", "c"]);
        assert_eq!(names("Complete", Some(3)), [""; 0]);
        assert_eq!(names("Failed", Some(0)), ["b"]);
        assert_eq!(names("Complete", None), [""; 0]);
    }

    #[test]
    fn people_are_told_of_ends_and_of_strangers() {
        let mut status = json::from_str(r#"{"active":[{"uid":"a"},{"uid":"b"}]}"#).unwrap();
        let runs = [
            run("a", 1, "Complete"),
            run("b", 2, ""),
            run("c", 3, ""),
            run("d", 4, "Failed"),
        ];
        let told = survey(&mut status, &runs);
        let told: Vec<&str> = told
            .iter()
            .map(|(_, _, message)| message.as_str())
            .collect();
        assert_eq!(
            told,
            [
                "Saw completed job: a, condition: Complete",
                "Saw a job that the controller did not create or forgot: c",
            ]
        );
        assert_eq!(
            json::to_string(&status),
            r#"{"active":[{"uid":"b"}],"lastSuccessfulTime":"2026-01-15T12:01:00Z"}"#
        );
    }
}
