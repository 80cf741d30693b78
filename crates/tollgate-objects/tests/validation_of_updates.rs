//! Validation of updates against what a real 1.36 server answered (`data/immutability-1.36.jsonl.gz`).
//!
//! Each line is one PUT. The lines of a case follow each other: what was accepted stays.

#![expect(clippy::unwrap_used, reason = "a test")]

mod answers;

use answers::{expected, with_causes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path as File_;
use tollgate_api::field::{Errors, Path};
use tollgate_api::{GroupVersionKind, Release, Value, json};
use tollgate_objects::validation::{self, Options, object_meta_update};
use tollgate_objects::{conversion, defaults, schema, strategy};

const NAMESPACE: &str = "im";
const UID: &str = "0b2a3f9e-5c3c-4a9d-8a70-3a4f1c2d5e6f";
const CREATED: &str = "2026-01-01T00:00:00Z";

/// Kinds of which another part of the server judges updates.
const ELSEWHERE: &[(&str, &str)] = &[(
    "apiextensions.k8s.io/v1 CustomResourceDefinition",
    "definitions are judged where their schemas are read",
)];

/// Words of refusals that another part of the server gives, and who does.
const BY_OTHERS: &[(&str, &str)] = &[
    (
        "not configured on this cluster",
        "the allocator knows the families",
    ),
    (
        "not configured for dual-stack",
        "the allocator knows the families",
    ),
    (
        "expected an IPv6 value as indicated",
        "the allocator completes the families",
    ),
    (
        "metadata.resourceVersion: Invalid value: 0:",
        "the store says which kinds need a version",
    ),
];

fn cases() -> Vec<Value> {
    let path = File_::new(env!("CARGO_MANIFEST_DIR")).join("data/immutability-1.36.jsonl.gz");
    let mut text = String::new();
    GzDecoder::new(File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    text.lines()
        .map(|line| json::from_str(line).unwrap())
        .collect()
}

/// What a body becomes before the registry sees it.
fn decoded(kind: &GroupVersionKind, object: &Value) -> Value {
    let mut object = object.clone();
    schema::decode(kind, &mut object);
    defaults::set_defaults(kind, &mut object);
    conversion::convert(kind, &mut object);
    object
}

fn created(kind: &GroupVersionKind, object: &Value) -> Value {
    let mut object = decoded(kind, object);
    let namespaced = schema::resource_of(kind).unwrap().namespaced;
    let metadata = object.child_mut("metadata");
    if namespaced {
        metadata.set("namespace", NAMESPACE);
    }
    metadata.set("uid", UID);
    metadata.set("creationTimestamp", CREATED);
    metadata.set("resourceVersion", "7");
    admit(kind, &mut object);
    strategy::prepare_for_create(kind, &mut object, Release::default());
    defaults::set_defaults(kind, &mut object);
    object
}

/// What admission, allocators and controllers did to the object before the first PUT.
fn admit(kind: &GroupVersionKind, object: &mut Value) {
    match kind.kind.as_str() {
        "Pod" => {
            let spec = object.child_mut("spec");
            spec.set("serviceAccountName", "default");
            spec.set("serviceAccount", "default");
            spec.set("priority", 0);
            spec.set("preemptionPolicy", "PreemptLowerPriority");
            let mut tolerations = spec.items("tolerations").to_vec();
            for key in ["not-ready", "unreachable"] {
                let toleration = format!(
                    r#"{{"key":"node.kubernetes.io/{key}","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}}"#
                );
                tolerations.push(json::from_str(&toleration).unwrap());
            }
            spec.set("tolerations", tolerations);
        }
        // One of the claims was bound by hand.
        "PersistentVolumeClaim" if object.at(&["spec", "volumeName"]).is_some() => {
            let status = r#"{"phase":"Bound","capacity":{"storage":"2Gi"}}"#;
            object.set("status", json::from_str(status).unwrap());
        }
        "CertificateSigningRequest" => {
            let block =
                "-----BEGIN CERTIFICATE REQUEST-----\nYQ==\n-----END CERTIFICATE REQUEST-----\n";
            let request = STANDARD.encode(block);
            object.child_mut("spec").set("request", request);
        }
        _ => {}
    }
}

/// Sets what the path of a change addresses; `DEL` removes it.
fn change(object: &mut Value, path: &str, value: &Value) {
    let (first, rest) = path
        .split_once('/')
        .map_or((path, None), |(first, rest)| (first, Some(rest)));
    if let Value::Array(items) = object {
        let place: usize = first.parse().unwrap();
        if place == items.len() {
            items.push(Value::object());
        }
        let item = items.get_mut(place).unwrap();
        match rest {
            Some(rest) => change(item, rest, value),
            None => *item = value.clone(),
        }
        return;
    }
    match rest {
        Some(rest) => {
            if object.get(first).is_none() {
                object.set(first, Value::object());
            }
            change(object.get_mut(first).unwrap(), rest, value);
        }
        None if value.as_str() == Some("DEL") => {
            object.remove(first);
        }
        None => object.set(first, value.clone()),
    }
}

/// What the old object becomes by the changes of a line, and what is said of it.
fn updated(kind: &GroupVersionKind, old: &Value, line: &Value) -> (Value, Option<String>) {
    let mut sent = old.clone();
    for (path, value) in line.entries("change") {
        change(&mut sent, path, value);
    }
    let mut new = decoded(kind, &sent);
    // The registry keeps these, whatever is sent.
    for field in ["creationTimestamp", "generation", "resourceVersion"] {
        match old.at(&["metadata", field]) {
            Some(value) => new.child_mut("metadata").set(field, value.clone()),
            None => {
                new.child_mut("metadata").remove(field);
            }
        }
    }
    match old.get("status") {
        Some(status) => new.set("status", status.clone()),
        None => {
            new.remove("status");
        }
    }
    strategy::prepare_for_update(kind, &mut new, old, Release::default());
    let metadata = |object: &Value| object.get("metadata").cloned().unwrap();
    let mut errors = Errors::new();
    let path = Path::root("metadata");
    object_meta_update::validate_generic(&metadata(&new), &metadata(old), &path, &mut errors);
    errors.extend(validation::validate_update(
        kind,
        &new,
        old,
        &Options::default(),
    ));
    let name = metadata(&new).str_or_empty("name").to_owned();
    let refusal = (!errors.is_empty()).then(|| validation::refusal(kind, &name, &errors));
    (new, refusal.map(|status| masked(&with_causes(&status))))
}

/// A message as the facts have it.
fn masked(message: &str) -> String {
    let message = message.replace(UID, "<uid>");
    let mut parts: Vec<&str> = message.split('"').collect();
    for part in &mut parts {
        if part.len() >= 20
            && part.ends_with('Z')
            && part.get(4..5) == Some("-")
            && part.get(10..11) == Some("T")
        {
            *part = "<time>";
        }
    }
    parts.join("\"")
}

fn is_judged(line: &Value) -> bool {
    let kind = line.str_or_empty("kind");
    let message = line.str_or_empty("message");
    matches!(line.int("code"), Some(200 | 422))
        && !ELSEWHERE.iter().any(|(elsewhere, _)| *elsewhere == kind)
        && !BY_OTHERS.iter().any(|(words, _)| message.contains(words))
}

#[test]
fn refusals_of_updates_are_those_of_a_real_server() {
    let mut stored: BTreeMap<(String, String), Value> = BTreeMap::new();
    let mut judged = 0;
    let mut differences = Vec::new();
    for line in cases() {
        let (version, kind) = line.str_or_empty("kind").split_once(' ').unwrap();
        let kind = GroupVersionKind::new(version, kind);
        let key = (
            line.str_or_empty("kind").to_owned(),
            line.str_or_empty("case").to_owned(),
        );
        let old = stored
            .entry(key)
            .or_insert_with(|| created(&kind, line.get("object").unwrap()));
        if !is_judged(&line) {
            continue;
        }
        judged += 1;
        let (new, refusal) = updated(&kind, old, &line);
        let expected = expected(&line);
        if refusal != expected {
            differences.push(format!(
                "{} {} {}\n     got {}\nexpected {}",
                line.str_or_empty("kind"),
                line.str_or_empty("case"),
                line.get("change").unwrap(),
                refusal.unwrap_or_default(),
                expected.unwrap_or_default(),
            ));
        }
        if line.int("code") == Some(200) {
            *old = new;
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {judged} differ\n{}",
        differences.len(),
        differences.join("\n")
    );
}
