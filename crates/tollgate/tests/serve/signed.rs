//! Certificates that the server's own authority signs: asked for, approved, shown in the next handshake.

use super::running::Running;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, DnType, KeyPair};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use tollgate_testkit::client::{Request, Target, Who};

const PATH: &str = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

/// Asks for the certificate of a client, and says yes to it.
fn ask_and_approve(server: &Running, name: &str, groups: &[&str], key: &KeyPair) {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    for group in groups {
        let subject = &mut params.distinguished_name;
        subject.push(DnType::OrganizationName, *group);
    }
    let pem = params.serialize_request(key).unwrap().pem().unwrap();
    let spec = json!({
        "signerName": "kubernetes.io/kube-apiserver-client",
        "request": STANDARD.encode(pem),
        "usages": ["digital signature", "client auth"],
        "expirationSeconds": 3600,
    });
    server.create(PATH, &json!({"metadata": {"name": name}, "spec": spec}));
    let condition = json!({"type": "Approved", "status": "True", "reason": "Test"});
    let body = json!({"status": {"conditions": [condition]}}).to_string();
    let path = format!("{PATH}/{name}/approval");
    let request = Request {
        headers: vec![("Content-Type", "application/merge-patch+json")],
        ..Request::json("PATCH", &path, &body)
    };
    assert_eq!(server.send(&request).status, 200);
}

/// The certificate, as soon as it is there.
#[expect(
    clippy::disallowed_methods,
    reason = "a server that never gets there must not hold the tests up"
)]
fn signed(server: &Running, name: &str) -> String {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let found = server.get(&format!("{PATH}/{name}"));
        if let Some(certificate) = found["status"]["certificate"].as_str() {
            return certificate.to_owned();
        }
        assert!(Instant::now() < deadline, "{found}");
        std::thread::yield_now();
    }
}

/// The server as a client sees it that has this certificate, in base64, and its key.
fn target(server: &Running, certificate: &str, key: &KeyPair) -> Target {
    let url = format!("https://{}", server.target.address());
    let authority = std::fs::read(server.data().join("pki/ca.crt")).unwrap();
    let kubeconfig = json!({
        "clusters": [{"cluster": {"server": url, "certificate-authority-data": STANDARD.encode(authority)}}],
        "users": [{"user": {"client-certificate-data": certificate,
            "client-key-data": STANDARD.encode(key.serialize_pem())}}]
    });
    let file = server.folder.join("kubeconfig");
    std::fs::write(&file, kubeconfig.to_string()).unwrap();
    Target::from_kubeconfig(&file).unwrap()
}

fn send(target: &Target, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let text = body.to_string();
    let request = match body {
        Value::Null => Request::new(method, path),
        _ => Request::json(method, path, &text),
    };
    let answer = target.send(Who::Admin, &request).unwrap();
    (answer.status, answer.json())
}

fn whoami(target: &Target) -> Value {
    let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let (code, answer) = send(target, "POST", path, &body);
    assert_eq!(code, 201, "{answer}");
    answer["status"]["userInfo"].clone()
}

/// Every file of a folder but those of keys, as text.
fn texts(folder: &Path, out: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("pki") {
            texts(&path, out);
        } else if path.is_file() {
            out.push(String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned());
        }
    }
}

#[test]
fn an_approved_request_leads_to_a_certificate_with_which_a_client_logs_in() {
    let folder = super::running::folder("signed");
    let policy = folder.join("policy.yaml");
    let text = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: RequestResponse}]\n";
    std::fs::write(&policy, text).unwrap();
    let log = folder.join("audit.log");
    let mut server = Running::start_in(
        folder,
        &[
            "--controllers=*",
            "--audit-policy-file",
            policy.to_str().unwrap(),
            "--audit-log-path",
            log.to_str().unwrap(),
        ],
    );
    let key = KeyPair::generate().unwrap();
    ask_and_approve(&server, "jane", &["dev"], &key);
    let certificate = signed(&server, "jane");
    let spec = server.get(&format!("{PATH}/jane"))["spec"].clone();
    assert_eq!(spec["username"], "admin");
    assert_eq!(
        spec["groups"],
        json!(["system:masters", "system:authenticated"])
    );
    let jane = target(&server, &certificate, &key);
    let me = whoami(&jane);
    assert_eq!(me["username"], "jane");
    assert_eq!(me["groups"], json!(["dev", "system:authenticated"]));

    let pods = "/api/v1/namespaces/default/pods";
    assert_eq!(send(&jane, "GET", pods, &Value::Null).0, 403);
    let binding = json!({
        "metadata": {"name": "devs"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "dev"}],
    });
    let bindings = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings";
    server.create(bindings, &binding);
    assert_eq!(send(&jane, "GET", pods, &Value::Null).0, 200);

    // The authority and its certificates outlive the process.
    assert_eq!(server.stop("-TERM"), Some(0));
    let printed = server.rest().join().unwrap().join("\n") + &server.said.join("\n");
    server.restart();
    assert_eq!(
        whoami(&target(&server, &certificate, &key))["username"],
        "jane"
    );

    // What it signs with is nowhere but where it is kept.
    let authority = std::fs::read_to_string(server.data().join("pki/ca.key")).unwrap();
    let secret = authority.lines().nth(1).unwrap();
    assert!(secret.len() > 40, "a line of the key");
    let mut all = vec![printed];
    texts(&server.folder, &mut all);
    assert!(
        all.iter().any(|text| text.contains("system:authenticated")),
        "the log is read"
    );
    assert!(all.iter().all(|text| !text.contains(secret)));
}

#[test]
fn nobody_is_signed_for_longer_than_the_flag_says() {
    let flags = ["--controllers=*", "--cluster-signing-duration=30m"];
    let server = Running::start("signed-short", &flags);
    let key = KeyPair::generate().unwrap();
    ask_and_approve(&server, "jane", &["dev"], &key);
    let pem = STANDARD.decode(signed(&server, "jane")).unwrap();
    let (_, pem) = x509_parser::pem::parse_x509_pem(&pem).unwrap();
    let (_, certificate) = x509_parser::parse_x509_certificate(&pem.contents).unwrap();
    let validity = certificate.validity();
    let counts = validity.not_after.timestamp() - validity.not_before.timestamp();
    assert_eq!(
        counts,
        35 * 60,
        "half an hour, and five minutes that have passed"
    );
    let refusal = super::running::refusal(&[
        "serve",
        "--data-dir=:memory:",
        "--secure-port=0",
        "--cluster-signing-duration=0s",
    ]);
    assert!(refusal.contains("--cluster-signing-duration=0s: it must be longer than nothing"));
}
