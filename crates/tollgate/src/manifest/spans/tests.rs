//! Each form of document, each way of finding a place.

use super::{Located, Places};
use std::ops::Range;
use tollgate_api::field::FieldPath;

fn locate(text: &str, path: &str) -> Located {
    Places::of(text).unwrap().locate(&FieldPath::parse(path))
}

/// The key and the value at a path, and how many of its segments are there.
#[track_caller]
fn check(text: &str, path: &str, expected: (&str, &str, usize)) {
    let found = locate(text, path);
    let inside = |range: &Range<usize>| text.get(range.clone()).unwrap();
    let (key, value) = (inside(&found.span.key), inside(&found.span.value));
    assert_eq!((key, value, found.segments), expected, "{path} of {text}");
    let depth = FieldPath::parse(path).0.len();
    assert_eq!(found.exact, found.segments == depth, "{path} of {text}");
}

#[test]
fn a_field_stands_at_its_key_and_value() {
    let yaml = "kind: Pod\nspec:\n  list:\n  - a: 1\n  - b: \"x\"\n";
    check(yaml, "spec.list[1].b", ("b", "\"x\"", 4));
    check(yaml, "spec.list[0]", ("-", "a: 1", 3));
    let json = r#"{"kind": "Pod", "spec": {"list": [{"a": 1}, {"b": "x"}]}, "e": []}"#;
    check(json, "spec.list[1].b", (r#""b""#, r#""x""#, 4));
    check(json, "spec.list[0]", ("", r#"{"a": 1}"#, 3));
    check(json, "e", (r#""e""#, "[]", 1));
}

#[test]
fn an_absent_field_stands_at_the_nearest_around_it() {
    let yaml = "a:\n  b: 1\n";
    check(yaml, "a.c.d", ("a", "b: 1", 1));
    check(yaml, "x", ("", "a:\n  b: 1", 0));
    // A list has no keys and a map no numbers.
    check("a: [x]\n", "a.x", ("a", "[x]", 1));
    check("a: {x: 1}\n", "a[0]", ("a", "{x: 1}", 1));
}

#[test]
fn of_a_key_that_stands_twice_the_last_counts() {
    for text in ["a: {b: 1}\na: {c: 2}\n", r#"{"a":{"b":1},"a":{"c":2}}"#] {
        assert_eq!(locate(text, "a.c").segments, 2, "{text}");
        assert_eq!(locate(text, "a.b").segments, 1, "{text}");
    }
}

#[test]
fn keys_are_compared_as_they_are_meant() {
    check(r#"{"\u0061": {"b": [1, 2]}}"#, "a.b[1]", ("", "2", 3));
    check("\"\\x61\": 1\n", "a", ("\"\\x61\"", "1", 1));
}

#[test]
fn aliases_and_merges_lead_to_what_they_stand_for() {
    let yaml = "base: &base\n  x: 1\nuse:\n  <<: *base\n  own: 2\n";
    check(yaml, "use.x", ("x", "1", 2));
    check(yaml, "use.own", ("own", "2", 2));
}

#[test]
fn a_byte_order_mark_moves_every_place() {
    check("\u{feff}a: 1\n", "a", ("a", "1", 1));
}

#[test]
fn deep_json_costs_no_stack() {
    let text = format!("{{\"a\":{}{}}}", "[".repeat(900), "]".repeat(900));
    check(
        &text,
        "a",
        ("\"a\"", text.get(5..text.len() - 1).unwrap(), 1),
    );
}
