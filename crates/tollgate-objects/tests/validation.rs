//! Validation on create against what a real 1.36 server answered (`data/validation-1.36.jsonl.gz`).

#![expect(clippy::unwrap_used, reason = "a test")]

mod answers;

use answers::{expected, with_causes};
use flate2::read::GzDecoder;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use tollgate_api::{GroupVersionKind, Release, Status, Value, json};
use tollgate_objects::validation::{self, Options};
use tollgate_objects::{conversion, defaults, schema, strategy};

/// Kinds that never are stored, or whose refusals another part of the server gives: definitions of custom resources are
/// judged where their schemas are read.
const ELSEWHERE: &[&str] = &[
    "v1 Binding",
    "apiextensions.k8s.io/v1 CustomResourceDefinition",
];

/// Words of refusals that another part of the server gives, and who does.
const BY_OTHERS: &[(&str, &str)] = &[
    (
        "pod-security.kubernetes.io/",
        "the Pod Security plugin reads the labels of Namespaces",
    ),
    (
        "failed to allocate IP",
        "the allocator knows the ranges of addresses",
    ),
    (
        "provided port is not in the valid range",
        "the allocator knows the range of ports",
    ),
    (
        "this cluster is not configured for dual-stack",
        "the allocator knows the families",
    ),
    (
        "not configured on this cluster",
        "the allocator knows the families",
    ),
    (
        "compilation failed",
        "whoever reads expressions compiles them",
    ),
    (
        "must evaluate to",
        "whoever reads expressions knows what they give",
    ),
];

fn is_by_others(case: &Value) -> bool {
    let message = case.str_or_empty("message");
    BY_OTHERS.iter().any(|(words, _)| message.contains(words))
}

/// Where the cases were asked.
const NAMESPACE: &str = "v";
/// An identity; in the facts it is masked.
const UID: &str = "0b2a3f9e-5c3c-4a9d-8a70-3a4f1c2d5e6f";

fn cases() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/validation-1.36.jsonl.gz");
    let mut text = String::new();
    GzDecoder::new(File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    text.lines()
        .map(|line| json::from_str(line).unwrap())
        .collect()
}

/// What the server says of an object that is to be created, as far as the object alone decides; none if it is good.
fn refusal(object: &Value) -> Option<Status> {
    let kind = GroupVersionKind::of(object);
    let mut object = object.clone();
    schema::decode(&kind, &mut object);
    defaults::set_defaults(&kind, &mut object);
    conversion::convert(&kind, &mut object);
    let namespaced = schema::resource_of(&kind).is_some_and(|resource| resource.namespaced);
    let metadata = object.child_mut("metadata");
    if namespaced && metadata.get("namespace").is_none() {
        metadata.set("namespace", NAMESPACE);
    }
    metadata.set("uid", UID);
    strategy::prepare_for_create(&kind, &mut object, Release::default());
    let errors = validation::validate_create(&kind, &object, &Options::default());
    let name = object.at(&["metadata", "name"]).and_then(Value::as_str);
    (!errors.is_empty()).then(|| validation::refusal(&kind, name.unwrap_or_default(), &errors))
}

fn difference(case: &Value) -> Option<String> {
    let got = refusal(case.get("object").unwrap());
    let got = got.map(|status| with_causes(&status).replace(UID, "<uid>"));
    let expected = expected(case);
    let same = if case.str("order") == Some("random") {
        let parts = |text: &Option<String>| text.as_deref().map(parts);
        parts(&got) == parts(&expected)
    } else {
        got == expected
    };
    (!same).then(|| {
        format!(
            "{} {}\n     got {}\nexpected {}",
            case.str_or_empty("kind"),
            case.get("change").unwrap_or(&Value::Null),
            got.unwrap_or_default(),
            expected.unwrap_or_default()
        )
    })
}

/// The single errors of a message and its causes, sorted.
fn parts(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = text
        .split([',', '\n', '[', ']'])
        .map(|part| part.trim().to_owned())
        .collect();
    parts.sort_unstable();
    parts
}

#[test]
fn refusals_on_create_are_those_of_a_real_server() {
    let cases = cases();
    let mut differences: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let judged = cases
        .iter()
        // What the decoder refuses never reaches validation.
        .filter(|case| case.int("code") != Some(400))
        .filter(|case| !ELSEWHERE.contains(&case.str_or_empty("kind")))
        .filter(|case| !is_by_others(case));
    for case in judged {
        if let Some(difference) = difference(case) {
            let of = differences.entry(case.str_or_empty("kind")).or_default();
            of.push(difference);
        }
    }
    let failed: usize = differences.values().map(Vec::len).sum();
    let lines: Vec<String> = differences.into_values().flatten().collect();
    assert!(
        failed == 0,
        "{failed} of {} differ\n{}",
        cases.len(),
        lines.join("\n")
    );
}
