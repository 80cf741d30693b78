//! What the vectors do not hold: lengths, shapes that decoding would refuse, and any tree at all.

use super::*;
use crate::defaults;
use proptest::prelude::*;
use tollgate_api::json;

#[track_caller]
fn check(errors: &Errors, expected: &[&str]) {
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(texts, expected);
}

const OPEN: &str = r#""runAsUser":{"rule":"RunAsAny"},"seLinux":{"rule":"RunAsAny"},
    "supplementalGroups":{"rule":"RunAsAny"},"fsGroup":{"rule":"RunAsAny"}"#;

fn policy(name: &str) -> Value {
    let text = format!(r#"{{"metadata":{{"name":"{name}"}},"spec":{{{OPEN}}}}}"#);
    json::from_str(&text).unwrap()
}

#[test]
fn four_open_rules_suffice() {
    check(&validate(&policy("a")), &[]);
}

#[test]
fn lengths_are_counted_in_the_words_of_the_release() {
    let errors = validate(&policy(&"a".repeat(254)));
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].detail, "must be no more than 253 characters");
}

#[test]
fn an_update_names_the_version_it_replaces() {
    check(
        &validate_update(&policy("a"), &policy("a")),
        &["metadata.resourceVersion: Invalid value: \"\": must be specified for an update"],
    );
}

#[test]
fn nothing_at_all_is_refused_without_a_panic() {
    assert!(validate(&Value::Null).len() > 4);
    assert!(validate_update(&Value::Null, &Value::Null).len() > 4);
}

const KEYS: &[&str] = &[
    "allowedCSIDrivers",
    "allowedCapabilities",
    "allowedFlexVolumes",
    "allowedHostPaths",
    "allowedProcMountTypes",
    "allowedRuntimeClassNames",
    "allowedUnsafeSysctls",
    "annotations",
    "apparmor.security.beta.kubernetes.io/allowedProfileNames",
    "container.seccomp.security.alpha.kubernetes.io/c",
    "containers",
    "defaultAllowPrivilegeEscalation",
    "defaultRuntimeClassName",
    "driver",
    "forbiddenSysctls",
    "localhostProfile",
    "max",
    "metadata",
    "min",
    "name",
    "pathPrefix",
    "procMount",
    "ranges",
    "requiredDropCapabilities",
    "rule",
    "runAsGroup",
    "runAsUser",
    "runtimeClass",
    "seccomp.security.alpha.kubernetes.io/allowedProfileNames",
    "seccomp.security.alpha.kubernetes.io/pod",
    "seccompProfile",
    "securityContext",
    "spec",
    "type",
    "volumes",
];

fn tree() -> impl Strategy<Value = Value> {
    const TEXTS: &[&str] = &[
        "",
        "*",
        "a",
        "Localhost",
        "MustRunAs",
        "RunAsAny",
        "localhost/../a",
        "kernel.*",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(TEXTS).prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        let key = prop::sample::select(KEYS);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((key, inner), 0..6).prop_map(Value::from_iter),
        ]
    })
}

proptest! {
    #[test]
    fn no_tree_makes_it_panic_and_defaults_are_set_once(tree in tree(), old in tree()) {
        validate(&tree);
        validate_update(&tree, &old);
        let mut once = tree.clone();
        defaults::pod_security_policy::set_defaults(&mut once);
        let mut twice = once.clone();
        defaults::pod_security_policy::set_defaults(&mut twice);
        prop_assert_eq!(&once, &twice);
    }
}
