//! Requests that a real server answered, replayed on one that holds a single object of each name:
//! `data/exchanges.jsonl.gz`.
//!
//! What other parts of a server refuse is left out, and what they add is not looked at.

use super::managed_fields::{ApplyError, NoOtherVersions, Request, Resets, apply, updated};
use super::typed::node::{Node, tree};
use super::upstream::lines;
use super::{CustomSchema, PatchError, Schema, json, merge, strategic};
use std::collections::BTreeMap;
use tollgate_api::{GroupVersionKind, Object, Status, Timestamp, Value};
use tollgate_objects::defaults::set_defaults;
use tollgate_objects::schema::{decode, type_of};

/// How the messages begin that are ours.
const OURS: &[&str] = &[
    "Apply failed",
    "failed to create typed",
    "invalid object type",
    "metadata.managedFields must be nil",
    "the server rejected our request",
    "map: map",
    "unknown patch type",
    "error decoding patch: json",
    "json: cannot unmarshal",
    "Invalid JSON Patch",
];

#[derive(Default)]
struct Server {
    objects: BTreeMap<String, Value>,
    definition: Option<(CustomSchema, bool)>,
    clock: i64,
}

fn kind_of(object: &Value) -> GroupVersionKind {
    GroupVersionKind::new(
        object.str_or_empty("apiVersion"),
        object.str_or_empty("kind"),
    )
}

impl Server {
    fn write(&mut self, step: &Value, kind: &GroupVersionKind) -> Result<Value, Status> {
        self.clock += 1;
        let name = step.str_or_empty("name").to_owned();
        let live = self.objects.get(&name).cloned();
        let is_custom = type_of(kind).is_none();
        let subresource = step.str_or_empty("sub");
        let request = Request {
            kind,
            schema: match (&self.definition, type_of(kind)) {
                (Some((schema, _)), None) => Schema::Custom(schema),
                (None, None) => Schema::Deduced,
                (_, Some(of)) => Schema::BuiltIn(of),
            },
            manager: step.str_or_empty("manager"),
            subresource,
            resets: match &self.definition {
                Some((_, has_status)) => Resets::of_custom(subresource, *has_status),
                None => Resets::of(kind, subresource, kind.kind == "Deployment"),
            },
            now: Timestamp::from_unix_seconds(self.clock),
            versions: &NoOtherVersions,
        };
        let body = step.get("body").cloned().unwrap_or_default();
        let finished = |mut object: Value| {
            if !is_custom {
                decode(kind, &mut object);
                set_defaults(kind, &mut object);
            }
            object
        };
        let patch_type = step.str_or_empty("ct");
        let mut object = if patch_type == "apply-patch+yaml" {
            let force = step.bool("force") == Some(true);
            let applied = apply(live.as_ref(), &body, force, &request);
            finished(applied.map_err(|error: ApplyError| error.status())?)
        } else {
            let mut new = match patch_type {
                "json" => body,
                _ => patched(live.as_ref(), patch_type, &body, kind)
                    .map_err(|error| error.status())?,
            };
            new.set("apiVersion", kind.api_version().as_str());
            new.set("kind", kind.kind.clone());
            let mut new = finished(new);
            updated(live.as_ref(), &mut new, &request);
            new
        };
        keep_what_is_reset(&mut object, live.as_ref(), subresource);
        object.child_mut("metadata").set("uid", "u");
        self.objects.insert(name, object.clone());
        Ok(object)
    }
}

fn patched(
    live: Option<&Value>,
    patch_type: &str,
    patch: &Value,
    kind: &GroupVersionKind,
) -> Result<Value, PatchError> {
    let mut object = live.cloned().unwrap_or_else(Value::object);
    match patch_type {
        "merge-patch+json" => merge::apply(&mut object, patch)?,
        "json-patch+json" => json::apply(&mut object, patch)?,
        _ => strategic::apply(&mut object, patch, type_of(kind).unwrap())?,
    }
    Ok(object)
}

/// What a strategy does: the main resource does not write the status, and the status nothing else.
fn keep_what_is_reset(object: &mut Value, live: Option<&Value>, subresource: &str) {
    let mut keep = |key: &'static str| match live.and_then(|live| live.get(key)) {
        Some(value) => object.set(key, value.clone()),
        None => {
            object.remove(key);
        }
    };
    keep(if subresource == "status" {
        "spec"
    } else {
        "status"
    });
}

