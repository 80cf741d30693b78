//! Which FlowSchema and which priority level took a request, and how the server says that it is well.

use super::running::Running;
use tollgate_testkit::client::{Answer, Request, Who};

const GROUP: &str = "/apis/flowcontrol.apiserver.k8s.io/v1";

fn ask(server: &Running, who: Who, request: &Request<'_>) -> Answer {
    server.target.send(who, request).unwrap()
}

fn named(answer: &Answer) -> (Option<&str>, Option<&str>) {
    (
        answer.header("X-Kubernetes-PF-FlowSchema-UID").next(),
        answer.header("X-Kubernetes-PF-PriorityLevel-UID").next(),
    )
}

#[test]
fn answers_bear_the_ids_of_the_schema_and_level_that_took_the_request() {
    let server = Running::start("flows", &[]);
    let uid = |path: &str| {
        let answer = ask(&server, Who::Admin, &Request::new("GET", path));
        answer.json()["metadata"]["uid"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let check = |who: Who, path: &str, schema: &str, level: &str| {
        let answer = ask(&server, who, &Request::new("GET", path));
        let schema = uid(&format!("{GROUP}/flowschemas/{schema}"));
        let level = uid(&format!("{GROUP}/prioritylevelconfigurations/{level}"));
        let expected = (Some(schema.as_str()), Some(level.as_str()));
        assert_eq!(named(&answer), expected, "{path}");
        answer.status
    };
    let pods = "/api/v1/namespaces/default/pods";
    assert_eq!(check(Who::Admin, pods, "exempt", "exempt"), 200);
    let global = "global-default";
    assert_eq!(check(Who::Anonymous, "/version", global, global), 200);
    // A refusal has been taken by a level, too.
    assert_eq!(check(Who::Anonymous, pods, global, global), 403);
    let probes = ("probes", "exempt");
    assert_eq!(check(Who::Anonymous, "/livez", probes.0, probes.1), 200);
    // What is below a path belongs to its schema, whoever may not look at it.
    assert_eq!(
        check(Who::Anonymous, "/livez/ping", probes.0, probes.1),
        403
    );
    let stranger = Request::new("GET", "/version").header("Authorization", "Bearer no");
    let answer = ask(&server, Who::Anonymous, &stranger);
    assert_eq!((answer.status, named(&answer)), (401, (None, None)));
    let log = format!("{pods}/none/log");
    let answer = ask(&server, Who::Admin, &Request::new("GET", &log));
    assert_eq!((answer.status, named(&answer)), (404, (None, None)));
}

#[test]
fn every_part_of_a_server_that_answers_is_well() {
    let server = Running::start("health", &[]);
    for root in ["healthz", "livez", "readyz"] {
        let path = format!("/{root}?verbose");
        let answer = ask(&server, Who::Anonymous, &Request::new("GET", &path));
        let text = answer.text();
        assert_eq!(answer.status, 200, "{text}");
        for check in [
            "etcd",
            "autoregister-completion",
            "poststarthook/crd-informer-synced",
        ] {
            assert!(text.contains(&format!("[+]{check} ok\n")), "{text}");
        }
    }
}
