//! Whole schemas against whole objects.

use super::*;
use tollgate_api::Value;
use tollgate_api::json::from_str;

fn schema(properties: &str) -> Schema {
    let text = format!(r#"{{"type":"object","properties":{{"spec":{properties}}}}}"#);
    Schema::read(&from_str(&text).unwrap())
}

fn object(spec: &str) -> Value {
    from_str(&format!(r#"{{"spec":{spec}}}"#)).unwrap()
}

fn faults(properties: &str, spec: &str) -> Vec<String> {
    let errors = validate(&object(spec), None, &schema(properties), "");
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn bounds_read_as_upstream_says_them() {
    let of = r#"{"type":"object","properties":{"n":{"type":"integer","minimum":1,"maximum":10},
        "f":{"type":"number","exclusiveMaximum":true,"maximum":2.5},"s":{"type":"string","pattern":"^a\\d$"},
        "l":{"type":"array","minItems":1,"items":{"type":"string"}},"m":{"type":"object","maxProperties":1,"additionalProperties":{"type":"integer"}}}}"#;
    assert_eq!(
        faults(of, r#"{"n":11}"#),
        ["spec.n: Invalid value: 11: spec.n in body should be less than or equal to 10"]
    );
    assert_eq!(
        faults(of, r#"{"f":2.5}"#),
        ["spec.f: Invalid value: 2.5: spec.f in body should be less than 2.5"]
    );
    assert_eq!(
        faults(of, r#"{"s":"b"}"#),
        ["spec.s: Invalid value: \"b\": spec.s in body should match '^a\\d$'"]
    );
    assert_eq!(
        faults(of, r#"{"l":[]}"#),
        ["spec.l: Invalid value: 0: spec.l in body should have at least 1 items"]
    );
    assert_eq!(
        faults(of, r#"{"m":{"a":1,"b":2}}"#),
        ["spec.m: Too many: 2: must have at most 1 item"]
    );
    assert!(faults(of, r#"{"n":1,"f":2.4,"s":"a1","l":["x"],"m":{"a":2}}"#).is_empty());
}

#[test]
fn schemas_of_schemas_tell_the_best_failure() {
    let of = r#"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"oneOf":[{"required":["a"]},{"required":["b"]}]}"#;
    assert_eq!(
        faults(of, "{}"),
        [
            "<nil>: Invalid value: \"\": \"spec\" must validate one and only one schema (oneOf). Found none valid",
            "spec.a: Required value"
        ]
    );
    assert_eq!(
        faults(of, r#"{"a":"1","b":"2"}"#),
        [
            "<nil>: Invalid value: \"\": \"spec\" must validate one and only one schema (oneOf). Found 2 valid alternatives"
        ]
    );
    assert!(faults(of, r#"{"a":"1"}"#).is_empty());
}

#[test]
fn what_was_so_before_may_stay() {
    let of = schema(
        r#"{"type":"object","properties":{"n":{"type":"integer","maximum":1},"m":{"type":"integer","maximum":1}}}"#,
    );
    let old = object(r#"{"n":5,"m":0}"#);
    let new = object(r#"{"n":5,"m":1}"#);
    assert!(validate(&new, Some(&old), &of, "").is_empty());
    assert_eq!(
        validate(&object(r#"{"n":6}"#), Some(&old), &of, "").len(),
        1
    );
}

#[test]
fn what_is_unknown_goes_and_what_is_missing_comes() {
    let of = schema(
        r#"{"type":"object","properties":{"x":{"type":"integer","default":5},"o":{"type":"object","x-kubernetes-preserve-unknown-fields":true},
        "e":{"type":"object","x-kubernetes-embedded-resource":true,"properties":{"spec":{"type":"object"}}},"l":{"type":"array","items":{"type":"object","properties":{"a":{"type":"string"}}}}}}"#,
    );
    let mut found = from_str(
        r#"{"metadata":{"name":"a"},"top":1,"spec":{"x":null,"y":1,"o":{"any":{"z":1}},"e":{"kind":"K","spec":{},"more":1},"l":[{"a":"","b":2}]}}"#,
    )
    .unwrap();
    set_defaults(&mut found, &of);
    assert_eq!(
        prune(&mut found, Some(&of)),
        ["spec.e.more", "spec.l[0].b", "spec.y", "top"]
    );
    assert_eq!(
        found,
        from_str(r#"{"metadata":{"name":"a"},"spec":{"x":5,"o":{"any":{"z":1}},"e":{"kind":"K","spec":{}},"l":[{"a":""}]}}"#).unwrap()
    );
}

#[test]
fn sets_and_maps_have_no_member_twice() {
    let of = schema(
        r#"{"type":"object","properties":{"s":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
        "m":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["id"],"items":{"type":"object","properties":{"id":{"type":"string"}}}}}}"#,
    );
    let value = object(r#"{"s":["a","b","a"],"m":[{"id":"x","n":1},{"id":"x"}]}"#);
    let errors: Vec<String> = validate_list_types(&value, &of)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        errors,
        [
            "spec.s[2]: Duplicate value: \"a\"",
            "spec.m[1]: Duplicate value: {\"id\":\"x\"}"
        ]
    );
    let strange = object(r#"{"m":["a","a"]}"#);
    let errors: Vec<String> = validate_list_types(&strange, &of)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        errors,
        ["spec.m[0]: Invalid value: \"a\": must be an object for an array of list-type map"]
    );
}

#[test]
fn patterns_fail_in_words_of_go() {
    let said = |text: &str| Pattern::check(text).unwrap_err().to_string();
    assert_eq!(said("("), "error parsing regexp: missing closing ): `(`");
    assert_eq!(said("[a"), "error parsing regexp: missing closing ]: `[a`");
    assert_eq!(
        said("*"),
        "error parsing regexp: missing argument to repetition operator: `*`"
    );
    assert!(Pattern::check(r"^[\w.-]+\.\d{1,3}$").is_ok());
    assert!(Pattern::new(r"^\d+$").matches("12"));
    assert!(!Pattern::new(r"^\d+$").matches("١"));
}

#[test]
fn formats_hold_what_they_name() {
    let holds = |format: &str, text: &str| formats::Format::named(format).unwrap().holds(text);
    assert!(holds("date-time", "2026-01-02T03:04:05.123Z"));
    assert!(!holds("date-time", "yesterday"));
    assert!(holds("ipv4", "10.0.0.1") && !holds("ipv4", "10.0.0"));
    assert!(holds("cidr", "10.0.0.0/8") && !holds("cidr", "10.0.0.0/33"));
    assert!(holds("uuid", "123e4567-e89b-12d3-a456-426614174000"));
    assert!(holds("byte", "YWI=") && !holds("byte", "YW!"));
    assert!(holds("uri", "https://a/b") && !holds("uri", "a b"));
    assert!(formats::Format::named("int32").is_none());
}

#[test]
fn values_of_another_type_are_told_by_their_formats() {
    let of = r#"{"type":"object","properties":{"n":{"type":"integer","format":"int32"},"d":{"type":"string","format":"date"},
        "f":{"type":"number","format":"float"},"m":{"type":"number","multipleOf":0.5}}}"#;
    for (text, expected) in [
        (
            r#"{"n":3000000000}"#,
            "<nil>: Invalid value: \"\": Checked value must be of type integer with format int32 in spec.n",
        ),
        (
            r#"{"n":true}"#,
            "spec.n: Invalid value: \"\": spec.n in body must be of type int32: \"\"",
        ),
        (
            r#"{"n":"x"}"#,
            "spec.n: Invalid value: \"string\": spec.n in body must be of type integer: \"string\"",
        ),
        (
            r#"{"d":1}"#,
            "spec.d: Invalid value: \"int64\": spec.d in body must be of type date: \"int64\"",
        ),
        (
            r#"{"f":1e40}"#,
            "<nil>: Invalid value: \"\": Checked value must be of type number with format float in spec.f",
        ),
        (
            r#"{"m":1}"#,
            "spec.m: Invalid value: 0: factor MultipleOf declared for spec.m must be positive: 0",
        ),
    ] {
        assert_eq!(
            faults(of, text).first().map(String::as_str),
            Some(expected),
            "{text}"
        );
    }
    assert!(faults(of, r#"{"d":[1]}"#).is_empty());
}
