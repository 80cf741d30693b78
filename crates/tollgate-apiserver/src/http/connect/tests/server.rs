//! The server, and a client that speaks as little HTTP as it needs.

use super::agent::Agent;
use crate::admission::AdmissionConfig;
use crate::audit::{self, Auditor, Format, Lines, Policy, queue};
use crate::auth::authenticate::TokenFile;
use crate::auth::token::request::Issuer;
use crate::auth::token::{SigningKey, Verifier};
use crate::auth::{Authenticator, Mode};
use crate::environment::Environment as _;
use crate::environment::fixed::Fixed;
use crate::http::certificates::{Certificates, tls};
use crate::server::{Config, Limits, Server};
use crate::storage::{Key, MemoryStore, Store, Write};
use crate::verbs::Yaml;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tollgate_api::{Release, Value, json};

/// Who may do what: `admin` everything, `reader` only get, `nobody` nothing.
const TOKENS: &str = "of-admin,admin,1,system:masters\nof-reader,reader,2,\nof-nobody,nobody,3,\n";

/// The key for tokens of service accounts, which takes long to make.
static SERVICE_ACCOUNTS: LazyLock<String> =
    LazyLock::new(|| SigningKey::generate(&ring::rand::SystemRandom::new()).unwrap());

/// A server that runs until its runtime ends.
pub(super) struct Running {
    /// What the node was told to give up.
    pub(super) gone: mpsc::UnboundedReceiver<&'static str>,
    address: SocketAddr,
    tls: Arc<rustls::ClientConfig>,
}

fn put(store: &MemoryStore, plural: &str, namespace: &str, text: &str) {
    let value = json::from_str(text).unwrap();
    let name = value.at(&["metadata", "name"]).and_then(Value::as_str);
    let group = if plural.starts_with("role") {
        "rbac.authorization.k8s.io"
    } else if plural.starts_with("validating") {
        "admissionregistration.k8s.io"
    } else {
        ""
    };
    let write = Write::Put {
        key: Key::new(group, plural, namespace, name.unwrap()),
        value: text.to_owned().into(),
    };
    store.transact(&mut |_| vec![write.clone()]).unwrap();
}

/// A pod on a node, with containers and what is known of them: `name=state`.
fn pod(name: &str, node: &str, containers: &[(&str, &str)]) -> String {
    let specs: Vec<String> = containers
        .iter()
        .map(|(name, _)| {
            format!(r#"{{"name":"{name}","image":"i","ports":[{{"containerPort":8080}}]}}"#)
        })
        .collect();
    let statuses: Vec<String> = containers
        .iter()
        .map(|(name, state)| format!(r#"{{"name":"{name}",{state}}}"#))
        .collect();
    let (specs, statuses) = (specs.join(","), statuses.join(","));
    let node = if node.is_empty() {
        String::new()
    } else {
        format!(r#""nodeName":"{node}","#)
    };
    format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"a","uid":"u-{name}"}},"spec":{{{node}"containers":[{specs}],"initContainers":[{{"name":"first","image":"i"}}]}},"status":{{"podIP":"10.0.0.7","podIPs":[{{"ip":"10.0.0.7"}}],"containerStatuses":[{statuses}]}}}}"#
    )
}

const RUNS: &str = r#""state":{"running":{"startedAt":"2026-01-15T12:00:00Z"}}"#;

