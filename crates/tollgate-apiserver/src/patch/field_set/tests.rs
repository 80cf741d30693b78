use super::*;
use proptest::prelude::*;
use tollgate_api::json::{from_str, to_string};
use tollgate_api::{Number, Value};

fn set(fields: &str) -> Set {
    Set::from_fields(&from_str(fields).unwrap()).unwrap()
}

#[test]
fn every_sort_of_element_is_read_and_written() {
    let text = r#"{"f:a":{".":{},"f:b":{}},"f:c":{"k:{\"name\":\"x\",\"port\":80}":{".":{},"f:name":{}},"v:\"z\"":{},"v:5":{},"i:0":{}}}"#;
    let read = set(text);
    let written = to_string(&read.to_fields());
    assert_eq!(set(&written), read);
    assert_eq!(
        written,
        r#"{"f:a":{".":{},"f:b":{}},"f:c":{"k:{\"name\":\"x\",\"port\":80}":{".":{},"f:name":{}},"v:5":{},"v:\"z\"":{},"i:0":{}}}"#
    );
    let paths: Vec<String> = read
        .paths()
        .iter()
        .map(|path| path.iter().map(ToString::to_string).collect())
        .collect();
    assert_eq!(
        paths,
        [
            ".a",
            ".a.b",
            ".c[name=\"x\",port=80]",
            ".c[=5]",
            ".c[=\"z\"]",
            ".c[0]",
            ".c[name=\"x\",port=80].name"
        ]
    );
}

#[test]
fn an_element_of_an_unknown_sort_is_left_out_and_a_broken_one_is_an_error() {
    assert_eq!(set(r#"{"x:a":{},"f:b":{}}"#), set(r#"{"f:b":{}}"#));
    for broken in [
        r#"{"f":{}}"#,
        r#"{"fa":{}}"#,
        r#"{"k:{":{}}"#,
        r#"{"i:x":{}}"#,
        r#"{"k:5":{}}"#,
    ] {
        assert!(
            Set::from_fields(&from_str(broken).unwrap()).is_err(),
            "{broken}"
        );
    }
}

#[test]
fn a_difference_leaves_children_and_a_recursive_one_takes_them() {
    let all = set(r#"{"f:a":{".":{},"f:b":{}},"f:c":{}}"#);
    let parent = set(r#"{"f:a":{}}"#);
    assert_eq!(
        all.difference(&parent),
        set(r#"{"f:a":{"f:b":{}},"f:c":{}}"#)
    );
    assert_eq!(all.recursive_difference(&parent), set(r#"{"f:c":{}}"#));
}

fn element() -> impl Strategy<Value = PathElement> {
    let scalar = prop_oneof![
        (0_i64..3).prop_map(Value::from),
        Just(Value::Number(Number::Float(0.5))),
        any::<bool>().prop_map(Value::from),
        proptest::sample::select(vec!["", "a", "\"<\u{1f600}"]).prop_map(Value::from),
    ];
    prop_oneof![
        4 => proptest::sample::select(vec!["a", "b", "c", ".", "f:x"]).prop_map(PathElement::field),
        2 => scalar.clone().prop_map(|value| PathElement::Key(vec![("name".into(), value)])),
        1 => scalar.prop_map(PathElement::Value),
        1 => (0_i64..3).prop_map(PathElement::Index),
    ]
}

fn any_set() -> impl Strategy<Value = Set> {
    let path = prop::collection::vec(element(), 1..4);
    prop::collection::vec(path, 0..12).prop_map(|paths| Set::of(paths.iter().map(Vec::as_slice)))
}

proptest! {
    #[test]
    fn a_set_survives_fields_v1(set in any_set()) {
        prop_assert_eq!(Set::from_fields(&set.to_fields()).unwrap(), set.clone());
        prop_assert_eq!(Set::of(set.paths().iter().map(Vec::as_slice)), set);
    }

    #[test]
    fn sets_follow_the_laws(a in any_set(), b in any_set()) {
        let both = a.intersection(&b);
        prop_assert_eq!(&a.union(&b), &b.union(&a));
        prop_assert_eq!(&a.difference(&b).union(&both), &a);
        prop_assert!(a.difference(&b).intersection(&b).is_empty());
        for path in a.union(&b).paths() {
            prop_assert!(a.has(&path) || b.has(&path));
            prop_assert_eq!(both.has(&path), a.has(&path) && b.has(&path));
        }
    }

    #[test]
    fn any_json_is_a_set_or_an_error(fields in super::super::arbitrary::value()) {
        let _ = Set::from_fields(&fields);
    }
}
