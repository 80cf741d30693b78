//! What keeps pods running.

use crate::table::selector::{self, formatted};
use crate::table::text::{NONE, age, containers, int_at, items_at, labels, name};
use tollgate_api::{Timestamp, Value};

/// How many replicas are wanted; one if nobody says.
fn wanted(object: &Value) -> i64 {
    object
        .at(&["spec", "replicas"])
        .and_then(Value::as_i64)
        .unwrap_or(1)
}

fn template(object: &Value) -> Option<&Value> {
    object.at(&["spec", "template"])
}

/// The cells of what counts pods: wanted, there, ready.
fn counted(object: &Value, now: Timestamp, selector: Value) -> Vec<Value> {
    let [names, images] = containers(template(object));
    vec![
        name(object),
        wanted(object).into(),
        int_at(object, &["status", "replicas"]).into(),
        int_at(object, &["status", "readyReplicas"]).into(),
        age(object, now),
        names,
        images,
        selector,
    ]
}

pub(super) fn replication_controller(object: &Value, now: Timestamp) -> Vec<Value> {
    let selector = labels(object.at(&["spec", "selector"])).into();
    counted(object, now, selector)
}

pub(super) fn replica_set(object: &Value, now: Timestamp) -> Vec<Value> {
    let selector = formatted(object.at(&["spec", "selector"]));
    counted(object, now, selector)
}

fn ready(object: &Value) -> Value {
    let ready = int_at(object, &["status", "readyReplicas"]);
    format!("{ready}/{}", wanted(object)).into()
}

pub(super) fn deployment(object: &Value, now: Timestamp) -> Vec<Value> {
    let [names, images] = containers(template(object));
    // What cannot be read is shown as nothing here, and only here.
    let selector = object.at(&["spec", "selector"]);
    let selector = selector.and_then(selector::text).unwrap_or_default();
    vec![
        name(object),
        ready(object),
        int_at(object, &["status", "updatedReplicas"]).into(),
        int_at(object, &["status", "availableReplicas"]).into(),
        age(object, now),
        names,
        images,
        selector.into(),
    ]
}

pub(super) fn stateful_set(object: &Value, now: Timestamp) -> Vec<Value> {
    let [names, images] = containers(template(object));
    vec![name(object), ready(object), age(object, now), names, images]
}

pub(super) fn daemon_set(object: &Value, now: Timestamp) -> Vec<Value> {
    let [names, images] = containers(template(object));
    let status = |key| Value::from(int_at(object, &["status", key]));
    vec![
        name(object),
        status("desiredNumberScheduled"),
        status("currentNumberScheduled"),
        status("numberReady"),
        status("updatedNumberScheduled"),
        status("numberAvailable"),
        labels(object.at(&["spec", "template", "spec", "nodeSelector"])).into(),
        age(object, now),
        names,
        images,
        formatted(object.at(&["spec", "selector"])),
    ]
}

pub(super) fn pod_template(object: &Value, _now: Timestamp) -> Vec<Value> {
    let [names, images] = containers(object.get("template"));
    let labels = labels(object.at(&["template", "metadata", "labels"]));
    vec![name(object), names, images, labels.into()]
}

pub(super) fn controller_revision(object: &Value, now: Timestamp) -> Vec<Value> {
    let owners = items_at(object, &["metadata", "ownerReferences"]);
    let controller = owners
        .iter()
        .find(|owner| owner.bool("controller") == Some(true));
    let controller = controller.map_or_else(
        || NONE.into(),
        |owner| {
            let kind = owner.str_or_empty("kind").to_lowercase();
            let name = owner.str_or_empty("name");
            match owner.str_or_empty("apiVersion").split_once('/') {
                Some((group, _)) => format!("{kind}.{group}/{name}").into(),
                None => format!("{kind}/{name}").into(),
            }
        },
    );
    let revision = int_at(object, &["revision"]).into();
    vec![name(object), controller, revision, age(object, now)]
}
