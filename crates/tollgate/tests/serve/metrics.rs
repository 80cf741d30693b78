//! What is counted, and under which names.

use super::running::{Running, pod};
use std::collections::BTreeMap;
use tollgate_testkit::client::{Request, Who};

/// Names and labels as kube-apiserver 1.36 has them, and one sample of each that must be there.
const EXPECTED: [(&str, &str, &str); 15] = [
    (
        "apiserver_admission_controller_admission_duration_seconds",
        "name operation rejected type",
        r#"_count{name="PodSecurity",operation="CREATE",rejected="false",type="validate"}"#,
    ),
    (
        "apiserver_admission_step_admission_duration_seconds",
        "operation rejected type",
        r#"_bucket{operation="CREATE",rejected="false",type="admit",le="2.5"}"#,
    ),
    ("apiserver_audit_event_total", "", " 0"),
    (
        "apiserver_current_inflight_requests",
        "request_kind",
        r#"{request_kind="readOnly"} 1"#,
    ),
    (
        "apiserver_flowcontrol_nominal_limit_seats",
        "priority_level",
        r#"{priority_level="workload-low"} 245"#,
    ),
    (
        "apiserver_longrunning_requests",
        "component group resource scope subresource verb version",
        r#"{component="apiserver",group="",resource="pods",scope="namespace",subresource="",verb="WATCH",version="v1"} 1"#,
    ),
    (
        "apiserver_request_duration_seconds",
        "component dry_run group resource scope subresource verb version",
        r#"_bucket{component="apiserver",dry_run="",group="",resource="pods",scope="namespace",subresource="",verb="POST",version="v1",le="45"} 1"#,
    ),
    (
        "apiserver_request_total",
        "code component dry_run group resource scope subresource verb version",
        r#"{code="201",component="apiserver",dry_run="",group="",resource="pods",scope="namespace",subresource="",verb="POST",version="v1"} 1"#,
    ),
    (
        "apiserver_resource_objects",
        "group resource",
        r#"{group="rbac.authorization.k8s.io",resource="clusterrolebindings"}"#,
    ),
    (
        "apiserver_response_sizes",
        "component group resource scope subresource verb version",
        r#"_bucket{component="apiserver",group="",resource="pods",scope="namespace",subresource="",verb="LIST",version="v1",le="1e+06"} 1"#,
    ),
    (
        "apiserver_storage_objects",
        "resource",
        r#"{resource="pods"} 1"#,
    ),
    (
        "apiserver_terminated_watchers_total",
        "group resource",
        r#"{group="",resource="pods"} 0"#,
    ),
    (
        "apiserver_watch_events_total",
        "group resource version",
        r#"{group="",resource="pods",version="v1"} 1"#,
    ),
    (
        "pod_security_evaluations_total",
        "decision mode policy_level policy_version request_operation resource subresource",
        r#"{decision="allow",mode="enforce",policy_level="privileged",policy_version="latest",request_operation="create",resource="pod",subresource=""} 1"#,
    ),
    (
        "tollgate_watch_encodings_total",
        "group resource version",
        r#"{group="",resource="pods",version="v1"} 1"#,
    ),
];

fn names_of(labels: &str) -> String {
    let names = labels
        .split("\",")
        .filter_map(|pair| Some(pair.split_once('=')?.0));
    names
        .filter(|name| *name != "le")
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn metrics_have_upstreams_names_and_labels() {
    let server = Running::start("metrics", &[]);
    server.namespace("a", "5");
    let path = "/api/v1/namespaces/a/pods";
    let pod = pod("p");
    let made = server.send(&Request::json("POST", path, &pod));
    assert_eq!(made.status, 201, "{}", made.text());
    server.get(path);
    for path in [
        "/apis/made-up/v1/things",
        "/api/v1/namespaces/a/pods/p/made-up",
    ] {
        assert_eq!(server.send(&Request::new("GET", path)).status, 404);
    }
    let mut watch = server.target.connect(Who::Admin).unwrap();
    let watched = format!("{path}?watch=true&timeoutSeconds=60");
    watch.write(&Request::new("GET", &watched)).unwrap();
    assert_eq!(watch.read_head().unwrap().status, 200);
    assert!(watch.chunk().unwrap().is_some());
    let text = server.send(&Request::new("GET", "/metrics")).text();
    assert!(!text.contains("made-up"), "a client made up a label");
    let mut labels: BTreeMap<&str, String> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (sample, _) = line.rsplit_once(' ').unwrap();
        let (name, pairs) = sample.split_once('{').unwrap_or((sample, ""));
        let suffixes = ["_bucket", "_sum", "_count"].into_iter();
        let mut suffixes = suffixes.filter_map(|suffix| name.strip_suffix(suffix));
        let name = suffixes.next().unwrap_or(name);
        labels.entry(name).or_insert_with(|| names_of(pairs));
    }
    for (name, expected, sample) in EXPECTED {
        assert_eq!(
            labels.get(name).map(String::as_str),
            Some(expected),
            "{name}"
        );
        assert!(
            text.contains(&format!("\n{name}{sample}")),
            "{name}{sample}\n{text}"
        );
    }
}
