//! Jobs and what makes them.

use crate::table::age::{human, seconds_between, since};
use crate::table::selector::formatted;
use crate::table::text::{
    NONE, UNSET, age, at, at_or, containers, count_at, int_at, is_deleted, is_true, name, str_at,
};
use tollgate_api::{Timestamp, Value};

pub(super) fn job(job: &Value, now: Timestamp) -> Vec<Value> {
    let [names, images] = containers(job.at(&["spec", "template"]));
    vec![
        name(job),
        status(job).into(),
        completions(job).into(),
        duration(job, now).into(),
        age(job, now),
        names,
        images,
        formatted(job.at(&["spec", "selector"])),
    ]
}

fn status(job: &Value) -> &'static str {
    let is = |condition| is_true(job, condition);
    match () {
        () if is("Complete") => "Complete",
        () if is("Failed") => "Failed",
        () if is_deleted(job) => "Terminating",
        () if is("Suspended") => "Suspended",
        () if is("FailureTarget") => "FailureTarget",
        () if is("SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    }
}

fn completions(job: &Value) -> String {
    let done = int_at(job, &["status", "succeeded"]);
    let wanted = job.at(&["spec", "completions"]).and_then(Value::as_i64);
    match (wanted, int_at(job, &["spec", "parallelism"])) {
        (Some(wanted), _) => format!("{done}/{wanted}"),
        (None, parallel @ 2..) => format!("{done}/1 of {parallel}"),
        (None, _) => format!("{done}/1"),
    }
}

fn duration(job: &Value, now: Timestamp) -> String {
    let time = |key| Timestamp::parse(str_at(job, &["status", key]));
    time("startTime").map_or_else(String::new, |start| {
        human(seconds_between(
            start,
            time("completionTime").unwrap_or(now),
        ))
    })
}

pub(super) fn cron_job(job: &Value, now: Timestamp) -> Vec<Value> {
    let inner = job.at(&["spec", "jobTemplate", "spec"]);
    let [names, images] = containers(inner.and_then(|spec| spec.get("template")));
    let suspend = match job.at(&["spec", "suspend"]).and_then(Value::as_bool) {
        Some(true) => "True",
        Some(false) => "False",
        None => UNSET,
    };
    let last = match job.get("status") {
        Some(status) if status.get("lastScheduleTime").is_some() => {
            since(status, "lastScheduleTime", now)
        }
        _ => NONE.to_owned(),
    };
    vec![
        name(job),
        at(job, &["spec", "schedule"]),
        at_or(job, &["spec", "timeZone"], NONE),
        suspend.into(),
        count_at(job, &["status", "active"]).into(),
        last.into(),
        age(job, now),
        names,
        images,
        formatted(inner.and_then(|spec| spec.get("selector"))),
    ]
}
