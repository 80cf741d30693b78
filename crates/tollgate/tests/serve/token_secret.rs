//! Tokens that secrets keep: made by a controller, believed by the server, written down when they are used.

use super::running::{Running, folder};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tollgate_testkit::client::{Answer, Request, Who};

const SECRETS: &str = "/api/v1/namespaces/default/secrets";
const LAST_USED: &str = "kubernetes.io/legacy-token-last-used";

/// What a controller has put into a secret, as soon as it is there.
#[expect(
    clippy::disallowed_methods,
    reason = "a server that never gets there must not hold the tests up"
)]
fn token(server: &Running, name: &str) -> String {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let found = server.get(&format!("{SECRETS}/{name}"));
        if let Some(token) = found["data"]["token"].as_str() {
            return String::from_utf8(STANDARD.decode(token).unwrap()).unwrap();
        }
        assert!(Instant::now() < deadline, "{found}");
        std::thread::yield_now();
    }
}

/// A request of whoever has the token.
fn send(server: &Running, token: &str, request: Request<'_>) -> Answer {
    let authorization = format!("Bearer {token}");
    let mut request = request;
    request.headers.push(("Authorization", &authorization));
    server.target.send(Who::Anonymous, &request).unwrap()
}

fn whoami(server: &Running, token: &str) -> (u16, Value) {
    let body = r#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#;
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let answer = send(server, token, Request::json("POST", path, body));
    (answer.status, answer.json()["status"]["userInfo"].clone())
}

fn label(server: &Running, name: &str) -> Value {
    server.get(&format!("{SECRETS}/{name}"))["metadata"]["labels"][LAST_USED].clone()
}

fn merge(server: &Running, path: &str, patch: &Value) {
    let body = patch.to_string();
    let request = Request {
        headers: vec![("Content-Type", "application/merge-patch+json")],
        ..Request::json("PATCH", path, &body)
    };
    assert_eq!(server.send(&request).status, 200);
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one token is followed from its making to its end"
)]
fn a_token_that_a_secret_keeps_counts_and_its_use_is_written_down() {
    let folder = folder("token-secret");
    let policy = folder.join("policy.yaml");
    let text = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n";
    std::fs::write(&policy, text).unwrap();
    let log = folder.join("audit.log");
    let server = Running::start_in(
        folder,
        &[
            "--controllers=serviceaccount-token-controller",
            "--audit-policy-file",
            policy.to_str().unwrap(),
            "--audit-log-path",
            log.to_str().unwrap(),
        ],
    );
    let accounts = "/api/v1/namespaces/default/serviceaccounts";
    let bot = server.create(accounts, &json!({"metadata": {"name": "bot"}}));
    for name in ["manual", "unasked"] {
        let annotations = json!({"kubernetes.io/service-account.name": "bot"});
        let secret = json!({
            "metadata": {"name": name, "annotations": annotations},
            "type": "kubernetes.io/service-account-token",
        });
        server.create(SECRETS, &secret);
    }
    let (manual, unasked) = (token(&server, "manual"), token(&server, "unasked"));
    assert_eq!(label(&server, "manual"), Value::Null);
    let (code, me) = whoami(&server, &manual);
    assert_eq!(code, 201);
    assert_eq!(me["username"], "system:serviceaccount:default:bot");
    assert_eq!(me["uid"], bot["metadata"]["uid"]);
    let groups = [
        "system:serviceaccounts",
        "system:serviceaccounts:default",
        "system:authenticated",
    ];
    assert_eq!(me["groups"], json!(groups));
    assert_eq!(me["extra"], Value::Null);
    let today = label(&server, "manual");
    let created = bot["metadata"]["creationTimestamp"].as_str().unwrap();
    let (day, _) = created.split_once('T').unwrap();
    assert!(today.as_str().unwrap() >= day, "{today}");

    // A review uses a token, too.
    assert_eq!(label(&server, "unasked"), Value::Null);
    let review = json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": unasked},
    });
    let reviewed = server.create("/apis/authentication.k8s.io/v1/tokenreviews", &review);
    assert_eq!(reviewed["status"]["authenticated"], true);
    assert_eq!(
        reviewed["status"]["audiences"],
        json!(["https://kubernetes.default.svc"])
    );
    assert_eq!(label(&server, "unasked"), today);

    // Whoever uses one that was made unasked is warned.
    merge(
        &server,
        &format!("{accounts}/bot"),
        &json!({"secrets": [{"name": "unasked"}]}),
    );
    let version = || Request::new("GET", "/version");
    assert_eq!(
        send(&server, &manual, version()).header("warning").next(),
        None
    );
    let warned = send(&server, &unasked, version());
    let words = "Use tokens from the TokenRequest API or manually created secret-based tokens instead of auto-generated secret-based tokens.";
    assert_eq!(
        warned.header("warning").next(),
        Some(format!("299 - \"{words}\"").as_str())
    );

    // Marked as invalid it counts no more, and is noted as used nevertheless.
    let path = format!("{SECRETS}/manual");
    let labels =
        json!({LAST_USED: "2020-01-01", "kubernetes.io/legacy-token-invalid-since": "2024-01-01"});
    merge(&server, &path, &json!({"metadata": {"labels": labels}}));
    assert_eq!(whoami(&server, &manual).0, 401);
    assert_eq!(label(&server, "manual"), today);

    let secret = Request::new("DELETE", "/api/v1/namespaces/default/secrets/unasked");
    assert_eq!(server.send(&secret).status, 200);
    assert_eq!(whoami(&server, &unasked).0, 401);

    let told = std::fs::read_to_string(&log).unwrap();
    for expected in [
        r#""authentication.k8s.io/legacy-token-manual-secret":"manual""#,
        r#""authentication.k8s.io/legacy-token-autogenerated-secret":"unasked""#,
        r#""authentication.k8s.io/legacy-token-invalidated":"manual/default""#,
    ] {
        assert!(told.contains(expected), "{expected}");
    }
    assert!(!told.contains(&manual) && !told.contains(&unasked));
}
