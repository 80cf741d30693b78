//! `pods/exec` and `pods/attach`, over websockets and over SPDY.

use super::server::{Running, message};
use crate::audit::Lines;
use crate::http::spdy::tests::{Client, Said};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

pub(super) const EXEC: &str = "/api/v1/namespaces/a/pods/one/exec";
const SUCCESS: &str = r#"{"metadata":{},"status":"Success"}"#;

pub(super) fn websocket_headers(protocols: &str) -> String {
    format!(
        "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: {protocols}\r\n"
    )
}

pub(super) fn spdy_headers(protocol: &str) -> String {
    format!(
        "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: {protocol}\r\nX-Stream-Protocol-Version: channel.k8s.io\r\nContent-Length: 0\r\n"
    )
}

pub(super) type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// Opens a websocket for a command.
pub(super) async fn open(server: &Running, query: &str, protocols: &str) -> Socket {
    let request = format!("GET {EXEC}?{query}");
    let headers = websocket_headers(protocols);
    let (code, head, stream) = server.ask("admin", &request, &headers).await;
    assert_eq!(code, 101, "{head}");
    // The answer to this key is the one of RFC 6455.
    assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
    WebSocketStream::from_raw_socket(stream, Role::Client, None).await
}

/// Everything that comes until the server says goodbye, by channel: stdout, stderr, how it ended.
async fn hear(socket: &mut Socket) -> [String; 3] {
    let mut heard = [const { String::new() }; 3];
    let mut code = None;
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Close(frame) = &message {
            code = frame.as_ref().map(|frame| u16::from(frame.code));
        }
        if let Message::Binary(bytes) = message {
            let (channel, bytes) = bytes.split_first().unwrap();
            let text = std::str::from_utf8(bytes).unwrap();
            heard[usize::from(*channel) - 1].push_str(text);
        }
    }
    // Any other end is a failure to kubectl.
    assert_eq!(code, Some(1000));
    heard
}

async fn run(server: &Running, query: &str) -> [String; 3] {
    let mut socket = open(server, query, "v5.channel.k8s.io, v4.channel.k8s.io").await;
    hear(&mut socket).await
}

#[tokio::test]
async fn a_command_says_what_it_writes_and_how_it_ended() {
    let server = Running::start(true).await;
    let query = "stdout=true&stderr=true&command=";
    let heard = run(&server, &format!("{query}echo&command=a&command=b%20c")).await;
    assert_eq!(heard, ["a b c\n", "", SUCCESS]);
    let heard = run(&server, &format!("{query}where&container=c")).await;
    assert_eq!(heard, ["a c\n", "", SUCCESS]);
    let heard = run(&server, &format!("{query}both")).await;
    let ended = r#"{"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code: command terminated with exit code 3","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}"#;
    assert_eq!(heard, ["out\n", "err\n", ended]);
    // Only what is wanted.
    let heard = run(&server, "stderr=true&command=both").await;
    assert_eq!(heard, ["", "err\n", ended]);
    let heard = run(&server, &format!("{query}nothing")).await;
    let failed = r#"{"metadata":{},"status":"Failure","message":"Internal error occurred: error executing command in container: no such command: nothing","reason":"InternalError","details":{"causes":[{"message":"error executing command in container: no such command: nothing"}]},"code":500}"#;
    assert_eq!(heard, ["", "", failed]);
    let heard = run(&server, &format!("{query}lost")).await;
    assert!(heard[2].contains("the node went away"), "{heard:?}");
    let heard = run(&server, &format!("{query}much")).await;
    assert_eq!((heard[0].len(), heard[2].as_str()), (2_000_000, SUCCESS));
}

#[tokio::test]
async fn a_process_reads_until_its_client_ends_its_input() {
    let server = Running::start(true).await;
    let query = "stdin=true&stdout=true&command=cat";
    let mut socket = open(&server, query, "v5.channel.k8s.io").await;
    for message in [&b"\0hello "[..], b"\0world", b"\xff\0"] {
        socket
            .send(Message::binary(message.to_vec()))
            .await
            .unwrap();
    }
    assert_eq!(hear(&mut socket).await, ["hello world", "", SUCCESS]);
}

