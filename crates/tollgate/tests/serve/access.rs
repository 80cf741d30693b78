//! Who is let in, by the flags that say so.

use super::running::{Running, folder};
use tollgate_testkit::client::{Request, Who};

const PODS: &str = "/api/v1/namespaces/default/pods";

#[test]
fn static_tokens_are_those_of_the_file() {
    let elsewhere = folder("tokens");
    let file = elsewhere.join("tokens.csv");
    std::fs::write(
        &file,
        "secret-of-ann,ann,7,\"system:masters,shop\"\nof-bob,bob,8\n",
    )
    .unwrap();
    let server = Running::start("token", &["--token-auth-file", file.to_str().unwrap()]);
    let status = |authorization: &str| {
        let request = Request::new("GET", PODS).header("Authorization", authorization);
        let answer = server.target.send(Who::Anonymous, &request).unwrap();
        answer.status
    };
    assert_eq!(status("Bearer secret-of-ann"), 200);
    assert_eq!(status("Bearer of-bob"), 403);
    assert_eq!(status("Bearer of-nobody"), 401);
    std::fs::remove_dir_all(&elsewhere).unwrap();
}

#[test]
fn nobody_is_anonymous_unless_they_may_be() {
    let server = Running::start("anonymous", &[]);
    let status = |server: &Running, path: &str| {
        let answer = server
            .target
            .send(Who::Anonymous, &Request::new("GET", path));
        answer.unwrap().status
    };
    assert_eq!(status(&server, "/version"), 200);
    assert_eq!(status(&server, PODS), 403);
    let server = Running::start("nobody", &["--anonymous-auth=false"]);
    assert_eq!(status(&server, "/version"), 401);
    assert_eq!(status(&server, PODS), 401);
}

#[test]
fn whoever_asks_is_always_allowed_where_the_mode_says_so() {
    let server = Running::start("allowed", &["--authorization-mode=AlwaysAllow"]);
    let answer = server
        .target
        .send(Who::Anonymous, &Request::new("GET", PODS));
    assert_eq!(answer.unwrap().status, 200);
}

#[test]
fn tokens_name_the_issuer_of_the_flag() {
    let issuer = "https://tollgate.example";
    let server = Running::start("issuer", &["--service-account-issuer", issuer]);
    server.namespace("shop", "1");
    let path = "/api/v1/namespaces/shop/serviceaccounts/default/token";
    let made = server.create(
        path,
        &serde_json::json!({"spec": {"expirationSeconds": 600}}),
    );
    assert_eq!(made["spec"]["audiences"][0], issuer);
    let token = format!("Bearer {}", made["status"]["token"].as_str().unwrap());
    let request = Request::new("GET", "/version").header("Authorization", &token);
    let answer = server.target.send(Who::Anonymous, &request).unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(
        server.get("/.well-known/openid-configuration")["issuer"],
        issuer
    );
}
