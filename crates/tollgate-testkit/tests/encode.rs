//! The objects that a 1.36 server stored, written by us: every field in its place.

#![expect(clippy::unwrap_used, reason = "a test")]

use flate2::read::GzDecoder;
use std::io::Read as _;
use tollgate_api::{GroupVersionKind, Value, json};
use tollgate_objects::encode;

/// What the facts put in the place of a time is none.
fn with_times(text: &str) -> String {
    let text = text.replace("<time>", "2026-01-15T12:00:00Z");
    // `@-3h` is so long ago; with a fraction it is a time to the microsecond. `@CSR` is a request, which is base64.
    let text = text.replace("\"@CSR\"", "\"Q1NS\"");
    let mut parts = text.split("\"@-");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let (span, rest) = part.split_once('"').unwrap();
        let fraction = if span.contains('.') { ".000001" } else { "" };
        out.push_str(&format!("\"2026-01-15T09:00:00{fraction}Z\"{rest}"));
    }
    out
}

fn check(case: &str, stored: &Value) {
    let expected = stored.to_string();
    let mut object = json::from_str(&expected).unwrap();
    let kind = GroupVersionKind::of(&object);
    let written = |object: &Value| {
        let mut out = Vec::new();
        encode::json(&kind, object, &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(written(&object), expected, "{case}");
    // The order in which the fields are held does not matter.
    object.as_object_mut().unwrap().sort_by_key();
    for key in ["metadata", "spec", "status"] {
        if let Some(part) = object.get_mut(key).and_then(Value::as_object_mut) {
            part.sort_by_key();
        }
    }
    assert_eq!(written(&object), expected, "{case}");
    let mut record = Vec::new();
    encode::record(&kind, &object, &mut record);
    let without_revision = expected.replace("\"resourceVersion\":\"\\u003crv\\u003e\",", "");
    assert_eq!(
        String::from_utf8(record).unwrap(),
        without_revision,
        "{case}"
    );
}

#[test]
fn what_a_server_stored_is_written_as_it_wrote_it() {
    let packed = include_bytes!("../data/defaults-1.36.jsonl.gz").as_slice();
    let mut text = String::new();
    GzDecoder::new(packed).read_to_string(&mut text).unwrap();
    let mut count = 0;
    for line in text.lines() {
        let case = json::from_str(&with_times(line)).unwrap();
        let name = case.str("case").unwrap();
        let stored = case.get("stored").unwrap();
        // A custom kind is written with sorted keys, which the facts do not keep.
        if stored.str_or_empty("apiVersion").starts_with("t.example") {
            continue;
        }
        check(name, stored);
        count += 1;
        if let Some(status) = case
            .get("statusStored")
            .filter(|status| !status.to_string().contains("\"@"))
        {
            let mut object = stored.clone();
            object.set("status", status.clone());
            check(name, &object);
        }
    }
    assert!(count > 200, "{count}");
}