/// The stage and the code of the next event of the audit log.
async fn next_event(mut lines: Lines) -> (String, Lines) {
    let waiting = tokio::task::spawn_blocking(move || (lines.next_blocking().unwrap(), lines));
    let (line, lines) = waiting.await.unwrap();
    let event = tollgate_api::json::from_slice(&line.text).unwrap();
    let code = event.at(&["responseStatus", "code"]);
    let code = code.map_or(String::new(), ToString::to_string);
    let stage = event.str_or_empty("stage");
    (format!("{stage} {code}").trim().to_owned(), lines)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_tells_when_a_stream_is_opened_and_when_it_ends() {
    let (server, mut lines) = Running::audited().await;
    let mut said = Vec::new();
    let query = "stdin=true&stdout=true&command=cat";
    let mut socket = open(&server, query, "v5.channel.k8s.io").await;
    // The process goes on: nothing but another request is told of meanwhile.
    let (code, ..) = server.ask("admin", "GET /version", "").await;
    assert_eq!(code, 200);
    for _ in 0..4 {
        let event;
        (event, lines) = next_event(lines).await;
        said.push(event);
    }
    let end = b"\xff\0".to_vec();
    socket.send(Message::binary(end)).await.unwrap();
    hear(&mut socket).await;
    said.push(next_event(lines).await.0);
    assert_eq!(
        said,
        [
            "RequestReceived",
            "ResponseStarted 101",
            "RequestReceived",
            "ResponseComplete 200",
            "ResponseComplete 101"
        ]
    );
}

#[tokio::test]
async fn a_terminal_has_a_size_and_one_output() {
    let server = Running::start(true).await;
    let query = "stdin=true&stdout=true&stderr=true&tty=true&command=";
    let mut socket = open(&server, &format!("{query}size"), "v4.channel.k8s.io").await;
    let size = b"\x04{\"Width\":80,\"Height\":24}".to_vec();
    socket.send(Message::binary(size)).await.unwrap();
    assert_eq!(hear(&mut socket).await, ["80x24\n", "", SUCCESS]);
    let mut socket = open(&server, &format!("{query}both"), "v4.channel.k8s.io").await;
    let [out, err, _] = hear(&mut socket).await;
    assert_eq!((out.as_str(), err.as_str()), ("out\nerr\n", ""));
}

#[tokio::test]
async fn old_clients_run_commands_over_spdy() {
    let server = Running::start(true).await;
    let request = format!("POST {EXEC}?stdin=true&stdout=true&stderr=true&command=cat");
    let headers = spdy_headers("v4.channel.k8s.io");
    let (code, head, stream) = server.ask("admin", &request, &headers).await;
    assert_eq!(code, 101, "{head}");
    let protocol = "x-stream-protocol-version: v4.channel.k8s.io";
    assert!(head.contains(protocol), "{head}");
    let mut client = Client::new(stream);
    let mut ids = Vec::new();
    for kind in ["error", "nonsense", "stdin", "stdout", "stderr"] {
        let id = client.open(&[("streamType", kind)]).await;
        let answer = client.hear().await;
        if kind == "nonsense" {
            assert_eq!(answer, Some(Said::Reset(id, 1)));
        } else {
            assert_eq!(answer, Some(Said::Reply(id)));
            ids.push(id);
        }
    }
    client.data(ids[1], b"hello", true).await;
    assert_eq!(client.all_of(ids[2]).await, b"hello");
    assert_eq!(
        client.hear().await,
        Some(Said::Data(ids[3], Vec::new(), true))
    );
    // The command's Status came before the streams were closed.
    let mut said = Vec::new();
    while let Some(more) = client.hear().await {
        said.push(more);
    }
    let ended = [Said::Data(ids[0], Vec::new(), true), Said::GoAway(0)];
    assert_eq!(said, ended);
}

#[tokio::test]
async fn attaching_joins_the_containers_own_process() {
    let server = Running::start(true).await;
    let request = "GET /api/v1/namespaces/a/pods/two/attach?container=b&stdout=true&tty=true";
    let headers = websocket_headers("v5.channel.k8s.io");
    let (code, _, stream) = server.ask("admin", request, &headers).await;
    assert_eq!(code, 101);
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
    let [out, _, ended] = hear(&mut socket).await;
    assert_eq!(
        (out.as_str(), ended.as_str()),
        ("attached to b, tty true\n", SUCCESS)
    );
}

#[tokio::test]
async fn a_command_that_cannot_be_run_is_refused_before_the_connection_is_taken_over() {
    let server = Running::start(true).await;
    let refusal = async |pod: &str, query: &str, headers: &str| {
        let request = format!("POST /api/v1/namespaces/a/pods/{pod}/exec?{query}");
        let headers = format!("{headers}Connection: close\r\n");
        let (code, head, mut stream) = server.ask("admin", &request, &headers).await;
        let mut body = Vec::new();
        // The server need not say goodbye to who wanted to leave HTTP.
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut body).await;
        let body = String::from_utf8(body).unwrap();
        let is_json = head.contains("application/json");
        (code, if is_json { message(&body) } else { body })
    };
    let spdy = spdy_headers("v4.channel.k8s.io");
    let query = "command=ls&stdout=true";
    let bad = |text: &str| (400, text.to_owned());
    assert_eq!(
        refusal("free", query, &spdy).await,
        bad("pod free does not have a host assigned")
    );
    assert_eq!(
        refusal("one", query, "").await,
        bad("Upgrade request required")
    );
    assert_eq!(
        refusal("none", query, &spdy).await,
        (404, "pods \"none\" not found".to_owned())
    );
    assert_eq!(
        refusal("new", query, &spdy).await,
        (500, "container not found (\"c\")".to_owned())
    );
    assert_eq!(
        refusal("one", "command=ls", &spdy).await,
        bad("you must specify at least 1 of stdin, stdout, stderr")
    );
    assert_eq!(
        refusal("dark", query, &spdy).await,
        (500, "error dialing backend: off is switched off".to_owned())
    );
    let (code, text) = refusal("one", query, &spdy_headers("v9.channel.k8s.io")).await;
    assert_eq!(
        (code, text.as_str()),
        (
            403,
            "unable to upgrade: unable to negotiate protocol: client supports [\"v9.channel.k8s.io\" \"channel.k8s.io\"], server accepts [v4.channel.k8s.io]"
        )
    );
    let (code, text) = refusal("one", query, "Upgrade: h2c\r\nConnection: Upgrade\r\n").await;
    assert_eq!(code, 400);
    assert!(text.contains("not as [h2c]"), "{text}");
}

