//! `ValidateCronJobCreate` and its update.

use super::fields::{self, child};
use super::numbers::nonnegative;
use super::workload::metadata_update;
use super::{Options, go_values, job};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::schedule::Schedule;
use tollgate_api::{Value, names};

/// The controller adds eleven characters to make the name of a Job.
const NAME_BYTES_MAX: usize = 52;
const POLICIES: [&str; 3] = ["Allow", "Forbid", "Replace"];

/// The names of the IANA time zones, one a line, sorted.
const TIME_ZONES: &str = include_str!("../../../data/time-zones.txt");

/// Validates a CronJob that is to be created.
pub(super) fn validate_create(object: &Value, options: &Options, errors: &mut Errors) {
    fields::metadata(object, true, names::dns1123_subdomain, errors);
    validate_spec(child(object, "spec"), None, options, errors);
    let name = child(object, "metadata").str_or_empty("name");
    if name.len() > NAME_BYTES_MAX {
        let path = Path::root("metadata");
        let why = format!("must be no more than {NAME_BYTES_MAX} characters");
        errors.push(Error::invalid(&path.child("name"), name, why));
    }
}

fn validate_spec(spec: &Value, old: Option<&Value>, options: &Options, errors: &mut Errors) {
    let path = Path::root("spec");
    validate_schedule(spec, old, &path, errors);
    nonnegative(spec, "startingDeadlineSeconds", &path, errors);
    if old.is_none_or(|old| old.get("timeZone") != spec.get("timeZone"))
        && let Some(zone) = spec.str("timeZone")
    {
        time_zone(zone, &path.child("timeZone"), errors);
    }
    fields::required_word(spec, "concurrencyPolicy", &POLICIES, &path, errors);
    job_template(
        child(spec, "jobTemplate"),
        &path.child("jobTemplate"),
        options,
        errors,
    );
    for field in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        nonnegative(spec, field, &path, errors);
    }
}

fn validate_schedule(spec: &Value, old: Option<&Value>, path: &Path<'_>, errors: &mut Errors) {
    if !fields::required(spec, "schedule", path, errors) {
        return;
    }
    let text = spec.str_or_empty("schedule");
    let path = path.child("schedule");
    if text.contains("TZ") {
        let had_zone = old.is_some_and(|old| old.str_or_empty("schedule").contains("TZ"));
        if spec.get("timeZone").is_some() {
            let why = "cannot use both timeZone field and TZ or CRON_TZ in schedule";
            errors.push(Error::invalid(&path, text, why));
        } else if !had_zone {
            let why = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
            errors.push(Error::invalid(&path, text, why));
        }
    }
    if let Err(why) = Schedule::parse(text, is_time_zone) {
        errors.push(Error::invalid(&path, text, why));
    }
}

/// Whether a name is that of a time zone.
fn is_time_zone(name: &str) -> bool {
    !name.is_empty() && TIME_ZONES.lines().any(|zone| zone == name)
}

fn time_zone(zone: &str, path: &Path<'_>, errors: &mut Errors) {
    let why = if zone.is_empty() {
        "timeZone must be nil or non-empty string".to_owned()
    } else if zone.eq_ignore_ascii_case("local") {
        "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
            .to_owned()
    } else if zone.contains("..") || zone.starts_with(['/', '\\']) {
        "time: invalid location name".to_owned()
    } else if is_time_zone(zone) {
        return;
    } else {
        format!("unknown time zone {zone}")
    };
    errors.push(Error::invalid(path, zone, why));
}

fn job_template(template: &Value, path: &Path<'_>, options: &Options, errors: &mut Errors) {
    let spec = child(template, "spec");
    let path = path.child("spec");
    job::validate_spec(spec, &path, options, errors);
    if let Some(selector) = spec.get("selector") {
        let why = "`selector` will be auto-generated";
        errors.push(Error::invalid(
            &path.child("selector"),
            go_values::selector(selector),
            why,
        ));
    }
    if spec.bool("manualSelector") == Some(true) {
        let path = path.child("manualSelector");
        errors.push(Error::not_supported(&path, true, &["nil", "false"]));
    }
}

/// Validates what a CronJob becomes by an update; a name that is too long was there before the rule.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    metadata_update(new, old, errors);
    validate_spec(
        child(new, "spec"),
        Some(child(old, "spec")),
        options,
        errors,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_zones_are_known_by_their_exact_names() {
        for zone in [
            "UTC",
            "Etc/UTC",
            "Europe/Berlin",
            "America/Argentina/Buenos_Aires",
        ] {
            assert!(is_time_zone(zone), "{zone}");
        }
        for zone in ["utc", "Europe", "Europe/", "Berlin", ""] {
            assert!(!is_time_zone(zone), "{zone}");
        }
    }
}
