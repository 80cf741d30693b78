use super::*;
use tollgate_api::json::from_str;

fn classes(texts: &[&str]) -> PriorityClasses {
    let values: Vec<Value> = texts.iter().map(|text| from_str(text).unwrap()).collect();
    PriorityClasses::new(&values)
}

/// The spec after admission, or why it is refused.
#[track_caller]
fn check(classes: &PriorityClasses, spec: &str, expected: Result<&str, &str>) {
    let mut pod = Value::object();
    pod.set("spec", from_str(spec).unwrap());
    match (classes.admit(&mut pod), expected) {
        (Ok(()), Ok(expected)) => assert_eq!(pod.get("spec"), Some(&from_str(expected).unwrap())),
        (Err(violation), Err(why)) => assert_eq!(violation.message, why),
        (got, expected) => panic!("{got:?} instead of {expected:?}"),
    }
}

const NONE: &str = r#"{"priority":0,"preemptionPolicy":"PreemptLowerPriority"}"#;

#[test]
fn without_classes_all_pods_are_equal() {
    let none = classes(&[]);
    check(&none, "{}", Ok(NONE));
    check(&none, NONE, Ok(NONE));
    check(
        &none,
        r#"{"priorityClassName":"a"}"#,
        Err("no PriorityClass with name a was found"),
    );
}

#[test]
fn the_lowest_default_counts() {
    let two = classes(&[
        r#"{"metadata":{"name":"b"},"value":3,"globalDefault":true,"preemptionPolicy":"Never"}"#,
        r#"{"metadata":{"name":"a"},"value":9,"globalDefault":true}"#,
    ]);
    check(
        &two,
        "{}",
        Ok(r#"{"priorityClassName":"b","priority":3,"preemptionPolicy":"Never"}"#),
    );
}

#[test]
fn system_classes_can_be_implied() {
    let system = classes(&[]).with_system_classes();
    check(
        &system,
        r#"{"priorityClassName":"system-node-critical"}"#,
        Ok(
            r#"{"priorityClassName":"system-node-critical","priority":2000001000,"preemptionPolicy":"PreemptLowerPriority"}"#,
        ),
    );
}

#[test]
fn there_is_one_default() {
    let std = r#"{"metadata":{"name":"std"},"globalDefault":true}"#;
    let other = r#"{"metadata":{"name":"other"},"globalDefault":true}"#;
    let mut one = classes(&[std]);
    let judge = |classes: &PriorityClasses, operation, class: &str| {
        classes
            .validate(operation, &from_str(class).unwrap())
            .is_ok()
    };
    assert!(!judge(&one, Operation::Create, other));
    assert!(!judge(&one, Operation::Update, other));
    assert!(judge(&one, Operation::Update, std));
    one.remove("std");
    assert!(judge(&one, Operation::Create, other));
}

#[test]
fn updates_keep_what_admission_set() {
    let mut pod = from_str(r#"{"spec":{"priority":1}}"#).unwrap();
    let old = from_str(r#"{"spec":{"priority":7,"preemptionPolicy":"Never"}}"#).unwrap();
    preserve(&mut pod, &old);
    let kept = r#"{"spec":{"priority":1,"preemptionPolicy":"Never"}}"#;
    assert_eq!(pod, from_str(kept).unwrap());
}
