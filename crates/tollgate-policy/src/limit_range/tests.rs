//! LimitRanger by example: where violations point, what helps, what is left alone.

use super::{LimitRange, Refusal, applies, list_failed, mutate, validate};
use tollgate_api::{Attributes, GroupResource, Operation, Value, json};

fn object(text: &str) -> Value {
    json::from_str(text).unwrap()
}

fn range(limits: &str) -> LimitRange {
    let text = format!(r#"{{"metadata":{{"name":"lr"}},"spec":{{"limits":[{limits}]}}}}"#);
    LimitRange::new(&object(&text))
}

fn request<'a>(
    operation: Operation,
    resource: &'a GroupResource,
    subresource: &'a str,
) -> Attributes<'a> {
    Attributes {
        operation,
        resource,
        subresource,
        namespace: "default",
        name: "x",
        user: None,
        object: None,
        old_object: None,
        dry_run: false,
    }
}

fn judge(resource: &str, limits: &str, spec: &str) -> Option<Box<Refusal>> {
    let resource = GroupResource::new("", resource);
    let judged = object(&format!(r#"{{"spec":{spec}}}"#));
    let mut attributes = request(Operation::Create, &resource, "");
    attributes.object = Some(&judged);
    validate(&[range(limits)], &attributes).err()
}

/// Every violation as `control policy-field fields: help`.
#[track_caller]
fn check(resource: &str, limits: &str, spec: &str, expected: &[&str]) {
    let violations = judge(resource, limits, spec).map_or(Vec::new(), |refusal| refusal.violations);
    let shown: Vec<String> = violations
        .iter()
        .map(|violation| {
            let fields: Vec<String> = violation.fields.iter().map(ToString::to_string).collect();
            let policy = violation.policy.as_ref().unwrap();
            format!(
                "{} {}: {}: {}",
                violation.control,
                policy.fields[0],
                fields.join(" "),
                violation.help.as_deref().unwrap()
            )
        })
        .collect();
    assert_eq!(shown, expected);
}

#[test]
fn points_at_the_container_and_says_what_would_pass() {
    check(
        "pods",
        r#"{"type":"Pod"},{"type":"Container","max":{"cpu":"1"},"min":{"cpu":"100m","memory":"1Mi"}}"#,
        r#"{"containers":[{"resources":{"requests":{"cpu":"50m"},"limits":{"cpu":"2"}}}],
            "initContainers":[{"resources":{"requests":{"cpu":"1","memory":"1Mi"},"limits":{"cpu":"1"}}}]}"#,
        &[
            "min spec.limits[1].min[cpu]: spec.containers[0].resources.requests[cpu]: \
             set `resources.requests.cpu` to at least 100m",
            "min spec.limits[1].min[memory]: spec.containers[0].resources.requests[memory]: \
             set `resources.requests.memory` to at least 1Mi",
            "max spec.limits[1].max[cpu]: spec.containers[0].resources.limits[cpu]: \
             set `resources.limits.cpu` to at most 1",
        ],
    );
}

#[test]
fn offers_both_ways_to_a_smaller_ratio() {
    check(
        "pods",
        r#"{"type":"Container","maxLimitRequestRatio":{"cpu":"1.5","memory":"2"}}"#,
        r#"{"containers":[{"resources":{
            "requests":{"cpu":"100m","memory":"1Gi"},"limits":{"cpu":"1","memory":"3Gi"}}}]}"#,
        &[
            "maxLimitRequestRatio spec.limits[0].maxLimitRequestRatio[cpu]: \
             spec.containers[0].resources.limits[cpu] spec.containers[0].resources.requests[cpu]: \
             set `resources.limits.cpu` to at most 150m, or set `resources.requests.cpu` to at least 667m",
            "maxLimitRequestRatio spec.limits[0].maxLimitRequestRatio[memory]: \
             spec.containers[0].resources.limits[memory] spec.containers[0].resources.requests[memory]: \
             set `resources.limits.memory` to at most 2Gi, or set `resources.requests.memory` to at least 1536Mi",
        ],
    );
}

#[test]
fn points_at_all_containers_that_add_up() {
    check(
        "pods",
        r#"{"type":"Pod","max":{"cpu":"1","memory":"1Gi"}}"#,
        r#"{"containers":[{"resources":{"limits":{"cpu":"800m"}}},{}],
            "initContainers":[{"restartPolicy":"Always","resources":{"limits":{"cpu":"400m"}}}]}"#,
        &[
            "max spec.limits[0].max[cpu]: spec.containers[0].resources.limits[cpu] \
             spec.initContainers[0].resources.limits[cpu]: \
             set the total of the containers' cpu limits to at most 1",
            "max spec.limits[0].max[memory]: spec.containers[0].resources.limits[memory] \
             spec.containers[1].resources.limits[memory]: \
             set the total of the containers' memory limits to at most 1Gi",
        ],
    );
}

