//! CertificateSigningRequests: who signs them, who approves them, when they go.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, DnType, KeyPair};
use std::sync::Arc;
use std::time::Duration;
use tollgate_api::client::{Client, Identity, PatchKind, Reply, Target, Verb};
use tollgate_api::{Timestamp, Value, json};
use tollgate_apiserver::auth::authority::Authority;
use tollgate_apiserver::http::certificates::Certificates;
use tollgate_controllers::certificates::approving::Approving;
use tollgate_controllers::certificates::cleaning::Cleaning;
use tollgate_controllers::certificates::signing::Signing;
use tollgate_controllers::resources::{
    CERTIFICATE_SIGNING_REQUESTS, CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES,
};
use tollgate_testkit::cluster::Cluster;
use x509_parser::pem::Pem;

const CLIENT: &str = "kubernetes.io/kube-apiserver-client";
const KUBELET: &str = "kubernetes.io/kube-apiserver-client-kubelet";
const HOUR: Duration = Duration::from_hours(1);

fn cluster(seed: u64) -> Cluster {
    let now = Timestamp::parse("2026-01-15T12:00:00Z").unwrap();
    let keys = Certificates::make(&[], now).unwrap().authority;
    let controllers = move || {
        let authority = Arc::new(Authority::new(&keys.certificate, &keys.key).unwrap());
        vec![
            Arc::new(Approving::new(authority.clone())) as _,
            Arc::new(Cleaning::new(authority.clone())) as _,
            Arc::new(Signing::new(authority, HOUR * 8760)) as _,
        ]
    };
    Cluster::new(seed, Box::new(controllers))
}

/// A request for a certificate as the API takes it.
fn pem(name: &str, group: &str, hosts: &[&str]) -> String {
    let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(hosts).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
        .distinguished_name
        .push(DnType::OrganizationName, group);
    let key = KeyPair::generate().unwrap();
    STANDARD.encode(params.serialize_request(&key).unwrap().pem().unwrap())
}

/// Asks for a certificate.
#[track_caller]
fn ask(client: &Arc<dyn Client>, name: &str, signer: &str, usages: &str, request: &str) {
    let object = format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"signerName":"{signer}","expirationSeconds":86400,
            "usages":{usages},"request":"{request}"}}}}"#
    );
    let verb = Verb::Create(json::from_str(&object).unwrap());
    let target = Target::collection(&CERTIFICATE_SIGNING_REQUESTS, "");
    futures_util::FutureExt::now_or_never(client.call(target, verb))
        .unwrap()
        .unwrap();
}

fn decide(cluster: &Cluster, name: &str, sort: &str) {
    let target = Target::object(&CERTIFICATE_SIGNING_REQUESTS, "", name).sub("approval");
    let patch = format!(
        r#"{{"status":{{"conditions":[{{"type":"{sort}","status":"True","reason":"Test"}}]}}}}"#
    );
    cluster.patch(target, &patch).unwrap();
}

fn get(cluster: &Cluster, name: &str) -> Option<Value> {
    cluster.get(&CERTIFICATE_SIGNING_REQUESTS, "", name)
}

fn certificate(object: &Value) -> Option<Vec<u8>> {
    let text = object.at(&["status", "certificate"])?.as_str()?;
    Some(STANDARD.decode(text).unwrap())
}

/// The types of a request's conditions, with reasons and messages.
fn conditions(object: &Value) -> Vec<[&str; 3]> {
    let conditions = object
        .get("status")
        .map_or(&[][..], |status| status.items("conditions"));
    conditions
        .iter()
        .map(|condition| ["type", "reason", "message"].map(|key| condition.str_or_empty(key)))
        .collect()
}

