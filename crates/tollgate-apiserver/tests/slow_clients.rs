//! Clients that are slow harm only themselves.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tollgate_api::{Release, Timestamp, Value};
use tollgate_apiserver::admission::AdmissionConfig;
use tollgate_apiserver::auth::token::SigningKey;
use tollgate_apiserver::auth::token::request::Issuer;
use tollgate_apiserver::auth::{Authenticator, Mode};
use tollgate_apiserver::environment::Environment;
use tollgate_apiserver::http::certificates::{Certificates, read_certificates, tls};
use tollgate_apiserver::server::{Config, Limits, Server};
use tollgate_apiserver::storage::{Key, MemoryStore, Store, Window, Write};
use tollgate_apiserver::verbs::Yaml;

/// With [`CHANGES`] of them, more than all buffers between server and client hold.
const OBJECT_BYTES: usize = 512 * 1024;
const CHANGES: usize = 120;
/// After so many looks something is wrong.
const TRIES_MAX: usize = 10_000;
const PATH: &str = "/api/v1/namespaces/a/configmaps?watch=true&timeoutSeconds=600";

#[derive(Debug, Default)]
struct Chance(AtomicU64);

impl Environment for Chance {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(1_768_478_400)
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn random(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

/// A server of this process that lets everybody do everything.
struct Running {
    address: SocketAddr,
    connector: TlsConnector,
}

async fn start(store: Arc<dyn Store>, limits: Limits) -> Running {
    let now = Timestamp::parse("2026-01-15T12:00:00Z").unwrap();
    let made = Certificates::make(&[], now).unwrap();
    let random = ring::rand::SystemRandom::new();
    let pem = SigningKey::generate(&random).unwrap();
    let server = Server::start(Config {
        store,
        environment: Arc::new(Chance::default()),
        release: Release::default(),
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        tls: tls(&made.server, &[&made.authority.certificate]).unwrap(),
        admission: AdmissionConfig::default(),
        authenticator: Authenticator {
            anonymous: true,
            ..Authenticator::default()
        },
        authorization_modes: vec![Mode::AlwaysAllow],
        issuer: Issuer {
            name: "test".to_owned(),
            key: SigningKey::from_pem(&pem, &random).unwrap().into(),
            audiences: Vec::new(),
            expiration_seconds_max: None,
            extends_expiration: false,
        },
        advertised: [127, 0, 0, 1].into(),
        hostname: "server".to_owned(),
        client_authorities: String::new(),
        event_ttl: Duration::ZERO,
        node_agent: None,
        usage: None,
        auditor: None,
        limits,
        read_yaml: |_| {
            Ok(Yaml {
                tree: Value::Null,
                duplicates: Vec::new(),
            })
        },
    });
    let server = server.await.unwrap();
    let address = server.address().unwrap();
    tokio::spawn(server.serve(std::future::pending()));
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates(&made.authority.certificate, "x").unwrap() {
        roots.add(certificate).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Running {
        address,
        connector: TlsConnector::from(Arc::new(config)),
    }
}

impl Running {
    async fn connect(&self) -> TlsStream<TcpStream> {
        let socket = TcpSocket::new_v4().unwrap();
        // The system holds as much as a test's whole stream for a client that does not read, unless it is told otherwise.
        socket.set_recv_buffer_size(64 * 1024).unwrap();
        let stream = socket.connect(self.address).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        self.connector.connect(name, stream).await.unwrap()
    }
}

/// Everything until the server hangs up.
async fn rest(stream: &mut TlsStream<TcpStream>) -> String {
    let mut bytes = Vec::new();
    // A connection that is cut instead of closed has ended, too.
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_never_ends_is_not_waited_for() {
    let limits = Limits {
        header_timeout: Duration::from_millis(50),
        ..Limits::default()
    };
    let server = start(Arc::new(MemoryStore::default()), limits).await;
    let mut slow = server.connect().await;
    let part = b"GET /version HTTP/1.1\r\nHost: x\r\nX-Slow: ";
    slow.write_all(part).await.unwrap();
    slow.flush().await.unwrap();
    let answer = rest(&mut slow).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
        "{answer}"
    );
    let mut other = server.connect().await;
    let request = b"GET /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    other.write_all(request).await.unwrap();
    assert!(rest(&mut other).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_that_does_not_read_is_cut_off_in_order() {
    let window = Window {
        events_max: 8,
        slow_events_max: 8,
        ..Window::default()
    };
    let store = Arc::new(MemoryStore::new(window));
    let server = start(Arc::clone(&store) as Arc<dyn Store>, Limits::default()).await;
    let mut slow = server.connect().await;
    let request = format!("GET {PATH} HTTP/1.1\r\nHost: x\r\n\r\n");
    slow.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 12];
    slow.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    let key = Key::new("", "configmaps", "a", "c");
    let text = "x".repeat(OBJECT_BYTES);
    let before = store.snapshot().revision() + 1;
    for number in 0..CHANGES {
        let value = format!(
            r#"{{"kind":"ConfigMap","apiVersion":"v1","metadata":{{"name":"c","namespace":"a","uid":"{number}"}},"data":{{"k":"{text}"}}}}"#
        );
        let write = Write::Put {
            key: key.clone(),
            value: value.into(),
        };
        store.transact(&mut |_| vec![write.clone()]).unwrap();
        tokio::task::yield_now().await;
    }
    let seen = stream(&mut slow).await;
    let told = seen.matches("\"type\":\"MODIFIED\"").count();
    assert!(told < CHANGES - 1, "{told}");
    // As upstream's, the stream just ends; whoever goes on from where it was is told to begin anew.
    assert!(!seen.contains("\"type\":\"ERROR\""));
    let mut next = server.connect().await;
    let request = format!("GET {PATH}&resourceVersion={before} HTTP/1.1\r\nHost: x\r\n\r\n");
    next.write_all(request.as_bytes()).await.unwrap();
    let told = stream(&mut next).await;
    assert!(
        told.contains("\"reason\":\"Expired\",\"code\":410"),
        "{told}"
    );
}

/// So many events of 16 KB are more than the buffers between server and client hold.
const PAUSE_CHANGES: usize = 1_500;
const PAUSE_BYTES: usize = 16 * 1024;

/// The number in the next event.
async fn next_number(lines: &mut Lines<BufReader<TlsStream<TcpStream>>>) -> usize {
    loop {
        let line = lines.next_line().await.unwrap().unwrap();
        // Between events there are the lengths of chunks.
        if let Some((_, rest)) = line.split_once("\"uid\":\"") {
            return rest.split('"').next().unwrap().parse().unwrap();
        }
    }
}

fn change(store: &MemoryStore, number: usize, text: &str) {
    let value = format!(
        r#"{{"kind":"ConfigMap","apiVersion":"v1","metadata":{{"name":"c","namespace":"a","uid":"{number}"}},"data":{{"k":"{text}"}}}}"#
    );
    let write = Write::Put {
        key: Key::new("", "configmaps", "a", "c"),
        value: value.into(),
    };
    store.transact(&mut |_| vec![write.clone()]).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_that_pauses_while_much_happens_goes_on_and_one_that_stops_is_cut_off() {
    let window = Window {
        events_max: 50,
        slow_events_max: PAUSE_CHANGES + 100,
        ..Window::default()
    };
    let store = Arc::new(MemoryStore::new(window));
    let server = start(Arc::clone(&store) as Arc<dyn Store>, Limits::default()).await;
    let mut pauses = server.connect().await;
    let request = format!("GET {PATH} HTTP/1.1\r\nHost: x\r\n\r\n");
    pauses.write_all(request.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(pauses).lines();
    assert!(lines.next_line().await.unwrap().unwrap().contains("200"));
    while !lines.next_line().await.unwrap().unwrap().is_empty() {}
    let text = "x".repeat(PAUSE_BYTES);
    for number in 0..PAUSE_CHANGES {
        change(&store, number, &text);
        tokio::task::yield_now().await;
    }
    for number in 0..PAUSE_CHANGES {
        assert_eq!(next_number(&mut lines).await, number);
    }
    // Now it stops: the window grows as far as it may and no further, and the watch ends though nobody reads.
    for number in 0..2 * PAUSE_CHANGES {
        change(&store, number, &text);
        tokio::task::yield_now().await;
    }
    let newest = store.snapshot().revision();
    let held = u64::try_from(PAUSE_CHANGES + 101).unwrap();
    assert!(store.watch("", newest - held).is_err());
    let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let cut_off = "apiserver_terminated_watchers_total{group=\"\",resource=\"configmaps\"} 1";
    for _ in 0..TRIES_MAX {
        let mut other = server.connect().await;
        other.write_all(request).await.unwrap();
        if rest(&mut other).await.contains(cut_off) {
            // What it has not read is there still, in order.
            assert_eq!(next_number(&mut lines).await, 0);
            return;
        }
    }
    panic!("nobody was cut off");
}

/// A stream to its end, which is the piece of no length.
async fn stream(connection: &mut TlsStream<TcpStream>) -> String {
    let mut seen = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    while !seen.ends_with(b"\r\n0\r\n\r\n") {
        let length = connection.read(&mut piece).await.unwrap();
        assert!(length > 0, "the connection was cut");
        seen.extend_from_slice(piece.get(..length).unwrap_or_default());
    }
    String::from_utf8_lossy(&seen).into_owned()
}
