//! What the audit log tells of a server's requests.

use super::running::{Running, folder, pod, refusal};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tollgate_testkit::client::{Request, Who};

const POLICY: &str = "
apiVersion: audit.k8s.io/v1
kind: Policy
omitManagedFields: true
rules:
- level: None
  nonResourceURLs: [/version, /healthz*]
- level: RequestResponse
  resources:
  - resources: [configmaps]
- level: Metadata
  omitStages: [RequestReceived]
";

fn server(name: &str, policy: &str, flags: &[&str]) -> (Running, PathBuf) {
    let folder = folder(name);
    let file = folder.join("policy.yaml");
    std::fs::write(&file, policy).unwrap();
    let log = folder.join("audit.log");
    let own = [
        "--audit-policy-file",
        file.to_str().unwrap(),
        "--audit-log-path",
        log.to_str().unwrap(),
    ];
    let server = Running::start_in(folder.clone(), &[&own, flags].concat());
    (server, log)
}

/// All events of a server that has ended.
fn events(log: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(log).unwrap();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn of<'e>(events: &'e [Value], id: &str) -> Vec<&'e Value> {
    events
        .iter()
        .filter(|event| event["auditID"] == id)
        .collect()
}

/// The events of one request, which must be as many as that.
fn exactly<'e, const COUNT: usize>(events: &'e [Value], id: &str) -> [&'e Value; COUNT] {
    of(events, id).try_into().unwrap()
}

const CONFIG_MAPS: &str = "/api/v1/namespaces/a/configmaps";

