//! Policies as they are read and followed, and events as they are written.

use super::*;
use crate::environment::fixed::Fixed;
use tollgate_api::{GroupVersionKind, Status, UserInfo, Value, json};
use tollgate_policy::rbac::{Access, ResourceAccess};

fn policy(rest: &str) -> Result<Policy, String> {
    let text = format!(r#"{{"apiVersion":"audit.k8s.io/v1","kind":"Policy",{rest}}}"#);
    Policy::from_value(&json::from_str(&text).unwrap(), &[]).map_err(|error| error.to_string())
}

fn user(name: &str, groups: &[&str]) -> UserInfo {
    UserInfo {
        name: name.into(),
        groups: groups.iter().map(|group| (*group).into()).collect(),
        ..UserInfo::default()
    }
}

/// `verb group/resource[/subresource] namespace name`, or `verb path`.
fn access(text: &'static str) -> Access<'static> {
    let words: Vec<&str> = text.split(' ').collect();
    if words.len() == 2 {
        return Access::NonResource {
            verb: words[0],
            path: words[1],
        };
    }
    let parts: Vec<&str> = words[1].split('/').collect();
    let some = |text: &'static str| if text == "-" { "" } else { text };
    Access::Resource(ResourceAccess {
        verb: words[0],
        group: parts[0],
        resource: parts[1],
        subresource: parts.get(2).copied().unwrap_or_default(),
        namespace: some(words[2]),
        name: some(words[3]),
        ..ResourceAccess::default()
    })
}

#[track_caller]
fn check_level(rules: &str, expected: &[(&'static str, Level)]) {
    let policy = policy(&format!(r#""rules":[{rules}]"#)).unwrap();
    let tim = user("tim", &["humans", "ops"]);
    for (text, level) in expected {
        assert_eq!(
            policy.judge(Some(&tim), &access(text)).level,
            *level,
            "{text}"
        );
    }
}

#[test]
fn the_first_rule_that_fits_decides() {
    check_level(
        r#"{"level":"None","verbs":["watch"]},{"level":"Request","users":["tim"],"verbs":["get"]},
           {"level":"None","users":["tim"],"verbs":["get"]},{"level":"Metadata"}"#,
        &[
            ("watch /pods a -", Level::None),
            ("get /pods a p", Level::Request),
            ("list /pods a -", Level::Metadata),
            ("get /healthz", Level::Request),
        ],
    );
    check_level(
        r#"{"level":"Metadata","userGroups":["ops"],"verbs":["get"]}"#,
        &[
            ("get /pods a p", Level::Metadata),
            ("list /pods a -", Level::None),
        ],
    );
}

#[test]
fn patterns_name_resources_and_subresources() {
    let rules = |resources: &str| {
        format!(
            r#"{{"level":"Metadata","resources":[{{"group":"","resources":["{resources}"]}}]}}"#
        )
    };
    let (yes, no) = (Level::Metadata, Level::None);
    check_level(
        &rules("pods"),
        &[
            ("get /pods a p", yes),
            ("get /pods/log a p", no),
            ("get apps/pods a p", no),
            ("get /pods", no),
        ],
    );
    check_level(
        &rules("pods/*"),
        &[
            ("get /pods a p", yes),
            ("get /pods/log a p", yes),
            ("get /nodes - n", no),
        ],
    );
    check_level(
        &rules("*/status"),
        &[
            ("get /pods/status a p", yes),
            ("get /pods a p", no),
            ("get /pods/log a p", no),
        ],
    );
    check_level(
        &rules("pods/log"),
        &[("get /pods/log a p", yes), ("get /pods a p", no)],
    );
    check_level(
        &rules("*"),
        &[("get /pods/log a p", yes), ("get apps/x a p", no)],
    );
}

#[test]
fn names_namespaces_and_paths_narrow_a_rule() {
    let (yes, no) = (Level::Metadata, Level::None);
    check_level(
        r#"{"level":"Metadata","resources":[{"group":"","resources":["configmaps"],"resourceNames":["c"]}]}"#,
        &[
            ("get /configmaps a c", yes),
            ("get /configmaps a d", no),
            ("list /configmaps a -", no),
        ],
    );
    check_level(
        r#"{"level":"Metadata","namespaces":["a",""]}"#,
        &[
            ("get /pods a p", yes),
            ("get /pods b p", no),
            ("get /nodes - n", yes),
            ("get /healthz", no),
        ],
    );
    check_level(
        r#"{"level":"Metadata","nonResourceURLs":["/healthz*","/version"]}"#,
        &[
            ("get /healthz/etcd", yes),
            ("get /version", yes),
            ("get /version/x", no),
            ("get /pods a p", no),
        ],
    );
    let somebody = policy(r#""rules":[{"level":"Metadata","users":["tim"]},{"level":"Request"}]"#);
    let verdict = somebody.unwrap().judge(None, &access("get /version"));
    assert_eq!(verdict.level, Level::Request);
}

#[test]
fn what_a_rule_says_of_stages_adds_to_the_policy() {
    let policy = policy(
        r#""omitStages":["RequestReceived"],"omitManagedFields":true,"rules":[
            {"level":"Metadata","verbs":["get"],"omitStages":["ResponseStarted"],"omitManagedFields":false},{"level":"Request"}]"#,
    )
    .unwrap();
    let get = policy.judge(None, &access("get /version"));
    assert!(get.omitted.contains(Stage::RequestReceived));
    assert!(get.omitted.contains(Stage::ResponseStarted));
    assert!(!get.omits_managed_fields);
    let other = policy.judge(None, &access("post /version"));
    assert!(!other.omitted.contains(Stage::ResponseStarted));
    assert!(other.omits_managed_fields);
}

#[test]
fn policies_that_cannot_be_followed_are_refused_in_upstreams_words() {
    for (text, why) in [
        (r#""rules":[]"#, "loaded illegal policy with 0 rules"),
        (
            r#""rules":[{"level":"Loud"}]"#,
            r#"rules[0].level: Unsupported value: "Loud": supported values: "None", "Metadata", "Request", "RequestResponse""#,
        ),
        (r#""rules":[{}]"#, "rules[0].level: Required value"),
        (
            r#""rules":[{"level":"None","nonResourceURLs":["x","/*/a"],"omitStages":["End"]}]"#,
            r#"[rules[0].nonResourceURLs[0]: Invalid value: "x": non-resource URL rules must begin with a '/' character, rules[0].nonResourceURLs[1]: Invalid value: "/*/a": non-resource URL wildcards '*' must be the final character of the rule, rules[0].omitStages[0]: Invalid value: "End": allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic]"#,
        ),
        (
            r#""rules":[{"level":"None","nonResourceURLs":["/a"],"namespaces":["n"]}]"#,
            r#"rules[0].nonResourceURLs: Invalid value: ["/a"]: rules cannot apply to both regular resources and non-resource URLs"#,
        ),
        (
            r#""rules":[{"level":"None","resources":[{"group":"","resourceNames":["a"]}]}]"#,
            r#"rules[0].resources.resourceNames: Invalid value: ["a"]: using resourceNames requires at least one resource"#,
        ),
        (
            r#""rules":[{"level":"None","resource":[]}],"more":1"#,
            r#"strict decoding error: unknown field "more", unknown field "rules[0].resource""#,
        ),
        (
            r#""rules":[{"level":1}]"#,
            "failed decoding: json: cannot unmarshal number into Go struct field rules[0].level of type string",
        ),
    ] {
        assert_eq!(policy(text).unwrap_err(), why);
    }
    let old = json::from_str(r#"{"apiVersion":"audit.k8s.io/v1beta1","kind":"Policy"}"#).unwrap();
    let error = Policy::from_value(&old, &[]).unwrap_err().to_string();
    assert!(
        error.starts_with(
            r#"failed decoding: no kind "Policy" is registered for version "audit.k8s.io/v1beta1""#
        ),
        "{error}"
    );
    let group = policy(r#""rules":[{"level":"None","resources":[{"group":"apps/v1"}]}]"#);
    let error = group.unwrap_err();
    assert!(
        error.starts_with(
            r#"rules[0].resources.group: Invalid value: "apps/v1": a lowercase RFC 1123 subdomain"#
        ),
        "{error}"
    );
}

fn auditor(level: &str, format: Format, mode: Mode) -> (Arc<Auditor>, Lines) {
    let rest = format!(r#""omitManagedFields":true,"rules":[{{"level":"{level}"}}]"#);
    let (queue, lines) = queue(mode);
    let environment = Arc::new(Fixed::default());
    let auditor = Auditor::new(policy(&rest).unwrap(), queue, format, environment);
    (Arc::new(auditor), lines)
}

fn received() -> Received {
    Received {
        id: "1-2-3".to_owned(),
        uri: "/api/v1/namespaces/a/configmaps?x=<1>".to_owned(),
        source_ips: vec!["10.0.0.1".to_owned()],
        user_agent: "kubectl/v1".to_owned(),
        at: tollgate_api::Timestamp::from_unix(1_768_478_400, 1_500),
        user: None,
    }
}

fn begin(auditor: &Arc<Auditor>) -> Trail {
    let tim = user("tim", &["ops"]);
    let access = access("create /configmaps a -");
    Trail::begin(Some(auditor), &access, "v1", received, Some(&tim))
}

fn next(lines: &mut Lines) -> String {
    let line = lines.try_next().unwrap();
    String::from_utf8(line.text.clone()).unwrap()
}

#[tokio::test]
async fn events_read_as_upstreams() {
    let (auditor, mut lines) = auditor("RequestResponse", Format::Json, Mode::Blocking);
    let trail = begin(&auditor);
    let closing = trail.closing();
    trail.tell(Stage::RequestReceived).await;
    let object = json::from_str(
        r#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"c","managedFields":[{"manager":"m"}]},"data":{"k":"v"}}"#,
    )
    .unwrap();
    trail.request_object(&GroupVersionKind::new("v1", "ConfigMap"), &object);
    trail.annotate("b", || "2".to_owned());
    trail.annotate("a", || "1".to_owned());
    trail.annotate("a", || "never".to_owned());
    trail.response_object(|| Some(object.to_string().into_bytes()));
    trail.answered(201);
    closing.close().await;
    let head = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"RequestResponse","auditID":"1-2-3","#;
    let middle = r#""requestURI":"/api/v1/namespaces/a/configmaps?x=\u003c1\u003e","verb":"create","user":{"username":"tim","groups":["ops"]},"sourceIPs":["10.0.0.1"],"userAgent":"kubectl/v1","#;
    assert_eq!(
        next(&mut lines),
        format!(
            r#"{head}"stage":"RequestReceived",{middle}"objectRef":{{"resource":"configmaps","namespace":"a","apiVersion":"v1"}},"requestReceivedTimestamp":"2026-01-15T12:00:00.000001Z","stageTimestamp":"2026-01-15T12:00:00.000001Z"}}
"#
        )
    );
    assert_eq!(
        next(&mut lines),
        format!(
            r#"{head}"stage":"ResponseComplete",{middle}"objectRef":{{"resource":"configmaps","namespace":"a","name":"c","apiVersion":"v1"}},"responseStatus":{{"metadata":{{}},"code":201}},"requestObject":{{"kind":"ConfigMap","apiVersion":"v1","metadata":{{"name":"c"}},"data":{{"k":"v"}}}},"responseObject":{{"kind":"ConfigMap","apiVersion":"v1","metadata":{{"name":"c"}},"data":{{"k":"v"}}}},"requestReceivedTimestamp":"2026-01-15T12:00:00.000001Z","stageTimestamp":"2026-01-15T12:00:00.000000Z","annotations":{{"a":"1","b":"2"}}}}
"#
        )
    );
    assert!(lines.try_next().is_none());
    assert_eq!(auditor.events(), 2);
}

#[tokio::test]
async fn metadata_tells_of_no_objects() {
    let (auditor, mut lines) = auditor("Metadata", Format::Json, Mode::Blocking);
    let trail = begin(&auditor);
    let object = json::from_str(r#"{"metadata":{"name":"c","uid":"u"},"data":{"k":"secret"}}"#);
    trail.request_object(&GroupVersionKind::new("v1", "ConfigMap"), &object.unwrap());
    trail.request_body(|| panic!("nobody asked"));
    trail.response_object(|| panic!("nobody asked"));
    trail.annotate_at(Level::Request, "patch", || panic!("nobody asked"));
    trail.failed(&Status::bad_request("no"));
    trail.answered(400);
    drop(trail.closing());
    let line = next(&mut lines);
    assert!(!line.contains("secret"), "{line}");
    let event = json::from_str(&line).unwrap();
    let uid = event.at(&["objectRef", "uid"]).and_then(Value::as_str);
    assert_eq!(uid, Some("u"));
    let status = event.get("responseStatus").unwrap().to_string();
    assert_eq!(
        status,
        r#"{"metadata":{},"status":"Failure","message":"no","reason":"BadRequest","code":400}"#
    );
}

#[tokio::test]
async fn a_client_that_has_gone_is_told_of() {
    let (auditor, mut lines) = auditor("Metadata", Format::Json, Mode::Batch);
    drop(begin(&auditor).closing());
    let event = json::from_str(&next(&mut lines)).unwrap();
    let status = event.get("responseStatus").unwrap().to_string();
    assert_eq!(
        status,
        r#"{"metadata":{},"status":"Success","message":"Connection closed early","code":200}"#
    );
}

#[tokio::test]
async fn the_old_format_is_one_line_of_names_and_values() {
    let (auditor, mut lines) = auditor("Metadata", Format::Legacy, Mode::Blocking);
    let trail = begin(&auditor);
    trail.impersonated(&user("ann", &["g", "h"]), None);
    trail.answered(201);
    trail.tell(Stage::ResponseComplete).await;
    assert_eq!(
        next(&mut lines),
        r#"2026-01-15T12:00:00.0000015Z AUDIT: id="1-2-3" stage="ResponseComplete" ip="10.0.0.1" method="create" user="tim" groups="\"ops\"" as="ann" asgroups="\"g\",\"h\"" user-agent="kubectl/v1" namespace="a" uri="/api/v1/namespaces/a/configmaps?x=<1>" response="201"
"#
    );
}

#[tokio::test]
async fn without_room_events_are_lost_or_waited_for() {
    let large = || "x".repeat(33 << 20);
    let tell = |auditor: &Arc<Auditor>| {
        let trail = begin(auditor);
        trail.annotate("a", large);
        trail
    };
    let (batch, mut lines) = auditor("Metadata", Format::Json, Mode::Batch);
    for _ in 0..2 {
        tell(&batch).tell(Stage::ResponseComplete).await;
    }
    assert_eq!((batch.events(), batch.lost()), (2, 1));
    assert!(lines.try_next().is_some());
    assert!(lines.try_next().is_none());

    let (blocking, mut lines) = auditor("Metadata", Format::Json, Mode::Blocking);
    tell(&blocking).tell(Stage::ResponseComplete).await;
    let second = tell(&blocking);
    let waiting = tokio::spawn(async move { second.tell(Stage::ResponseComplete).await });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    // Room is free when the line is written, not when it is taken.
    drop(lines.try_next().unwrap());
    waiting.await.unwrap();
    assert!(lines.try_next().is_some());
    assert_eq!((blocking.events(), blocking.lost()), (2, 0));
}

#[tokio::test]
async fn nothing_is_told_where_the_policy_says_so() {
    let (auditor, mut lines) = auditor("None", Format::Json, Mode::Blocking);
    let trail = begin(&auditor);
    assert!(!trail.is_on());
    trail.tell(Stage::RequestReceived).await;
    drop(trail.closing());
    assert!(lines.try_next().is_none());
    assert_eq!(auditor.levels().next(), Some((Level::None, 1)));
    NO_TRAIL.annotate("a", || panic!("nobody asked"));
}
