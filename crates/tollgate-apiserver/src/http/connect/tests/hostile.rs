//! Clients that go away, send too much or speak nonsense harm only themselves.

use super::commands::{EXEC, open, spdy_headers, websocket_headers};
use super::server::Running;
use crate::http::spdy::tests::{Client, Said};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::Message;

const WAIT: &str = "stdin=true&stdout=true&command=wait";

#[tokio::test]
async fn a_client_that_goes_away_ends_what_was_done_for_it() {
    let mut server = Running::start(true).await;
    let mut socket = open(&server, WAIT, "v5.channel.k8s.io").await;
    let ready = socket.next().await.unwrap().unwrap();
    assert_eq!(ready, Message::binary(b"\x01ready".to_vec()));
    drop(socket);
    server.hears("command").await;

    let request = format!("POST {EXEC}?{WAIT}");
    let headers = spdy_headers("v4.channel.k8s.io");
    let (_, _, stream) = server.ask("admin", &request, &headers).await;
    let mut client = Client::new(stream);
    for kind in ["error", "stdin", "stdout"] {
        let id = client.open(&[("streamType", kind)]).await;
        assert_eq!(client.hear().await, Some(Said::Reply(id)));
    }
    let ready = Said::Data(5, b"ready".to_vec(), false);
    assert_eq!(client.hear().await, Some(ready));
    drop(client);
    server.hears("command").await;
}

#[tokio::test]
async fn a_forwarded_connection_ends_by_itself_or_with_its_client() {
    let mut server = Running::start(true).await;
    let request = "POST /api/v1/namespaces/a/pods/one/portforward";
    let headers = spdy_headers("portforward.k8s.io");
    let (_, _, stream) = server.ask("admin", request, &headers).await;
    let mut client = Client::new(stream);
    connect(&mut client, "0").await;
    connect(&mut client, "1").await;
    client.give_up(3).await;
    server.hears("port").await;
    drop(client);
    server.hears("port").await;
}

/// Opens a connection to a port that does not end, and waits until it has begun.
async fn connect<IO: AsyncRead + AsyncWrite + Unpin>(client: &mut Client<IO>, id: &str) {
    for kind in ["error", "data"] {
        let headers = [("streamType", kind), ("port", "8"), ("requestID", id)];
        let id = client.open(&headers).await;
        client.data(id, b"x", false).await;
    }
    while !matches!(client.hear().await.unwrap(), Said::Data(..)) {}
}

#[tokio::test]
async fn a_proxied_answer_that_nobody_reads_is_given_up() {
    let mut server = Running::start(true).await;
    let request = "GET /api/v1/namespaces/a/pods/one:8/proxy/";
    let (code, _, stream) = server.ask("admin", request, "").await;
    assert_eq!(code, 200);
    drop(stream);
    server.hears("port").await;
    // Nor does a request have to be answered for that.
    let mut stream = server.connect().await;
    let request = "GET /api/v1/namespaces/a/pods/one:6/proxy/ HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer of-admin\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    server.hears("asked").await;
    drop(stream);
    server.hears("silent port").await;
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_its_websocket_alone() {
    let mut server = Running::start(true).await;
    let mut socket = open(&server, WAIT, "v5.channel.k8s.io").await;
    let _ = socket.send(Message::binary(vec![0; 2 << 20])).await;
    while let Some(Ok(_)) = socket.next().await {}
    server.hears("command").await;
    let (code, _) = server.get("GET /version").await;
    assert_eq!(code, 200);
}

#[tokio::test]
async fn bytes_that_are_no_protocol_end_their_connection() {
    let mut server = Running::start(true).await;
    for headers in [
        websocket_headers("v5.channel.k8s.io"),
        websocket_headers("v4.channel.k8s.io"),
    ] {
        let request = format!("GET {EXEC}?{WAIT}");
        let (code, _, mut stream) = server.ask("admin", &request, &headers).await;
        assert_eq!(code, 101);
        stream.write_all(&[0xff; 64]).await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
        server.hears("command").await;
    }
    let request = format!("POST {EXEC}?{WAIT}");
    let headers = spdy_headers("v4.channel.k8s.io");
    let (code, _, mut stream) = server.ask("admin", &request, &headers).await;
    assert_eq!(code, 101);
    stream.write_all(&[0xff; 64]).await.unwrap();
    let _ = stream.read_to_end(&mut Vec::new()).await;
    let (code, _) = server.get("GET /version").await;
    assert_eq!(code, 200);
}

#[tokio::test]
async fn protocols_that_are_not_spoken_are_refused_with_those_that_are() {
    let server = Running::start(true).await;
    let ask = async |path: &str, headers: &str| {
        let (code, head, _) = server.ask("admin", &format!("GET {path}"), headers).await;
        (code, head)
    };
    let (code, head) = ask(
        &format!("{EXEC}?{WAIT}"),
        &websocket_headers("channel.k8s.io"),
    )
    .await;
    assert_eq!(code, 403);
    assert!(
        head.contains("x-accepted-stream-protocol-versions: v5.channel.k8s.io\r\n"),
        "{head}"
    );
    let forward = "/api/v1/namespaces/a/pods/one/portforward?ports=80";
    let (code, _) = ask(forward, &websocket_headers("v4.channel.k8s.io")).await;
    assert_eq!(code, 403);
    let (code, _) = ask(
        "/api/v1/namespaces/a/pods/one/portforward?ports=x",
        &websocket_headers("v4.channel.k8s.io"),
    )
    .await;
    assert_eq!(code, 400);
    let keyless = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    assert_eq!(ask(&format!("{EXEC}?{WAIT}"), keyless).await.0, 400);
}

#[tokio::test]
async fn without_an_agent_every_node_is_down() {
    let server = Running::start(false).await;
    let request = format!("POST {EXEC}?{WAIT}");
    let headers = spdy_headers("v4.channel.k8s.io");
    let (code, head, _) = server.ask("admin", &request, &headers).await;
    assert_eq!(code, 500, "{head}");
    let request = "POST /api/v1/namespaces/a/pods/one/portforward";
    let headers = spdy_headers("portforward.k8s.io");
    let (code, head, _) = server.ask("admin", request, &headers).await;
    assert_eq!(code, 500, "{head}");
    let refusal = server.refusal("GET /api/v1/nodes/n1/proxy/healthz").await;
    let why = "error trying to reach service: no agent answers for node \"n1\"";
    assert_eq!(refusal, (503, why.to_owned()));
}
