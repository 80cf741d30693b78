//! Whether an APIService can be asked (upstream: `kube-aggregator/pkg/controllers/status`).
//!
//! What no service stands behind is served here. What a service stands behind is not: nothing is passed on to other
//! servers, and the object says so.

use super::api_services::{GROUP, PLURAL};
use super::flow_control::set_condition;
use super::wanted::{Writer, put};
use crate::storage::{Key, Snapshot, Write};
use crate::verbs::record;
use std::collections::BTreeSet;
use tollgate_api::Value;
use tollgate_api::go_format::quote;

/// What must be written so that every APIService says whether it can be asked.
pub(super) fn conditions(writer: &Writer<'_>, head: &Snapshot) -> Vec<Write> {
    let Some(resource) = writer.catalog.resource(GROUP, "v1", PLURAL) else {
        return Vec::new();
    };
    let mut writes = Vec::new();
    for (key, found) in head.range(&Key::prefix(GROUP, PLURAL, None)) {
        let Ok(mut service) = record::parse(&found.value, 0) else {
            continue;
        };
        let condition = available(&service, head, &writer.now);
        if set_condition(service.child_mut("status"), condition) {
            writes.push(put(resource, key.clone(), &service));
        }
    }
    writes
}

/// The services that APIServices name.
pub(super) fn services(head: &Snapshot) -> BTreeSet<Key> {
    let prefix = Key::prefix(GROUP, PLURAL, None);
    let all = head.range(&prefix);
    let named = all.filter_map(|(_, found)| {
        let api_service = record::parse(&found.value, 0).ok()?;
        behind(&api_service).map(key_of)
    });
    named.collect()
}

fn behind(api_service: &Value) -> Option<&Value> {
    let service = api_service.get("spec")?.get("service")?;
    (!service.is_null()).then_some(service)
}

fn key_of(service: &Value) -> Key {
    let namespace = service.str_or_empty("namespace");
    Key::new("", "services", namespace, service.str_or_empty("name"))
}

fn available(api_service: &Value, head: &Snapshot, now: &str) -> Value {
    let (status, reason, message) = match behind(api_service) {
        None => (
            "True",
            "Local",
            "Local APIServices are always available".to_owned(),
        ),
        Some(service) => {
            let (reason, message) = unavailable(api_service, service, head);
            ("False", reason, message)
        }
    };
    Value::from_iter([
        ("type", Value::from("Available")),
        ("status", Value::from(status)),
        ("lastTransitionTime", Value::from(now)),
        ("reason", Value::from(reason)),
        ("message", Value::from(message)),
    ])
}

fn unavailable(api_service: &Value, service: &Value, head: &Snapshot) -> (&'static str, String) {
    let (namespace, name) = (
        service.str_or_empty("namespace"),
        service.str_or_empty("name"),
    );
    if head.get(key_of(service).as_str()).is_none() {
        let message = format!("service/{name} in {} is not present", quote(namespace));
        return ("ServiceNotFound", message);
    }
    let spec = api_service.get("spec").unwrap_or(&Value::Null);
    let (group, version) = (spec.str_or_empty("group"), spec.str_or_empty("version"));
    let port = service.int("port").unwrap_or(443);
    let message = format!(
        "failing or missing response from https://{name}.{namespace}.svc:{port}/apis/{group}/{version}: nothing is passed on to other servers"
    );
    ("FailedDiscoveryCheck", message)
}