#[tokio::test]
async fn a_websocket_needs_the_right_to_create_although_it_is_opened_by_get() {
    let server = Running::start(true).await;
    let request = format!("GET {EXEC}?command=ls&stdout=true");
    let headers = websocket_headers("v5.channel.k8s.io");
    let (code, _, mut stream) = server.ask("reader", &request, &headers).await;
    assert_eq!(code, 403);
    let mut body = vec![0; 4096];
    let length = tokio::io::AsyncReadExt::read(&mut stream, &mut body)
        .await
        .unwrap();
    let text = String::from_utf8_lossy(&body[..length]).into_owned();
    assert!(
        message(&text).ends_with("User \"reader\" cannot create resource \"pods/exec\" in API group \"\" in the namespace \"a\""),
        "{text}"
    );
}

#[tokio::test]
async fn admission_judges_a_connection_by_its_options() {
    let policy = r#"{"metadata":{"name":"p","uid":"p","generation":1},"spec":{"failurePolicy":"Fail","matchConstraints":{"matchPolicy":"Equivalent","namespaceSelector":{},"objectSelector":{},"resourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CONNECT"],"resources":["pods/exec"],"scope":"*"}]},"validations":[{"expression":"!(has(object.stdin) && object.stdin) && object.command[0] != 'rm'","message":"look, do not touch"}]}}"#;
    let binding = r#"{"metadata":{"name":"p","uid":"b"},"spec":{"policyName":"p","validationActions":["Deny"]}}"#;
    let server = Running::start_with(
        true,
        &[
            ("validatingadmissionpolicies", policy),
            ("validatingadmissionpolicybindings", binding),
        ],
    )
    .await;
    let heard = run(&server, "stdout=true&command=echo&command=x").await;
    assert_eq!(heard, ["x\n", "", SUCCESS]);
    for query in [
        "stdout=true&stdin=true&command=echo",
        "stdout=true&command=rm",
    ] {
        let headers = websocket_headers("v5.channel.k8s.io");
        let request = format!("GET {EXEC}?{query}");
        let (code, head, _) = server.ask("admin", &request, &headers).await;
        assert_eq!(code, 422, "{head}");
    }
}