#[test]
fn claims_are_judged_by_their_requests() {
    let limits =
        r#"{"type":"PersistentVolumeClaim","min":{"storage":"1Gi"},"max":{"storage":"2Gi"}}"#;
    let spec = |storage| format!(r#"{{"resources":{{"requests":{{"storage":"{storage}"}}}}}}"#);
    check("persistentvolumeclaims", limits, &spec("1Gi"), &[]);
    check("persistentvolumeclaims", limits, &spec("2Gi"), &[]);
    check(
        "persistentvolumeclaims",
        limits,
        &spec("3Gi"),
        &[
            "max spec.limits[0].max[storage]: spec.resources.requests[storage]: \
           set `spec.resources.requests.storage` to at most 2Gi",
        ],
    );
}

#[test]
fn reports_all_ranges_but_answers_with_the_first() {
    let pods = GroupResource::new("", "pods");
    let pod = object(r#"{"spec":{"containers":[{"resources":{"requests":{"cpu":"1"}}}]}}"#);
    let mut attributes = request(Operation::Create, &pods, "");
    attributes.object = Some(&pod);
    let limits = |min| {
        range(&format!(
            r#"{{"type":"Container","min":{{"cpu":"{min}"}}}}"#
        ))
    };
    let refusal = validate(&[limits("1"), limits("2"), limits("3")], &attributes).unwrap_err();
    assert_eq!(refusal.violations.len(), 2);
    assert_eq!(
        refusal.status.message,
        "pods \"x\" is forbidden: minimum cpu usage per Container is 2, but request is 1"
    );
}

#[test]
fn looks_at_new_and_resized_pods_and_at_claims() {
    let pods = GroupResource::new("", "pods");
    let claims = GroupResource::new("", "persistentvolumeclaims");
    let others = GroupResource::new("example.com", "pods");
    for (operation, resource, subresource, expected) in [
        (Operation::Create, &pods, "", true),
        (Operation::Update, &pods, "resize", true),
        (Operation::Update, &claims, "", true),
        (Operation::Create, &claims, "", true),
        (Operation::Update, &pods, "", false),
        (Operation::Create, &pods, "resize", false),
        (Operation::Create, &pods, "binding", false),
        (Operation::Update, &claims, "status", false),
        (Operation::Delete, &pods, "", false),
        (Operation::Create, &others, "", false),
    ] {
        let attributes = request(operation, resource, subresource);
        assert_eq!(
            applies(&attributes),
            expected,
            "{operation:?} {resource} {subresource}"
        );
        assert_eq!(list_failed(&attributes, "down").is_some(), expected);
    }
    let old = object(r#"{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}}"#);
    let mut attributes = request(Operation::Update, &claims, "");
    attributes.old_object = Some(&old);
    assert!(!applies(&attributes));
}

#[test]
fn sets_only_what_is_missing_and_says_so() {
    let pods = GroupResource::new("", "pods");
    let attributes = request(Operation::Create, &pods, "");
    let ranges = [range(
        r#"{"type":"Container","default":{"cpu":"2","memory":"1Gi"},"defaultRequest":{"cpu":"1"}}"#,
    )];
    let mut pod = object(
        r#"{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":"3"}}}],
            "initContainers":[{"name":"b","resources":{"requests":{"cpu":null}}}]}}"#,
    );
    assert!(mutate(&ranges, &attributes, &mut pod));
    assert_eq!(
        pod.at(&["metadata", "annotations", super::ANNOTATION])
            .unwrap()
            .as_str()
            .unwrap(),
        "LimitRanger plugin set: cpu request for container a; memory limit for container a; \
         cpu, memory limit for init container b"
    );
    let container = pod.get("spec").unwrap().items("containers")[0]
        .get("resources")
        .unwrap();
    assert_eq!(
        *container,
        object(r#"{"limits":{"cpu":"3","memory":"1Gi"},"requests":{"cpu":"1"}}"#)
    );
    assert!(!mutate(&ranges, &attributes, &mut pod));
}

#[test]
fn survives_wrong_types_everywhere() {
    let limits = r#"{"type":"Container","min":{"cpu":"1"}},{"type":"Pod","max":{"cpu":[]}},7"#;
    for spec in [
        "7",
        "{}",
        r#"{"containers":[1,{"resources":{"requests":{"cpu":{}}}}]}"#,
    ] {
        let _ = judge("pods", limits, spec);
        let _ = judge("persistentvolumeclaims", limits, spec);
        let pods = GroupResource::new("", "pods");
        let mut pod = object(&format!(r#"{{"spec":{spec}}}"#));
        let attributes = request(Operation::Create, &pods, "");
        mutate(
            &[range(r#"{"type":"Container","default":{"cpu":"1"}}"#)],
            &attributes,
            &mut pod,
        );
    }
}
