//! Proxies to pods, services and nodes.

use super::server::Running;

const A: &str = "/api/v1/namespaces/a";

#[tokio::test]
async fn a_request_goes_on_to_the_port_that_is_meant() {
    let server = Running::start(true).await;
    let ask = async |request: &str| {
        let (code, body) = server.get(request).await;
        assert_eq!(code, 200, "{body}");
        body
    };
    let body = ask(&format!("GET {A}/pods/one/proxy/a%20b/?q=1&r")).await;
    assert!(
        body.starts_with("pod one, port 8080\nGET /a%20b/?q=1&r HTTP/1.1\r\n"),
        "{body}"
    );
    assert!(body.contains("host: 10.0.0.7:8080\r\n"), "{body}");
    assert!(body.contains("x-forwarded-host: here\r\n"), "{body}");
    assert!(
        !body.to_ascii_lowercase().contains("authorization"),
        "{body}"
    );
    let body = ask(&format!("DELETE {A}/pods/http:one:81/proxy/x")).await;
    assert!(
        body.starts_with("pod one, port 81\nDELETE /x HTTP/1.1\r\n"),
        "{body}"
    );
    let body = ask(&format!("OPTIONS {A}/services/s:80/proxy/")).await;
    assert!(
        body.starts_with("pod one, port 8080\nOPTIONS / HTTP/1.1\r\n"),
        "{body}"
    );
    let body = ask(&format!("GET {A}/services/s:http/proxy/")).await;
    assert!(body.starts_with("pod one, port 8080\n"), "{body}");
    let body = ask("GET /api/v1/nodes/n1/proxy/healthz").await;
    assert!(
        body.starts_with("node n1, port 10250\nGET /healthz HTTP/1.1\r\n"),
        "{body}"
    );
}

#[tokio::test]
async fn a_kubelets_own_paths_are_answered_by_its_agent_if_it_knows_them() {
    let server = Running::start(true).await;
    let ask = async |request: &str| server.get(request).await;
    let known = (203, "n1 /known/x?y".to_owned());
    for node in ["n1", "n1:10250", "https:n1:10250"] {
        let request = format!("GET /api/v1/nodes/{node}/proxy/known/x%3Fy");
        assert_eq!(ask(&request).await, known, "{node}");
    }
    for request in [
        "GET /api/v1/nodes/n1:81/proxy/known",
        "GET /api/v1/nodes/n1/proxy/other",
        "POST /api/v1/nodes/n1/proxy/known",
    ] {
        let (_, body) = ask(request).await;
        assert!(body.starts_with("node n1, port "), "{request}: {body}");
    }
}

#[tokio::test]
async fn links_stay_behind_the_proxy() {
    let server = Running::start(true).await;
    let location = async |request: &str| {
        let (code, head, _) = server.ask("admin", request, "").await;
        let mut lines = head.lines();
        let found = lines.find_map(|line| line.strip_prefix("location: "));
        (code, found.unwrap_or_default().to_owned())
    };
    let base = format!("{A}/pods/one/proxy");
    assert_eq!(
        location(&format!("GET {base}?x=1")).await,
        (301, format!("{base}/?x=1"))
    );
    assert_eq!(
        location(&format!("GET {base}/here")).await,
        (200, format!("{base}/there"))
    );
}

#[tokio::test]
async fn what_cannot_be_reached_says_why() {
    let server = Running::start(true).await;
    let refusal = async |path: &str| server.refusal(&format!("GET {path}")).await;
    let say = |code: u16, text: &str| (code, text.to_owned());
    assert_eq!(
        refusal(&format!("{A}/pods/one:9/proxy/")).await,
        say(
            503,
            "error trying to reach service: connect to port 9: connection refused"
        )
    );
    assert_eq!(
        refusal(&format!("{A}/pods/https:one:8443/proxy/")).await,
        say(
            503,
            "error trying to reach service: TLS is not spoken with what is behind a proxy"
        )
    );
    assert_eq!(
        refusal(&format!("{A}/pods/ftp:one:21/proxy/")).await,
        say(400, "invalid pod request \"ftp:one:21\"")
    );
    assert_eq!(
        refusal(&format!("{A}/pods/dark/proxy/")).await,
        say(503, "error trying to reach service: off is switched off")
    );
    assert_eq!(
        refusal(&format!("{A}/services/none/proxy/")).await,
        say(404, "services \"none\" not found")
    );
    assert_eq!(
        refusal(&format!("{A}/services/s:81/proxy/")).await,
        say(503, "no service port 81 found for service \"s\"")
    );
    assert_eq!(
        refusal(&format!("{A}/services/s/proxy/")).await,
        say(503, "no endpoints available for service \"s\"")
    );
    assert_eq!(
        refusal("/api/v1/nodes/none/proxy/").await,
        say(404, "nodes \"none\" not found")
    );
    let server = Running::start_with(
        true,
        &[("nodes", r#"{"metadata":{"name":"n2","uid":"n2"}}"#)],
    )
    .await;
    assert_eq!(
        server.refusal("GET /api/v1/nodes/n2/proxy/").await,
        say(503, "error trying to reach service: n2 is switched off")
    );
}

#[tokio::test]
async fn nobody_goes_through_a_proxy_without_the_right_to_it() {
    let server = Running::start(true).await;
    let (code, _) = server
        .get_as("reader", &format!("GET {A}/pods/one/proxy/"))
        .await;
    assert_eq!(code, 403);
    let (code, _) = server
        .get_as("reader", "GET /api/v1/nodes/n1/proxy/metrics")
        .await;
    assert_eq!(code, 403);
}
