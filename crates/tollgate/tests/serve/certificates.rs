//! Certificates that somebody else made: the server's own, and those of its clients.

use super::running::{Running, folder};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use tollgate_testkit::client::{Request, Target, Who};

/// An authority, and what it certifies.
struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

fn params(name: &str, group: Option<&str>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    if let Some(group) = group {
        params
            .distinguished_name
            .push(DnType::OrganizationName, group);
    }
    params
}

impl Authority {
    fn new() -> Self {
        let mut params = params("somebody else", None);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self {
            certificate: params.self_signed(&key).unwrap().pem(),
            issuer: Issuer::new(params, key),
        }
    }

    fn certify(&self, params: &CertificateParams) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn certify_client(&self, name: &str, group: &str) -> (String, String) {
        self.certify(&params(name, Some(group)))
    }
}

/// The server as a client sees it that has this certificate and believes this authority.
fn target(
    server: &Running,
    authority: &Authority,
    (certificate, key): &(String, String),
) -> Target {
    let url = format!("https://{}", server.target.address());
    let encode = |text: &str| STANDARD.encode(text);
    let kubeconfig = json!({
        "clusters": [{"cluster": {"server": url, "certificate-authority-data": encode(&authority.certificate)}}],
        "users": [{"user": {"client-certificate-data": encode(certificate), "client-key-data": encode(key)}}]
    });
    let file = server.folder.join("kubeconfig");
    std::fs::write(&file, kubeconfig.to_string()).unwrap();
    Target::from_kubeconfig(&file).unwrap()
}

/// A server with a certificate of one authority that believes certificates of another.
fn server(name: &str) -> (Running, Authority, Authority) {
    let folder = folder(name);
    let (servers, clients) = (Authority::new(), Authority::new());
    let mut own = params("server", None);
    let names = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    own.subject_alt_names = names.subject_alt_names;
    let (certificate, key) = servers.certify(&own);
    let write = |name: &str, text: &str| {
        let file = folder.join(name);
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let flags = [
        "--tls-cert-file",
        &write("server.crt", &certificate),
        "--tls-private-key-file",
        &write("server.key", &key),
        "--client-ca-file",
        &write("clients.crt", &clients.certificate),
        "--enable-admission-plugins=NodeRestriction",
    ];
    let server = Running::start_in(folder.clone(), &flags);
    (server, servers, clients)
}

#[test]
fn certificates_of_others_count_where_the_flags_say_so() {
    let (server, servers, clients) = server("certificates");
    let version = Request::new("GET", "/version");
    // Its own authority has not certified what it shows.
    assert!(server.target.send(Who::Admin, &version).is_err());

    let ann = clients.certify_client("ann", "system:masters");
    let ann = target(&server, &servers, &ann);
    let me = r#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#;
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let answer = ann.send(Who::Admin, &Request::json("POST", path, me));
    assert_eq!(
        answer.unwrap().json()["status"]["userInfo"]["username"],
        "ann"
    );
    let namespaces = Request::new("GET", "/api/v1/namespaces");
    assert_eq!(ann.send(Who::Admin, &namespaces).unwrap().status, 200);

    let stranger = Authority::new().certify_client("ann", "system:masters");
    let stranger = target(&server, &servers, &stranger);
    assert!(stranger.send(Who::Admin, &version).is_err());
    assert_eq!(stranger.send(Who::Anonymous, &version).unwrap().status, 200);
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

#[test]
fn a_node_sees_what_its_pods_need_and_changes_itself_alone() {
    let (server, servers, clients) = server("node");
    let ann = clients.certify_client("ann", "system:masters");
    let ann = target(&server, &servers, &ann);
    let node = clients.certify_client("system:node:n1", "system:nodes");
    let node = target(&server, &servers, &node);
    let get = |path: &str| send(&node, "GET", path, &Value::Null);
    let create = |name: &str| {
        let body = json!({"metadata": {"name": name}});
        send(&node, "POST", "/api/v1/nodes", &body)
    };
    assert_eq!(create("n1").0, 201);
    let (code, refusal) = create("n2");
    assert_eq!(code, 403);
    assert_eq!(
        refusal["message"],
        "nodes \"n2\" is forbidden: node \"n1\" is not allowed to modify node \"n2\""
    );
    assert_eq!(get("/api/v1/nodes/n1").0, 200);
    let (code, refusal) = get("/api/v1/nodes");
    assert_eq!(code, 403);
    assert_eq!(
        refusal["message"],
        "nodes is forbidden: User \"system:node:n1\" cannot list resource \"nodes\" in API group \"\" at the cluster scope: node 'n1' cannot read all nodes, only its own Node object"
    );
    assert_eq!(get("/api/v1/pods?fieldSelector=spec.nodeName%3Dn1").0, 200);
    assert_eq!(get("/api/v1/pods").0, 403);

    let secret = "/api/v1/namespaces/default/secrets/s";
    assert_eq!(get(secret).0, 403);
    let containers =
        json!([{"name": "c", "image": "i", "envFrom": [{"secretRef": {"name": "s"}}]}]);
    for (plural, object) in [
        ("secrets", json!({"metadata": {"name": "s"}})),
        ("serviceaccounts", json!({"metadata": {"name": "default"}})),
        (
            "pods",
            json!({"metadata": {"name": "p"}, "spec": {"nodeName": "n1", "containers": containers}}),
        ),
    ] {
        let path = format!("/api/v1/namespaces/default/{plural}");
        let (code, answer) = send(&ann, "POST", &path, &object);
        assert!(matches!(code, 201 | 409), "{answer}");
    }
    assert_eq!(get(secret).0, 200);
    let bound =
        json!({"spec": {"boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": "p"}}});
    let token = "/api/v1/namespaces/default/serviceaccounts/default/token";
    let (code, refusal) = send(&node, "POST", token, &bound);
    assert_eq!(code, 403);
    assert_eq!(
        refusal["message"],
        "serviceaccounts \"default\" is forbidden: node requested token with a pod binding without a uid"
    );
    let eviction =
        json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}});
    let path = "/api/v1/namespaces/default/pods/p/eviction";
    let (code, answer) = send(&node, "POST", path, &eviction);
    assert_eq!(code, 201, "{answer}");
}
