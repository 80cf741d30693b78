//! Events in both of their groups: `ValidateEventCreate`, `ValidateEventUpdate`.

use super::fields::{self, child};
use super::object_meta::invalid_each;
use super::workload::metadata_update;
use super::{Options, go_values};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

const TEXT_BYTES_MAX: usize = 128;
const MESSAGE_BYTES_MAX: usize = 1024;

/// How the fields of an Event are called in one of its groups.
#[derive(Debug, Clone, Copy)]
struct Names {
    object: &'static str,
    message: &'static str,
    source: &'static str,
    first_time: &'static str,
    last_time: &'static str,
    count: &'static str,
    /// The controller's field.
    controller: &'static str,
}

const CORE: Names = Names {
    object: "involvedObject",
    message: "message",
    source: "source",
    first_time: "firstTimestamp",
    last_time: "lastTimestamp",
    count: "count",
    controller: "reportingComponent",
};

const EVENTS: Names = Names {
    object: "regarding",
    message: "note",
    source: "deprecatedSource",
    first_time: "deprecatedFirstTimestamp",
    last_time: "deprecatedLastTimestamp",
    count: "deprecatedCount",
    controller: "reportingController",
};

/// Validates an Event of the core group.
pub(super) fn validate_core_create(object: &Value, _options: &Options, errors: &mut Errors) {
    validate_loosely(object, CORE, errors);
}

/// Validates an update of an Event of the core group, which is as free as its creation.
pub(super) fn validate_core_update(
    new: &Value,
    _old: &Value,
    options: &Options,
    errors: &mut Errors,
) {
    validate_core_create(new, options, errors);
}

/// The rules that old clients live with: what has no time may say next to nothing.
fn validate_loosely(event: &Value, fields: Names, errors: &mut Errors) {
    let namespace = event
        .at(&["metadata", "namespace"])
        .and_then(Value::as_str)
        .unwrap_or_default();
    let about = child(event, fields.object).str_or_empty("namespace");
    let is_timed = event.get("eventTime").is_some_and(|time| !time.is_null());
    let agrees = match (about.is_empty(), is_timed) {
        (true, true) => matches!(namespace, "default" | "kube-system"),
        (true, false) => matches!(namespace, "" | "default"),
        (false, true) => true,
        (false, false) => about == namespace,
    };
    if !agrees {
        // Upstream names the fields of its own type, whatever the client called them.
        let path = Path::root("involvedObject");
        let why = "does not match event.namespace";
        errors.push(Error::invalid(&path.child("namespace"), about, why));
    }
    if is_timed {
        reported(event, fields, errors);
    }
    let messages = names::dns1123_subdomain(namespace);
    invalid_each(messages, namespace, &Path::root("namespace"), errors);
}

fn reported(event: &Value, fields: Names, errors: &mut Errors) {
    let controller = event.str_or_empty(fields.controller);
    let path = Path::root(fields.controller);
    if controller.is_empty() {
        errors.push(Error::required(&path, ""));
    }
    invalid_each(names::qualified_name(controller), controller, &path, errors);
    for field in ["reportingInstance", "action", "reason"] {
        let text = event.str_or_empty(field);
        let path = Path::root(field);
        if text.is_empty() {
            errors.push(Error::required(&path, ""));
        }
        at_most(text, TEXT_BYTES_MAX, &path, errors);
    }
    let message = event.str_or_empty(fields.message);
    at_most(message, MESSAGE_BYTES_MAX, &Path::root("message"), errors);
}

fn at_most(text: &str, max: usize, path: &Path<'_>, errors: &mut Errors) {
    if text.len() > max {
        let why = format!("can have at most {max} characters");
        errors.push(Error::invalid(path, "", why));
    }
}

/// Validates an Event of group `events.k8s.io`.
pub(super) fn validate_create(event: &Value, _options: &Options, errors: &mut Errors) {
    validate_loosely(event, EVENTS, errors);
    fields::metadata(event, true, names::dns1123_subdomain, errors);
    series(event, errors);
    if event.get("eventTime").is_none_or(Value::is_null) {
        errors.push(Error::required(&Path::root("eventTime"), ""));
    }
    let sort = event.str_or_empty("type");
    if !matches!(sort, "Normal" | "Warning") {
        let why = format!("has invalid value: {sort}");
        errors.push(Error::invalid(&Path::root("type"), "", why));
    }
    let source = child(event, EVENTS.source);
    let is_old = [
        ("firstTimestamp", !child(event, EVENTS.first_time).is_null()),
        ("lastTimestamp", !child(event, EVENTS.last_time).is_null()),
        ("count", event.int(EVENTS.count).unwrap_or_default() != 0),
        (
            "source",
            ["component", "host"]
                .iter()
                .any(|field| !source.str_or_empty(field).is_empty()),
        ),
    ];
    for (field, is_set) in is_old {
        if is_set {
            errors.push(Error::invalid(&Path::root(field), "", "needs to be unset"));
        }
    }
}

fn series(event: &Value, errors: &mut Errors) {
    let Some(series) = event.get("series") else {
        return;
    };
    let path = Path::root("series");
    if series.int("count").unwrap_or_default() < 2 {
        let why = "should be at least 2";
        errors.push(Error::invalid(&path.child("count"), "", why));
    }
    if child(series, "lastObservedTime").is_null() {
        errors.push(Error::required(&path.child("lastObservedTime"), ""));
    }
}

/// Validates what an Event of group `events.k8s.io` becomes by an update: only its series may grow.
pub(super) fn validate_update(new: &Value, old: &Value, _options: &Options, errors: &mut Errors) {
    validate_loosely(new, EVENTS, errors);
    metadata_update(new, old, errors);
    if new.get("series") != old.get("series") {
        series(new, errors);
    }
    for (field, shown) in [
        (EVENTS.object, "involvedObject"),
        ("reason", "reason"),
        (EVENTS.message, "message"),
        (EVENTS.source, "source"),
        (EVENTS.first_time, "firstTimestamp"),
        (EVENTS.last_time, "lastTimestamp"),
        (EVENTS.count, "count"),
        // Upstream asks twice.
        ("reason", "reason"),
        ("type", "type"),
        ("eventTime", "eventTime"),
        ("action", "action"),
        ("related", "related"),
        ("reportingController", "reportingController"),
        ("reportingInstance", "reportingInstance"),
    ] {
        let value = child(new, field);
        if value != child(old, field) {
            let value = match shown {
                "involvedObject" | "related" => reference(value),
                _ => value.clone(),
            };
            super::object_meta_update::immutable(&Path::root(shown), value, errors);
        }
    }
}

/// A reference as upstream's internal type prints.
fn reference(value: &Value) -> Value {
    if value.is_null() {
        return Value::Null;
    }
    go_values::object([
        ("Kind", go_values::text(value, "kind")),
        ("Namespace", go_values::text(value, "namespace")),
        ("Name", go_values::text(value, "name")),
        ("UID", go_values::text(value, "uid")),
        ("APIVersion", go_values::text(value, "apiVersion")),
        ("ResourceVersion", go_values::text(value, "resourceVersion")),
        ("FieldPath", go_values::text(value, "fieldPath")),
    ])
}