/// An object without what other parts of a server add, and its managed fields without times.
fn comparable(object: &Value) -> (Value, Vec<String>) {
    let managed = object
        .get("metadata")
        .map_or(&[][..], |metadata| metadata.items("managedFields"));
    let mut entries: Vec<String> = managed
        .iter()
        .map(|entry| {
            let keys = ["manager", "operation", "apiVersion", "subresource"];
            let head: Vec<&str> = keys.iter().map(|key| entry.str_or_empty(key)).collect();
            let timed = entry.get("time").is_some();
            let fields = entry.get("fieldsV1").map(tollgate_api::json::to_string);
            format!("{head:?} {timed} {}", fields.unwrap_or_default())
        })
        .collect();
    entries.sort();
    let kind = kind_of(object);
    let mut object = object.clone();
    if let Some(of) = type_of(&kind) {
        decode(&kind, &mut object);
        object = tree(Node::Value(&object), Schema::BuiltIn(of).held());
    }
    object
        .as_object_mut()
        .unwrap()
        .retain(|key, _| !matches!(key, "status" | "apiVersion" | "kind" | "other"));
    let empty = |value: &Value| value.is_null() || value.as_object().is_some_and(Object::is_empty);
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        let added = [
            "uid",
            "resourceVersion",
            "creationTimestamp",
            "generation",
            "namespace",
            "managedFields",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
        ];
        metadata.retain(|key, value| !added.contains(&key) && !empty(value));
    }
    object
        .as_object_mut()
        .unwrap()
        .retain(|key, value| key == "spec" || !empty(value));
    (object, entries)
}

fn difference(
    server: &mut Server,
    step: &Value,
    kind: &GroupVersionKind,
    managed: bool,
) -> Option<String> {
    let message = step.str_or_empty("message");
    let outcome = server.write(step, kind);
    match (step.get("object"), outcome) {
        (Some(wanted), Ok(found)) => {
            let (wanted, found) = (comparable(wanted), comparable(&found));
            let differs = wanted.0 != found.0 || (managed && wanted.1 != found.1);
            let text = |(object, managed): &(Value, Vec<String>)| {
                format!(
                    "{}\n  {}",
                    tollgate_api::json::to_string(object),
                    managed.join("\n  ")
                )
            };
            differs.then(|| format!("wanted {}\nfound {}", text(&wanted), text(&found)))
        }
        (None, Err(status)) => {
            let causes = step
                .get("details")
                .map_or(0, |details| details.items("causes").len());
            let found_causes = status
                .details
                .as_ref()
                .map_or(0, |details| details.causes.len());
            let differs = i64::from(status.code) != step.int("status").unwrap()
                || status.message != message
                || causes != found_causes;
            differs.then(|| format!("wanted {message}\nfound {status:?}"))
        }
        (_, outcome) => Some(format!("wanted {message}\nfound {outcome:?}")),
    }
}

#[test]
fn exchanges_with_a_real_server_are_repeated() {
    let mut compared = 0;
    for sequence in lines(include_bytes!("../../data/exchanges.jsonl.gz")) {
        let mut server = Server::default();
        if let Some(definition) = sequence.get("definition") {
            let schema = CustomSchema::new(definition.get("schema").unwrap(), false);
            server.definition = Some((schema, definition.bool("status") == Some(true)));
        }
        let managed = sequence.bool("managedFields") == Some(true);
        let kinds = sequence
            .items("steps")
            .iter()
            .filter_map(|step| step.get("object"));
        let kind = kinds.map(kind_of).next().unwrap();
        for step in sequence.items("steps") {
            let message = step.str_or_empty("message");
            if !message.is_empty() && !OURS.iter().any(|ours| message.starts_with(ours)) {
                continue;
            }
            // Text that is no JSON does not come here.
            let mut step = step.clone();
            if let Some(text) = step.str("body") {
                let Ok(body) = tollgate_api::json::from_str(text) else {
                    continue;
                };
                step.set("body", body);
            }
            let found = difference(&mut server, &step, &kind, managed);
            let name = sequence.str_or_empty("name");
            if let Some(found) = found {
                panic!("{name}: {}\n{found}", step.str_or_empty("note"));
            }
            compared += 1;
        }
    }
    assert!(compared > 90, "{compared}");
}