#[test]
fn what_is_approved_is_signed_with_what_was_asked_for() {
    let mut cluster = cluster(1);
    let request = pem("jane", "dev", &[]);
    ask(
        &cluster.admin(),
        "jane",
        CLIENT,
        r#"["client auth"]"#,
        &request,
    );
    cluster.settle();
    assert_eq!(
        certificate(&get(&cluster, "jane").unwrap()),
        None,
        "people decide"
    );
    decide(&cluster, "jane", "Approved");
    cluster.settle();
    let signed = certificate(&get(&cluster, "jane").unwrap()).unwrap();
    let (pem, _) = Pem::read(std::io::Cursor::new(&signed)).unwrap();
    let (_, certificate) = x509_parser::parse_x509_certificate(&pem.contents).unwrap();
    assert_eq!(certificate.subject().to_string(), "O=dev, CN=jane");
    // A day, of which five minutes have passed.
    let validity = certificate.validity();
    assert_eq!(validity.not_before.timestamp(), 1_768_478_400 - 300);
    assert_eq!(validity.not_after.timestamp(), 1_768_478_400 - 300 + 86_400);
}

#[test]
fn what_is_denied_or_for_another_signer_is_not_signed() {
    let mut cluster = cluster(2);
    let usages = r#"["client auth"]"#;
    for (name, signer) in [("denied", CLIENT), ("other", "example.com/a")] {
        ask(
            &cluster.admin(),
            name,
            signer,
            usages,
            &pem("jane", "dev", &[]),
        );
    }
    decide(&cluster, "denied", "Denied");
    decide(&cluster, "other", "Approved");
    cluster.settle();
    for name in ["denied", "other"] {
        let object = get(&cluster, name).unwrap();
        assert_eq!(certificate(&object), None, "{name}");
        assert_eq!(conditions(&object).len(), 1, "{name}");
    }
}

#[test]
fn what_a_signer_must_not_sign_fails_and_says_why() {
    let mut cluster = cluster(3);
    let admin = cluster.admin();
    let usages = r#"["server auth","digital signature"]"#;
    ask(&admin, "usages", CLIENT, usages, &pem("jane", "dev", &[]));
    ask(
        &admin,
        "group",
        KUBELET,
        usages,
        &pem("system:node:n1", "dev", &[]),
    );
    let serving = "kubernetes.io/kubelet-serving";
    ask(
        &admin,
        "name",
        serving,
        usages,
        &pem("system:node:n1", "system:nodes", &[]),
    );
    ask(
        &admin,
        "good",
        serving,
        usages,
        &pem("system:node:n1", "system:nodes", &["n1"]),
    );
    for name in ["usages", "group", "name", "good"] {
        decide(&cluster, name, "Approved");
    }
    cluster.settle();
    for (name, message) in [
        (
            "usages",
            "invalid usage for client certificate: server auth",
        ),
        ("group", "subject organization is not system:nodes"),
        ("name", "DNS or IP subjectAltName is required"),
    ] {
        let object = get(&cluster, name).unwrap();
        assert_eq!(certificate(&object), None, "{name}");
        let failed = ["Failed", "SignerValidationFailure", message];
        assert_eq!(conditions(&object)[1], failed);
    }
    assert!(certificate(&get(&cluster, "good").unwrap()).is_some());
}

#[test]
fn a_node_gets_its_client_certificate_when_its_author_has_the_right() {
    let mut cluster = cluster(4);
    let usages = r#"["client auth","digital signature"]"#;
    let groups = ["system:bootstrappers"];
    let booting = cluster.client(Identity::user("system:bootstrap:abc", &groups, "kubelet"));
    bind(&cluster, "asks", "system:node-bootstrapper");
    let request = pem("system:node:n1", "system:nodes", &[]);
    ask(&booting, "n1", KUBELET, usages, &request);
    cluster.settle();
    assert_eq!(conditions(&get(&cluster, "n1").unwrap()), [[""; 3]; 0]);
    // The controller tries again, later each time.
    bind(
        &cluster,
        "may",
        "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
    );
    cluster.wait(Duration::from_mins(1), |cluster| {
        certificate(&get(cluster, "n1").unwrap()).is_some()
    });
    let message = "Auto approving kubelet client certificate after SubjectAccessReview.";
    let object = get(&cluster, "n1").unwrap();
    assert_eq!(conditions(&object), [["Approved", "AutoApproved", message]]);

    // People decide on everything else.
    ask(
        &booting,
        "serving",
        "kubernetes.io/kubelet-serving",
        usages,
        &request,
    );
    cluster.advance(Duration::from_mins(1));
    assert_eq!(conditions(&get(&cluster, "serving").unwrap()), [[""; 3]; 0]);
}

