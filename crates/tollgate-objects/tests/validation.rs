//! Validation on create against what a real 1.36 server answered (`data/validation-1.36.jsonl.gz`).

use flate2::read::GzDecoder;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use tollgate_api::{GroupVersionKind, Release, Status, Value, json};
use tollgate_objects::validation::{self, Options};
use tollgate_objects::{conversion, defaults, schema, strategy};

/// Kinds that never are stored, or whose refusals another part of the server gives.
const ELSEWHERE: &[&str] = &["v1 Binding"];

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
    if namespaced && object.at(&["metadata", "namespace"]).is_none() {
        object.child_mut("metadata").set("namespace", "default");
    }
    strategy::prepare_for_create(&kind, &mut object, Release::default());
    let errors = validation::validate_create(&kind, &object, &Options::default());
    let name = object.at(&["metadata", "name"]).and_then(Value::as_str);
    (!errors.is_empty())
        .then(|| Status::invalid(&kind.group, &kind.kind, name.unwrap_or_default(), &errors))
}

fn difference(case: &Value) -> Option<String> {
    let got = refusal(case.get("object").unwrap()).map(|status| status.message);
    let expected = (case.int("code") != Some(201)).then(|| case.str_or_empty("message"));
    let same = match (&got, expected) {
        (None, None) => true,
        (Some(got), Some(expected)) if case.str("order") == Some("random") => {
            parts(got) == parts(expected)
        }
        (Some(got), Some(expected)) => got == expected,
        _ => false,
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

/// The single errors of a message, sorted.
fn parts(message: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = message.trim_end_matches(']').split(", ").collect();
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
        // Rules of custom resources are expressions, which another part judges.
        .filter(|case| !case.get("change").is_some_and(|change| change.to_string().contains("x-kubernetes-validations")))
        .filter(|case| !ELSEWHERE.contains(&case.str_or_empty("kind")));
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