fn objects(store: &MemoryStore) {
    let waits = |reason: &str| format!(r#""state":{{"waiting":{{"reason":"{reason}"}}}}"#);
    put(
        store,
        "namespaces",
        "",
        r#"{"metadata":{"name":"a","uid":"1"}}"#,
    );
    for node in ["n1", "off"] {
        let text = format!(r#"{{"metadata":{{"name":"{node}","uid":"{node}"}}}}"#);
        put(store, "nodes", "", &text);
    }
    let again =
        r#""state":{"running":{}},"lastState":{"terminated":{"exitCode":1,"containerID":"x://1"}}"#;
    let (creating, pulling) = (waits("ContainerCreating"), waits("ImagePullBackOff"));
    for text in [
        pod("one", "n1", &[("c", RUNS)]),
        pod("two", "n1", &[("a", RUNS), ("b", again)]),
        pod("endless", "n1", &[("c", RUNS)]),
        pod("rotated", "n1", &[("c", RUNS)]),
        pod("free", "", &[("c", RUNS)]),
        pod("lost", "gone", &[("c", RUNS)]),
        pod("dark", "off", &[("c", RUNS)]),
        pod("new", "n1", &[("c", &creating)]),
        pod("stuck", "n1", &[("c", &pulling)]),
    ] {
        put(store, "pods", "a", &text);
    }
    put(
        store,
        "services",
        "a",
        r#"{"metadata":{"name":"s","namespace":"a","uid":"s"},"spec":{"ports":[{"name":"http","port":80,"targetPort":8080}]}}"#,
    );
    put(
        store,
        "endpoints",
        "a",
        r#"{"metadata":{"name":"s","namespace":"a","uid":"e"},"subsets":[{"addresses":[{"ip":"10.0.0.9"},{"ip":"10.0.0.7","targetRef":{"kind":"Pod","namespace":"a","name":"one"}}],"ports":[{"name":"http","port":8080}]}]}"#,
    );
    put(
        store,
        "roles",
        "a",
        r#"{"metadata":{"name":"r","namespace":"a","uid":"r"},"rules":[{"apiGroups":[""],"resources":["pods/exec","pods/log"],"verbs":["get"]}]}"#,
    );
    put(
        store,
        "rolebindings",
        "a",
        r#"{"metadata":{"name":"r","namespace":"a","uid":"b"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"r"},"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"reader"}]}"#,
    );
}

impl Running {
    /// Starts a server, with the node or without any.
    pub(super) async fn start(with_agent: bool) -> Self {
        Self::start_with(with_agent, &[]).await
    }

    /// The same with more objects, each with its plural.
    pub(super) async fn start_with(with_agent: bool, more: &[(&str, &str)]) -> Self {
        Self::start_audited(with_agent, more, None).await
    }

    /// One with the node that tells of all requests, and what it tells.
    pub(super) async fn audited() -> (Self, Lines) {
        let rules =
            r#"{"apiVersion":"audit.k8s.io/v1","kind":"Policy","rules":[{"level":"Metadata"}]}"#;
        let policy = Policy::from_value(&json::from_str(rules).unwrap(), &[]).unwrap();
        let (queue, lines) = queue(audit::Mode::Blocking);
        let auditor = Auditor::new(policy, queue, Format::Json, Arc::new(Fixed::default()));
        (Self::start_audited(true, &[], Some(auditor)).await, lines)
    }

    async fn start_audited(
        with_agent: bool,
        more: &[(&str, &str)],
        auditor: Option<Auditor>,
    ) -> Self {
        let store = MemoryStore::default();
        objects(&store);
        for (plural, text) in more {
            put(&store, plural, "", text);
        }
        let environment = Fixed::default();
        let made = Certificates::make(&[], environment.now()).unwrap();
        let random = ring::rand::SystemRandom::new();
        let key = SigningKey::from_pem(&SERVICE_ACCOUNTS, &random).unwrap();
        let (sender, gone) = mpsc::unbounded_channel();
        let server = Server::start(Config {
            store: Arc::new(store),
            environment: Arc::new(environment),
            release: Release::default(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            advertised: [127, 0, 0, 1].into(),
            hostname: "test".to_owned(),
            client_authorities: made.authority.certificate.clone(),
            tls: tls(&made.server, &[&made.authority.certificate]).unwrap(),
            admission: AdmissionConfig::default(),
            authenticator: Authenticator {
                token_file: Some(TokenFile::parse("tokens", TOKENS).unwrap()),
                audiences: Vec::new(),
                service_accounts: Verifier::default(),
                anonymous: true,
            },
            authorization_modes: vec![Mode::Rbac],
            issuer: Issuer {
                name: "test".to_owned(),
                key: key.into(),
                audiences: Vec::new(),
                expiration_seconds_max: None,
                extends_expiration: false,
            },
            read_yaml: |_| {
                Ok(Yaml {
                    tree: Value::Null,
                    duplicates: Vec::new(),
                })
            },
            event_ttl: Duration::ZERO,
            usage: None,
            auditor,
            limits: Limits::default(),
            node_agent: with_agent.then(|| Arc::new(Agent { gone: sender }) as Arc<_>),
        });
        let server = server.await.unwrap();
        let address = server.address().unwrap();
        tokio::spawn(server.serve(std::future::pending()));
        let mut roots = rustls::RootCertStore::empty();
        let authority = made.authority.certificate.as_bytes();
        roots
            .add(CertificateDer::from_pem_slice(authority).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            gone,
            address,
            tls: Arc::new(tls),
        }
    }

    /// A connection of a client.
    pub(super) async fn connect(&self) -> TlsStream<TcpStream> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        connector.connect(name, stream).await.unwrap()
    }

    /// Sends a request of a user, `METHOD PATH`, and gives the code and the head of the answer with what follows it.
    pub(super) async fn ask(
        &self,
        user: &str,
        request: &str,
        headers: &str,
    ) -> (u16, String, TlsStream<TcpStream>) {
        let mut stream = self.connect().await;
        let head = format!(
            "{request} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer of-{user}\r\n{headers}\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
        let answer = String::from_utf8(answer).unwrap();
        let code = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (code, answer, stream)
    }

    /// Sends a request of the administrator and gives the code and the body of the answer.
    pub(super) async fn get(&self, request: &str) -> (u16, String) {
        let (code, body) = self.get_as("admin", request).await;
        (code, body)
    }

    /// The same as somebody else.
    pub(super) async fn get_as(&self, user: &str, request: &str) -> (u16, String) {
        let (code, head, mut stream) = self.ask(user, request, "Connection: close\r\n").await;
        let mut body = Vec::new();
        stream.read_to_end(&mut body).await.unwrap();
        let is_chunked = head
            .to_ascii_lowercase()
            .contains("transfer-encoding: chunked");
        let body = if is_chunked { unchunked(&body) } else { body };
        (code, String::from_utf8(body).unwrap())
    }

    /// Waits until the node has been told something: which of its streams nobody wants any more.
    pub(super) async fn hears(&mut self, what: &str) {
        let deadline = Duration::from_secs(20);
        let gone = tokio::time::timeout(deadline, self.gone.recv()).await;
        assert_eq!(gone.unwrap(), Some(what));
    }

    /// The message of the Status that answers a request.
    pub(super) async fn refusal(&self, request: &str) -> (u16, String) {
        let (code, body) = self.get(request).await;
        (code, message(&body))
    }
}

/// The message of a Status.
pub(super) fn message(body: &str) -> String {
    let status = json::from_str(body);
    let status = status.unwrap_or_else(|_| panic!("no Status: {body}"));
    status.str_or_empty("message").to_owned()
}

fn unchunked(body: &[u8]) -> Vec<u8> {
    let mut rest = body;
    let mut whole = Vec::new();
    loop {
        let end = rest.windows(2).position(|end| end == b"\r\n").unwrap();
        let size = std::str::from_utf8(&rest[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return whole;
        }
        rest = &rest[end + 2..];
        whole.extend_from_slice(&rest[..size]);
        rest = &rest[size + 2..];
    }
}
