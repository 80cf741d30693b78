use super::{CALL_COST_MAX, CALL_TOO_DEAR};
use crate::cel::{Bindings, Expression, Scope, Wanted};
use tollgate_api::Value;

/// A ConfigMap with so many keys.
fn config_map(keys: usize) -> Value {
    let keys = (0..keys).map(|number| (format!("k{number:05}"), format!("v{number:05}")));
    let mut data = Value::object();
    for (key, value) in keys {
        data.set(key, value);
    }
    let mut object = Value::object();
    object.child_mut("metadata").set("name", "x");
    object.set("data", data);
    object
}

/// What an expression costs for a ConfigMap with so many keys.
fn cost(text: &str, keys: usize) -> u64 {
    let mut bindings = Bindings::default();
    bindings.bind("object", Some(&config_map(keys)));
    let expression = Expression::compile(text, &Scope::new(&["object"]), Wanted::Bool);
    expression.expect(text).cost(&bindings)
}

/// What a kube-apiserver 1.36.3 evaluated for so many keys, and no longer for one more.
#[test]
fn costs_are_those_of_kubernetes() {
    for (text, keys) in [
        ("object.data.all(k, object.data.all(l, true))", 576),
        (
            "object.data.all(k, object.data.all(l, k != l || true))",
            407,
        ),
        (
            "object.data.all(k, object.data.all(l, object.data[l] != '' ))",
            407,
        ),
        ("object.data.all(k, object.data.map(l, l).size() > 0)", 277),
        (
            "object.data.all(k, object.data.filter(l, true).size() > 0)",
            277,
        ),
        (
            "object.data.all(k, object.data.map(l, l + k).size() > 0)",
            257,
        ),
        ("object.data.all(k, object.data.exists_one(l, l == k))", 575),
        (
            "object.data.all(k, object.data.all(l, l.matches('^k[0-9]+$')))",
            377,
        ),
        (
            "object.data.all(k, object.data.all(l, l.contains('k0')))",
            446,
        ),
        (
            "object.data.all(k, object.data.all(l, l.startsWith('k0')))",
            446,
        ),
        ("object.data.all(k, object.data.all(l, v, v != ''))", 499),
        (
            "object.data.all(k, object.data.transformList(l, v, v).size() > 0)",
            277,
        ),
        ("object.data.all(k, k in object.data.map(l, l))", 267),
        (
            "object.data.all(k, object.data.all(l, has(object.metadata.labels) || true))",
            446,
        ),
        (
            "object.data.all(k, object.data.all(l, object.metadata.?labels.hasValue() || true))",
            407,
        ),
        (
            "object.data.all(k, object.data.all(l, {'a': l}.a != ''))",
            166,
        ),
        ("object.data.all(k, object.data.all(l, [l][0] != ''))", 249),
    ] {
        // Two loops within each other: the cost is a polynomial, which three values tell.
        let [one, two, three] = [1, 2, 3].map(|keys| i128::from(cost(text, keys)));
        let at = |keys: i128| {
            let (first, second) = (two - one, three - 2 * two + one);
            one + (keys - 1) * first + (keys - 1) * (keys - 2) / 2 * second
        };
        assert_eq!(at(5), i128::from(cost(text, 5)), "{text}");
        let limit = i128::from(CALL_COST_MAX);
        let (good, bad) = (at(keys), at(keys + 1));
        assert!(good <= limit && bad > limit, "{text}: {good}, {bad}");
    }
}

#[test]
fn what_costs_too_much_ends_early_and_nothing_takes_its_error_for_an_answer() {
    let mut bindings = Bindings::default();
    bindings.bind("object", Some(&config_map(2000)));
    let dear = "object.data.all(a, object.data.all(b, object.data.all(c, a != '')))";
    for text in [
        dear.to_owned(),
        format!("{dear} || true"),
        format!("true && ({dear} || true)"),
    ] {
        let scope = Scope::new(&["object"]);
        let expression = Expression::compile(&text, &scope, Wanted::Bool).unwrap();
        let why = expression.evaluate(&bindings).unwrap_err();
        assert_eq!(
            why,
            format!("expression '{text}' resulted in error: {CALL_TOO_DEAR}")
        );
    }
}

#[test]
fn what_is_not_evaluated_costs_nothing() {
    let dear = "object.data.all(a, object.data.all(b, a.matches('a*b*c*') || true))";
    assert!(cost(dear, 40) > 5_000);
    for text in [
        format!("true || {dear}"),
        format!("!(false && {dear})"),
        format!("true ? true : {dear}"),
    ] {
        assert!(cost(&text, 40) < 10, "{text}");
    }
}

#[test]
fn several_evaluations_share_a_budget() {
    let mut bindings = Bindings::default();
    bindings.bind("object", None);
    let text = "lists.range(990000).size() > 0";
    let expression = Expression::compile(text, &Scope::new(&["object"]), Wanted::Bool).unwrap();
    let answers = (0..11).map(|_| expression.evaluate(&bindings).is_ok());
    let answers: Vec<bool> = answers.collect();
    assert_eq!(answers.iter().filter(|is_good| **is_good).count(), 10);
    assert_eq!(
        expression.evaluate(&bindings).unwrap_err(),
        crate::cel::OUT_OF_BUDGET
    );
}

#[test]
fn what_never_changes_is_made_once_and_costs_nothing() {
    for (text, expected) in [
        ("[1, 2] == [1, 2]", 1),
        ("object.kind in ['a', 'b']", 2),
        ("object.kind in [object.kind, object.kind]", 2 + 14 + 2),
        ("{'a': [1]} == {'a': [1]}", 1),
        ("duration('1h') == duration('2h')", 1),
        ("'a'.size() == 1", 2),
    ] {
        let mut bindings = Bindings::default();
        let mut object = Value::object();
        object.set("kind", "a");
        bindings.bind("object", Some(&object));
        let expression = Expression::compile(text, &Scope::new(&["object"]), Wanted::Bool);
        assert_eq!(expression.unwrap().cost(&bindings), expected, "{text}");
    }
}