/// Gives a role to all who begin.
fn bind(cluster: &Cluster, name: &str, role: &str) {
    assert!(cluster.get(&CLUSTER_ROLES, "", role).is_some(), "{role}");
    let binding = format!(
        r#"{{"metadata":{{"name":"{name}"}},
            "roleRef":{{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"{role}"}},
            "subjects":[{{"apiGroup":"rbac.authorization.k8s.io","kind":"Group","name":"system:bootstrappers"}}]}}"#
    );
    cluster
        .create(&CLUSTER_ROLE_BINDINGS, "", &binding)
        .unwrap();
}

#[test]
fn requests_go_an_hour_after_a_decision_and_a_day_without_one() {
    let mut cluster = cluster(5);
    let usages = r#"["client auth"]"#;
    let names = ["signed", "denied", "pending", "unsigned"];
    for name in names {
        let signer = if name == "unsigned" {
            "example.com/a"
        } else {
            CLIENT
        };
        ask(
            &cluster.admin(),
            name,
            signer,
            usages,
            &pem("jane", "dev", &[]),
        );
    }
    cluster.advance(HOUR / 2);
    for (name, decision) in [
        ("signed", "Approved"),
        ("denied", "Denied"),
        ("unsigned", "Approved"),
    ] {
        decide(&cluster, name, decision);
    }
    let there = |cluster: &Cluster| names.map(|name| get(cluster, name).is_some());
    cluster.advance(Duration::from_secs(3599));
    assert_eq!(there(&cluster), [true, true, true, true]);
    cluster.advance(Duration::from_secs(1));
    assert_eq!(there(&cluster), [false, false, true, true]);
    cluster.advance(HOUR * 22);
    assert_eq!(there(&cluster), [false, false, true, true]);
    cluster.advance(HOUR);
    assert_eq!(there(&cluster), [false, false, false, true]);
    cluster.advance(HOUR * 1000);
    assert_eq!(there(&cluster), [false, false, false, true]);
}

#[test]
fn faults_delay_but_do_not_prevent_it() {
    for seed in 0..10 {
        let mut cluster = cluster(seed);
        cluster.faults.set(300, 100, 100);
        for number in 0..5 {
            let name = format!("r{number}");
            ask(
                &cluster.admin(),
                &name,
                CLIENT,
                r#"["client auth"]"#,
                &pem("jane", "dev", &[]),
            );
            decide(&cluster, &name, "Approved");
            cluster.advance(Duration::from_millis(50));
            if number == 2 {
                cluster.restart();
            }
        }
        cluster.faults.stop();
        cluster.wait(Duration::from_secs(30), |cluster| {
            let all = cluster.list(&CERTIFICATE_SIGNING_REQUESTS, "");
            all.len() == 5 && all.iter().all(|object| certificate(object).is_some())
        });
    }
}

#[test]
fn a_certificate_is_signed_once() {
    let mut cluster = cluster(6);
    ask(
        &cluster.admin(),
        "jane",
        CLIENT,
        r#"["client auth"]"#,
        &pem("jane", "dev", &[]),
    );
    decide(&cluster, "jane", "Approved");
    cluster.settle();
    let first = certificate(&get(&cluster, "jane").unwrap()).unwrap();
    let target = Target::object(&CERTIFICATE_SIGNING_REQUESTS, "", "jane");
    let patch = json::from_str(r#"{"metadata":{"labels":{"a":"b"}}}"#).unwrap();
    let reply = cluster
        .call(target, Verb::Patch(PatchKind::Merge, patch))
        .unwrap();
    assert!(matches!(reply, Reply::Object(_)));
    cluster.restart();
    cluster.settle();
    assert_eq!(certificate(&get(&cluster, "jane").unwrap()), Some(first));
}