#[test]
fn the_log_tells_what_was_sent_and_what_was_answered() {
    let (mut server, log) = server("audit", POLICY, &[]);
    server.namespace("a", "5");
    let body = json!({"metadata": {"name": "c"}, "data": {"k": "v"}}).to_string();
    let post = Request::json("POST", CONFIG_MAPS, &body)
        .header("Audit-Id", "mine")
        .header("X-Forwarded-For", "192.0.2.7");
    let answer = server.send(&post);
    assert_eq!(answer.header("audit-id").collect::<Vec<_>>(), ["mine"]);
    let object = format!("{CONFIG_MAPS}/c");
    let patch = Request {
        headers: vec![
            ("Content-Type", "application/merge-patch+json"),
            ("Audit-Id", "patch"),
        ],
        ..Request::json("PATCH", &object, r#"{ "data": {"k": "w"} }"#)
    };
    assert_eq!(server.send(&patch).status, 200);
    let options = r#"{"propagationPolicy":"Background"}"#;
    let delete = Request::json("DELETE", &object, options).header("Audit-Id", "delete");
    assert_eq!(server.send(&delete).status, 200);
    assert_eq!(server.stop("-TERM"), Some(0));

    let events = events(&log);
    let [received, complete] = exactly(&events, "mine");
    assert_eq!(received["stage"], "RequestReceived");
    assert_eq!(received["objectRef"]["name"], Value::Null);
    assert_eq!(complete["stage"], "ResponseComplete");
    assert_eq!(complete["verb"], "create");
    assert_eq!(complete["user"]["username"], "admin");
    assert_eq!(complete["sourceIPs"], json!(["192.0.2.7", "127.0.0.1"]));
    assert_eq!(
        complete["objectRef"],
        json!({"resource": "configmaps", "namespace": "a", "name": "c", "apiVersion": "v1"})
    );
    let status = json!({"metadata": {}, "code": 201});
    assert_eq!(complete["responseStatus"], status);
    assert_eq!(complete["requestObject"]["data"]["k"], "v");
    let object = &complete["responseObject"];
    assert_eq!(object["data"]["k"], "v");
    assert_eq!(object["metadata"]["managedFields"], Value::Null);
    let decision = &complete["annotations"]["authorization.k8s.io/decision"];
    assert_eq!(decision, "allow");
    let [_, patch] = exactly(&events, "patch");
    assert_eq!(patch["requestObject"], json!({"data": {"k": "w"}}));
    assert_eq!(patch["responseObject"]["data"]["k"], "w");
    let [_, delete] = exactly(&events, "delete");
    assert_eq!(
        delete["requestObject"],
        json!({"kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1", "propagationPolicy": "Background"})
    );
    assert_eq!(delete["responseStatus"]["status"], "Success");
}

#[test]
fn the_log_tells_who_was_refused_and_why() {
    let (mut server, log) = server("audit-refused-requests", POLICY, &[]);
    server.namespace("a", "5");
    let version = server.send(&Request::new("GET", "/version"));
    assert!(version.header("audit-id").next().is_some());
    let acting = Request::new("GET", "/api/v1/namespaces/a/secrets/s")
        .header("Impersonate-User", "ann")
        .header("Audit-Id", "acting");
    assert_eq!(server.send(&acting).status, 403);
    let stranger = Request::new("GET", CONFIG_MAPS)
        .header("Authorization", "Bearer nobody")
        .header("Audit-Id", "stranger");
    let answer = server.target.send(Who::Anonymous, &stranger).unwrap();
    assert_eq!(answer.status, 401);
    let hurried = Request::new("GET", "/api/v1/nodes?timeout=x").header("Audit-Id", "hurried");
    assert_eq!(server.send(&hurried).status, 400);
    let nothing = format!("{CONFIG_MAPS}/x");
    let missing = Request::new("GET", &nothing).header("Audit-Id", "missing");
    assert_eq!(server.send(&missing).status, 404);
    assert_eq!(server.stop("-TERM"), Some(0));

    let events = events(&log);
    assert!(events.iter().all(|event| event["requestURI"] != "/version"));
    let [acting] = exactly(&events, "acting");
    assert_eq!(acting["impersonatedUser"]["username"], "ann");
    assert_eq!(acting["responseStatus"]["reason"], "Forbidden");
    let decision = &acting["annotations"]["authorization.k8s.io/decision"];
    assert_eq!(decision, "forbid");
    let [stranger] = exactly(&events, "stranger");
    assert_eq!(stranger["stage"], "ResponseStarted");
    assert_eq!(stranger["user"], json!({}));
    assert_eq!(
        stranger["responseStatus"],
        json!({"metadata": {}, "message": "Authentication failed, attempted: bearer", "code": 401})
    );
    let [hurried] = exactly(&events, "hurried");
    assert_eq!(hurried["responseStatus"]["code"], 400);
    let [_, missing] = exactly(&events, "missing");
    assert_eq!(missing["responseObject"]["kind"], "Status");
    assert_eq!(missing["responseStatus"]["reason"], "NotFound");
}

#[test]
fn a_watch_is_told_of_when_it_begins_and_when_it_ends() {
    let (mut server, log) = server("audit-watch", POLICY, &[]);
    let mut connection = server.target.connect(Who::Admin).unwrap();
    let path = "/api/v1/namespaces/default/configmaps?watch=true&timeoutSeconds=1";
    let request = Request::new("GET", path).header("Audit-Id", "watch");
    connection.write(&request).unwrap();
    assert_eq!(connection.read_head().unwrap().status, 200);
    while connection.chunk().unwrap().is_some() {}
    let table = Request::new("GET", "/api/v1/namespaces/default/configmaps")
        .header("Audit-Id", "table")
        .header("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
    assert_eq!(server.send(&table).status, 200);
    assert_eq!(server.stop("-TERM"), Some(0));
    let events = events(&log);
    let stages: Vec<&str> = of(&events, "watch")
        .iter()
        .map(|event| event["stage"].as_str().unwrap())
        .collect();
    assert_eq!(
        stages,
        ["RequestReceived", "ResponseStarted", "ResponseComplete"]
    );
    assert_eq!(of(&events, "table")[1]["responseObject"]["kind"], "Table");
}

#[test]
fn policies_of_namespaces_leave_their_notes() {
    let flags = ["--enable-admission-plugins=PodSecurityPolicy"];
    let (mut server, log) = server("audit-notes", POLICY, &flags);
    server.namespace("a", "5");
    let labels = r#"{"metadata":{"labels":{"pod-security.kubernetes.io/audit":"restricted"}}}"#;
    let label = Request {
        headers: vec![("Content-Type", "application/merge-patch+json")],
        ..Request::json("PATCH", "/api/v1/namespaces/a", labels)
    };
    assert_eq!(server.send(&label).status, 200);
    let rule = json!({"rule": "RunAsAny"});
    let policy = json!({
        "metadata": {"name": "open"},
        "spec": {"seLinux": rule, "runAsUser": rule, "fsGroup": rule, "supplementalGroups": rule, "volumes": ["*"]}
    });
    server.create("/apis/policy/v1beta1/podsecuritypolicies", &policy);
    let rules = "/apis/admissionregistration.k8s.io/v1";
    let spec = json!({
        "matchConstraints": {"resourceRules": [
            {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
        ]},
        "validations": [{"expression": "true"}, {"expression": "false", "message": "never"}],
        "auditAnnotations": [{"key": "who", "valueExpression": "'it is ' + object.metadata.name"}]
    });
    let vap = json!({"metadata": {"name": "vap"}, "spec": spec});
    server.create(&format!("{rules}/validatingadmissionpolicies"), &vap);
    let binding = json!({"metadata": {"name": "b"}, "spec": {"policyName": "vap", "validationActions": ["Audit"]}});
    server.create(
        &format!("{rules}/validatingadmissionpolicybindings"),
        &binding,
    );
    let pod = pod("p");
    let post = Request::json("POST", "/api/v1/namespaces/a/pods", &pod);
    let answer = server.send(&post.header("Audit-Id", "pod"));
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(server.stop("-TERM"), Some(0));
    let events = events(&log);
    let annotations = &of(&events, "pod")[0]["annotations"];
    let note = |key: &str| annotations[key].as_str().unwrap_or_default();
    assert_eq!(
        note("pod-security.kubernetes.io/enforce-policy"),
        "privileged:latest"
    );
    let violations = note("pod-security.kubernetes.io/audit-violations");
    let expected =
        "would violate PodSecurity \"restricted:latest\": allowPrivilegeEscalation != false";
    assert!(violations.starts_with(expected), "{annotations}");
    assert_eq!(note("podsecuritypolicy.policy.k8s.io/admit-policy"), "open");
    assert_eq!(
        note("podsecuritypolicy.policy.k8s.io/validate-policy"),
        "open"
    );
    assert_eq!(note("vap/who"), "it is p");
    assert_eq!(
        note("validation.policy.admission.k8s.io/validation_failure"),
        r#"[{"message":"never","policy":"vap","binding":"b","expressionIndex":1,"validationActions":["Audit"]}]"#
    );
}

#[test]
fn a_policy_that_cannot_be_followed_keeps_the_server_from_starting() {
    let folder = folder("audit-refused");
    let file = folder.join("policy.yaml");
    let path = file.to_str().unwrap();
    let refused = |flags: &[&str]| {
        let own = ["serve", "--data-dir", ":memory:", "--secure-port", "0"];
        refusal(&[&own, flags].concat())
    };
    let flags = ["--audit-policy-file", path, "--audit-log-path", "-"];
    for (rules, why) in [
        ("rules: []", "loaded illegal policy with 0 rules"),
        (
            "rules: [{level: Loud}]",
            "rules[0].level: Unsupported value: \"Loud\"",
        ),
        (
            "rules: [{level: None, user: [a]}]",
            "unknown field \"rules[0].user\"",
        ),
        ("rules: []\nrules: []", "key \"rules\" already set in map"),
    ] {
        std::fs::write(
            &file,
            format!("apiVersion: audit.k8s.io/v1\nkind: Policy\n{rules}\n"),
        )
        .unwrap();
        let said = refused(&flags);
        assert!(
            said.starts_with("error: loading audit policy file: "),
            "{said}"
        );
        assert!(said.contains(why), "{said}");
    }
    assert!(refused(&flags[..2]).contains("--audit-log-path"));
    assert!(refused(&flags[2..]).contains("--audit-policy-file"));
    std::fs::write(
        &file,
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: None}]\n",
    )
    .unwrap();
    let flags = [
        "--audit-policy-file",
        path,
        "--audit-log-path",
        "/dev/null/x",
    ];
    assert!(refused(&flags).contains("cannot write `/dev/null/x`"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn events_on_standard_output_can_be_of_the_old_format() {
    let folder = folder("audit-stdout");
    let policy = folder.join("policy.yaml");
    std::fs::write(&policy, POLICY).unwrap();
    let flags = [
        "--audit-policy-file",
        policy.to_str().unwrap(),
        "--audit-log-path=-",
        "--audit-log-format=legacy",
        "--audit-log-mode=batch",
    ];
    let mut server = Running::start_in(folder, &flags);
    server.get("/api/v1/nodes");
    let rest = server.rest();
    assert_eq!(server.stop("-TERM"), Some(0));
    let lines = rest.join().unwrap();
    let event = lines.iter().find(|line| line.contains("/api/v1/nodes"));
    let event = event.unwrap();
    assert!(event.contains(" AUDIT: id=\""), "{event}");
    assert!(
        event.ends_with("uri=\"/api/v1/nodes\" response=\"200\""),
        "{event}"
    );
}
