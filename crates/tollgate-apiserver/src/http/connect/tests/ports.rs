//! `pods/portforward`, in SPDY and in SPDY inside a websocket.

use super::server::Running;
use crate::http::spdy::tests::{Client, Said};
use bytes::BytesMut;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

const PATH: &str = "/api/v1/namespaces/a/pods/one/portforward";

async fn over_spdy(server: &Running) -> Client<TlsStream<TcpStream>> {
    let headers = "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: portforward.k8s.io\r\nContent-Length: 0\r\n";
    let request = format!("POST {PATH}");
    let (code, head, stream) = server.ask("admin", &request, headers).await;
    assert_eq!(code, 101, "{head}");
    Client::new(stream)
}

/// The websocket of a newer client, unpacked by a task.
async fn over_websocket(server: &Running) -> Client<DuplexStream> {
    let headers = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: SPDY/3.1+portforward.k8s.io\r\n";
    let request = format!("GET {PATH}");
    let (code, head, stream) = server.ask("admin", &request, headers).await;
    assert_eq!(code, 101, "{head}");
    let socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
    let (mut sink, mut source) = socket.split();
    let (near, far) = tokio::io::duplex(64 * 1024);
    let (mut read, mut write) = tokio::io::split(far);
    tokio::spawn(async move {
        while let Some(Ok(message)) = source.next().await {
            if write.write_all(&message.into_data()).await.is_err() {
                return;
            }
        }
        let _ = write.shutdown().await;
    });
    tokio::spawn(async move {
        loop {
            let mut piece = BytesMut::new();
            if matches!(read.read_buf(&mut piece).await, Ok(0) | Err(_)) {
                return;
            }
            if sink.send(Message::Binary(piece.freeze())).await.is_err() {
                return;
            }
        }
    });
    Client::new(near)
}

/// Opens a connection as kubectl does and gives the numbers of its streams: of errors, of bytes.
async fn connect<IO: AsyncRead + AsyncWrite + Unpin>(
    client: &mut Client<IO>,
    port: &str,
    id: &str,
) -> (u32, u32) {
    let headers = |kind: &'static str| [("streamType", kind), ("port", port), ("requestID", id)];
    let error = client.open(&headers("error")).await;
    assert_eq!(client.hear().await, Some(Said::Reply(error)));
    client.data(error, b"", true).await;
    let data = client.open(&headers("data")).await;
    (error, data)
}

async fn echo<IO: AsyncRead + AsyncWrite + Unpin>(mut client: Client<IO>) {
    let (_, first) = connect(&mut client, "7", "0").await;
    assert_eq!(client.hear().await, Some(Said::Reply(first)));
    let (_, second) = connect(&mut client, "7", "1").await;
    assert_eq!(client.hear().await, Some(Said::Reply(second)));
    // Both at a time.
    client.data(first, b"one", false).await;
    assert_eq!(
        client.hear().await,
        Some(Said::Data(first, b"one".to_vec(), false))
    );
    client.data(second, b"two", true).await;
    assert_eq!(client.all_of(second).await, b"two");
    client.data(first, b" more", true).await;
    assert_eq!(client.all_of(first).await, b" more");
}

async fn refused<IO: AsyncRead + AsyncWrite + Unpin>(mut client: Client<IO>) {
    let (error, _) = connect(&mut client, "9", "0").await;
    let text = String::from_utf8(client.all_of(error).await).unwrap();
    assert_eq!(
        text,
        "error forwarding port 9 to pod one, uid u-one: connect to port 9: connection refused"
    );
    // What is no port, or no part of a connection, is no stream.
    for headers in [
        [("streamType", "data"), ("port", "0")],
        [("streamType", "data"), ("port", "x")],
        [("streamType", "stdin"), ("port", "80")],
    ] {
        let id = client.open(&headers).await;
        loop {
            match client.hear().await {
                Some(Said::Reset(stream, 1)) if stream == id => break,
                Some(_) => {}
                None => panic!("the connection ended"),
            }
        }
    }
}

#[tokio::test]
async fn connections_share_one_of_spdy() {
    let server = Running::start(true).await;
    echo(over_spdy(&server).await).await;
    refused(over_spdy(&server).await).await;
}

#[tokio::test]
async fn newer_clients_put_spdy_into_a_websocket() {
    let server = Running::start(true).await;
    echo(over_websocket(&server).await).await;
    refused(over_websocket(&server).await).await;
}

#[tokio::test]
async fn streams_without_a_number_are_paired_by_their_order() {
    let server = Running::start(true).await;
    let mut client = over_spdy(&server).await;
    client.open(&[("streamType", "error"), ("port", "7")]).await;
    let data = client.open(&[("streamType", "data"), ("port", "7")]).await;
    client.data(data, b"x", true).await;
    assert_eq!(client.all_of(data).await, b"x");
}
