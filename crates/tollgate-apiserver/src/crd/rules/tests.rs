//! Rules as a definition writes them.

use super::{Rules, check};
use tollgate_api::Value;
use tollgate_api::json::from_str;

const SCHEMA: &str = r#"{"type":"object","properties":{"spec":{"type":"object","properties":{"min":{"type":"integer"},"max":{"type":"integer"},
    "fixed":{"type":"string","x-kubernetes-validations":[{"rule":"self == oldSelf","message":"fixed does not change"}]},
    "tags":{"type":"array","items":{"type":"string"}}},
    "x-kubernetes-validations":[{"rule":"!has(self.min) || !has(self.max) || self.min <= self.max","messageExpression":"'min is ' + 'above max'","fieldPath":".min"},
    {"rule":"!has(self.tags) || self.tags.all(t, t.startsWith('a'))","reason":"FieldValueForbidden"}]}}}"#;

fn object(spec: &str) -> Value {
    from_str(&format!(r#"{{"spec":{spec}}}"#)).unwrap()
}

fn faults(spec: &str, old: Option<&str>) -> Vec<String> {
    let rules = Rules::read(&from_str(SCHEMA).unwrap()).unwrap();
    let old = old.map(object);
    let errors = rules.validate(&object(spec), old.as_ref());
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn rules_that_do_not_hold_are_told() {
    assert!(faults(r#"{"min":1,"max":2,"tags":["ab"],"fixed":"f"}"#, None).is_empty());
    assert_eq!(
        faults(r#"{"min":3,"max":2}"#, None),
        ["spec.min: Invalid value: min is above max"]
    );
    assert_eq!(
        faults(r#"{"tags":["b"]}"#, None),
        ["spec: Forbidden: failed rule: !has(self.tags) || self.tags.all(t, t.startsWith('a'))"]
    );
    assert_eq!(
        faults(r#"{"fixed":"g"}"#, Some(r#"{"fixed":"f"}"#)),
        ["spec.fixed: Invalid value: \"g\": fixed does not change"]
    );
    assert!(faults(r#"{"min":3,"max":2}"#, Some(r#"{"min":3,"max":2}"#)).is_empty());
}

#[test]
fn rules_that_are_none_are_refused() {
    let said = |rule: &str| {
        let text = format!(
            r#"{{"spec":{{"versions":[{{"name":"v1","schema":{{"openAPIV3Schema":{{"type":"object","properties":{{"a":{{"type":"integer"}}}},"x-kubernetes-validations":[{{"rule":"{rule}"}}]}}}}}}]}}}}"#
        );
        let errors = check(&from_str(&text).unwrap());
        errors.first().map(|error| error.detail.clone())
    };
    assert_eq!(said("self.a > 1"), None);
    assert_eq!(said("self.metadata.name == 'x'"), None);
    assert_eq!(said("1").unwrap(), "cel expression must evaluate to a bool");
    assert_eq!(
        said("self.b > 1").unwrap(),
        "compilation failed: ERROR: <input>:1:5: undefined field 'b'\n | self.b > 1\n | ....^"
    );
    assert!(
        said("self.a ==")
            .unwrap()
            .starts_with("compilation failed: ERROR: <input>:1:10: ")
    );
    assert!(
        said("nope(self.a)")
            .unwrap()
            .contains("undeclared reference to 'nope'")
    );
}

#[test]
fn loops_in_loops_over_lists_without_end_are_refused() {
    let said = |limit: &str| {
        let text = format!(
            r#"{{"spec":{{"versions":[{{"name":"v1","schema":{{"openAPIV3Schema":{{"type":"object","properties":{{"l":{{"type":"array",{limit}"items":{{"type":"string"}},
                "x-kubernetes-validations":[{{"rule":"self.all(x, self.all(y, x == y))"}}]}}}}}}}}}}]}}}}"#
        );
        check(&from_str(&text).unwrap()).len()
    };
    assert_eq!(said(""), 3);
    assert_eq!(said(r#""maxItems":10,"#), 0);
}

#[test]
fn a_rule_may_be_asked_though_nothing_was_there_before() {
    let text = r#"{"type":"object","properties":{"a":{"type":"integer",
        "x-kubernetes-validations":[{"rule":"oldSelf.hasValue() || self == 1","optionalOldSelf":true}]}}}"#;
    let rules = Rules::read(&from_str(text).unwrap()).unwrap();
    let faults = |new: &str, old: Option<&str>| {
        let old = old.map(|old| from_str(old).unwrap());
        rules.validate(&from_str(new).unwrap(), old.as_ref()).len()
    };
    assert_eq!(faults(r#"{"a":1}"#, None), 0);
    assert_eq!(faults(r#"{"a":2}"#, None), 1);
    assert_eq!(faults(r#"{"a":2}"#, Some(r#"{"a":3}"#)), 0);
    assert_eq!(faults(r#"{"a":2}"#, Some("{}")), 1);
}

#[test]
fn a_rule_that_takes_too_long_is_named() {
    let text = r#"{"type":"object","properties":{"l":{"type":"array","items":{"type":"integer"},
        "x-kubernetes-validations":[{"rule":"self.all(x, self.all(y, x == y))"}]}}}"#;
    let rules = Rules::read(&from_str(text).unwrap()).unwrap();
    let list = vec!["1"; 1000].join(",");
    let errors = rules.validate(&from_str(&format!(r#"{{"l":[{list}]}}"#)).unwrap(), None);
    let text = errors[0].to_string();
    assert!(text.starts_with("l: Invalid value: \"array\": "), "{text}");
    assert!(
        text.contains("call cost exceeds limit for rule: self.all(x"),
        "{text}"
    );
}

#[test]
fn rules_about_changes_hold_for_what_does_not_change() {
    let faults = |rule: &str, old: &str, new: &str| {
        let text = format!(
            r#"{{"type":"object","properties":{{"a":{{"type":"object","additionalProperties":
                {{"type":"string","x-kubernetes-validations":[{rule}]}}}}}}}}"#
        );
        let rules = Rules::read(&from_str(&text).unwrap()).unwrap();
        let old = from_str(old).unwrap();
        rules.validate(&from_str(new).unwrap(), Some(&old)).len()
    };
    let (old, new) = (r#"{"a":{"x":"1"}}"#, r#"{"a":{"x":"1","y":"1"}}"#);
    assert_eq!(faults(r#"{"rule":"self != oldSelf"}"#, old, old), 1);
    assert_eq!(faults(r#"{"rule":"self != oldSelf"}"#, old, new), 1);
    let optional =
        r#"{"rule":"!oldSelf.hasValue() || self != oldSelf.value()","optionalOldSelf":true}"#;
    assert_eq!(faults(optional, old, new), 1);
    assert_eq!(faults(r#"{"rule":"self == 'other'"}"#, old, old), 0);
    assert_eq!(faults(r#"{"rule":"self == 'other'"}"#, old, new), 1);
}

#[test]
fn what_was_there_before_is_known_only_where_it_can_be_found() {
    let said = |sort: &str, rule: &str| {
        let text = format!(
            r#"{{"spec":{{"versions":[{{"name":"v1","schema":{{"openAPIV3Schema":{{"type":"object","properties":{{"l":{{"type":"array",{sort}"maxItems":3,
                "items":{{"type":"object","properties":{{"k":{{"type":"string","maxLength":3}}}},"x-kubernetes-validations":[{rule}]}}}}}}}}}}}}]}}}}"#
        );
        let errors = check(&from_str(&text).unwrap());
        errors
            .first()
            .map(|error| format!("{}: {}", error.field, error.detail))
    };
    let rule = r#"{"rule":"self == oldSelf"}"#;
    let by_key = r#""x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"#;
    assert_eq!(said(by_key, rule), None);
    let found = said("", rule).unwrap();
    assert!(
        found.ends_with(".items.x-kubernetes-validations[0].rule: oldSelf cannot be used on the uncorrelatable portion of the schema within spec.validation.openAPIV3Schema.properties[l].items"),
        "{found}"
    );
    let found = said(by_key, r#"{"rule":"self.k != ''","optionalOldSelf":true}"#).unwrap();
    assert!(
        found.ends_with("[0].optionalOldSelf: may not be set if oldSelf is not used in rule"),
        "{found}"
    );
}

#[test]
fn functions_of_kubernetes_are_there() {
    let holds = |rule: &str| {
        let text = format!(
            r#"{{"type":"object","properties":{{"l":{{"type":"array","items":{{"type":"integer"}}}},"s":{{"type":"string"}}}},"x-kubernetes-validations":[{{"rule":"{rule}"}}]}}"#
        );
        let rules = Rules::read(&from_str(&text).unwrap()).unwrap();
        let value = from_str(r#"{"l":[1,2,4],"s":"a1b22"}"#).unwrap();
        let errors = rules.validate(&value, None);
        assert!(errors.is_empty(), "{rule}: {errors:?}");
    };
    holds("self.l.isSorted() && self.l.sum() == 7 && self.l.min() == 1 && self.l.max() == 4");
    holds("self.s.find('[0-9]+') == '1' && self.s.findAll('[0-9]+').size() == 2");
    holds("isQuantity('1Gi') && !isQuantity('x') && isURL('https://a/b')");
    holds("self.s.upperAscii() == 'A1B22' && self.s.substring(1, 3) == '1b'");
}
