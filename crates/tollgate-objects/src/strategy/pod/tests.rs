use super::prepare_for_create;
use tollgate_api::json::from_str;
use tollgate_api::{Release, Value};

/// What the pod is after its preparation, status and generation aside, and the warnings.
#[track_caller]
fn check(pod: &str, minor: u16, expected: &str, warned: &[&str]) {
    let mut pod = from_str(pod).unwrap();
    let warnings = prepare_for_create(&mut pod, Release::minor(minor));
    pod.remove("status").unwrap();
    if let Some(metadata) = pod.get_mut("metadata") {
        metadata.remove("generation");
    }
    assert_eq!(pod, from_str(expected).unwrap());
    assert_eq!(warnings, warned);
}

#[test]
fn the_status_starts_anew() {
    let mut pod = from_str(
        r#"{"metadata":{},"spec":{"containers":[]},"status":{"phase":"Running","podIP":"10.0.0.1"}}"#,
    )
    .unwrap();
    prepare_for_create(&mut pod, Release::default());
    let status = r#"{"phase":"Pending","qosClass":"BestEffort"}"#;
    assert_eq!(pod.get("status"), Some(&from_str(status).unwrap()));
    assert_eq!(
        pod.at(&["metadata", "generation"]).unwrap().as_i64(),
        Some(1)
    );
}

#[test]
fn gated_pods_say_so() {
    let mut pod = from_str(r#"{"spec":{"schedulingGates":[{"name":"a"}]}}"#).unwrap();
    prepare_for_create(&mut pod, Release::default());
    let condition = pod
        .get("status")
        .unwrap()
        .items("conditions")
        .first()
        .unwrap();
    assert_eq!(condition.str("reason"), Some("SchedulingGated"));
}

#[test]
fn app_armor_annotations_become_fields() {
    let pod = |annotation: &str, context: &str| {
        format!(
            r#"{{"metadata":{{"annotations":{{"container.apparmor.security.beta.kubernetes.io/a":"{annotation}"}}}},
            "spec":{{"containers":[{{"name":"a"{context}}},{{"name":"b"}}]}}}}"#
        )
    };
    let warning = "metadata.annotations[container.apparmor.security.beta.kubernetes.io/a]: deprecated since v1.30; use the \"appArmorProfile\" field instead";
    let copied = |profile: &str| format!(r#","securityContext":{{"appArmorProfile":{profile}}}"#);
    let localhost = r#"{"type":"Localhost","localhostProfile":"p"}"#;
    for (annotation, profile) in [
        ("unconfined", r#"{"type":"Unconfined"}"#),
        ("runtime/default", r#"{"type":"RuntimeDefault"}"#),
        ("localhost/p", localhost),
    ] {
        let expected = pod(annotation, &copied(profile));
        check(&pod(annotation, ""), 36, &expected, &[warning]);
        check(&expected, 36, &expected, &[]);
    }
    for broken in ["", "localhost/", "localhost/ p", "other"] {
        check(&pod(broken, ""), 36, &pod(broken, ""), &[warning]);
    }
    check(&pod("unconfined", ""), 29, &pod("unconfined", ""), &[]);
}

#[test]
fn the_pods_own_app_armor_profile_is_not_copied() {
    let pod = r#"{"metadata":{"annotations":{"container.apparmor.security.beta.kubernetes.io/a":"unconfined"}},
        "spec":{"securityContext":{"appArmorProfile":{"type":"Unconfined"}},"containers":[{"name":"a"}]}}"#;
    check(pod, 36, pod, &[]);
}

#[test]
fn seccomp_annotations_and_fields_followed_each_other_once() {
    let before = r#"{"metadata":{"annotations":{"seccomp.security.alpha.kubernetes.io/pod":"docker/default"}},
        "spec":{"containers":[{"name":"a","securityContext":{"seccompProfile":{"type":"Localhost","localhostProfile":"p"}}}]}}"#;
    let after = r#"{"metadata":{"annotations":{"seccomp.security.alpha.kubernetes.io/pod":"docker/default",
        "container.seccomp.security.alpha.kubernetes.io/a":"localhost/p"}},
        "spec":{"securityContext":{"seccompProfile":{"type":"RuntimeDefault"}},
        "containers":[{"name":"a","securityContext":{"seccompProfile":{"type":"Localhost","localhostProfile":"p"}}}]}}"#;
    check(before, 24, after, &[]);
    check(before, 36, before, &[]);
}

#[test]
fn disabled_fields_are_dropped() {
    check(
        r#"{"metadata":{},"spec":{"schedulingGroup":{},"hostUsers":false,"containers":[
            {"lifecycle":{"stopSignal":"SIGTERM"},"securityContext":{"procMount":"Unmasked"}}],
            "volumes":[{"name":"v","projected":{"sources":[{"clusterTrustBundle":{}}]}}]}}"#,
        36,
        r#"{"metadata":{},"spec":{"hostUsers":false,"containers":[{"securityContext":{"procMount":"Unmasked"}}],
            "volumes":[{"name":"v","projected":{"sources":[{}]}}]}}"#,
        &[],
    );
    check(
        r#"{"spec":{"hostUsers":false,"resources":{},"initContainers":[{"name":"i","restartPolicy":"Always"}],
            "containers":[{"securityContext":{"procMount":"Unmasked"},"volumeMounts":[{"name":"v"},{"name":"w"}]}],
            "volumes":[{"name":"v","image":{}},{"name":"w","emptyDir":{}}]}}"#,
        24,
        r#"{"spec":{"initContainers":[{"name":"i"}],
            "containers":[{"securityContext":{"procMount":"Default"},"volumeMounts":[{"name":"w"}]}],
            "volumes":[{"name":"w","emptyDir":{}}]}}"#,
        &[],
    );
}

#[test]
fn label_keys_are_merged_into_selectors() {
    let pod = |expressions: &str| {
        format!(
            r#"{{"metadata":{{"labels":{{"a":"1","b":"2"}}}},"spec":{{
            "affinity":{{"podAntiAffinity":{{"requiredDuringSchedulingIgnoredDuringExecution":[
            {{"matchLabelKeys":["a","absent"],"mismatchLabelKeys":["b"],"labelSelector":{{{expressions}}}}}]}}}},
            "topologySpreadConstraints":[{{"matchLabelKeys":["a"]}}]}}}}"#
        )
    };
    let merged = r#""matchExpressions":[{"key":"a","operator":"In","values":["1"]},{"key":"b","operator":"NotIn","values":["2"]}]"#;
    check(&pod(""), 36, &pod(merged), &[]);
    check(&pod(""), 24, &pod(""), &[]);
}

#[test]
fn survives_what_is_no_pod() {
    for text in [
        "null",
        "[]",
        "{\"spec\":5}",
        "{\"metadata\":[],\"spec\":{\"containers\":{}}}",
    ] {
        let mut value = from_str(text).unwrap();
        prepare_for_create(&mut value, Release::default());
        prepare_for_create(&mut value, Release::minor(20));
    }
    prepare_for_create(&mut Value::Null, Release::default());
}
