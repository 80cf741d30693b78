//! Commands over a websocket: the first byte of a message says which stream its other bytes are of.

use super::command::{Channel, Command, INPUT_MAX, OUTPUT_MAX, received, terminal_size};
use super::session::Io;
use crate::http::idle::Idle;
use bytes::Bytes;
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tollgate_api::node_agent::TerminalSize;

/// The protocol in which a client can say that a stream of its has ended.
pub(super) const V5: &str = "v5.channel.k8s.io";
/// The protocol in which it cannot. Over SPDY, where streams end by themselves, there is no later one.
pub(super) const V4: &str = "v4.channel.k8s.io";

/// How large a message may be.
pub(super) const MESSAGE_BYTES_MAX: usize = 1024 * 1024;
/// How long a client may take to hang up after everything is said.
pub(super) const LINGER: Duration = Duration::from_secs(5);

const STDIN: u8 = 0;
const RESIZE: u8 = 4;
/// The stream that the next byte names has ended.
const CLOSE: u8 = 255;

impl Channel {
    /// The first byte of messages on the channel.
    const fn number(self) -> u8 {
        match self {
            Self::Stdout => 1,
            Self::Stderr => 2,
            Self::Error => 3,
        }
    }
}

/// Takes a connection over as the server's side of a websocket.
pub(super) async fn websocket(io: Io) -> WebSocketStream<Io> {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX));
    WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await
}

/// Says that all is said: clients take an end without a code for a failure.
pub(super) fn goodbye() -> Message {
    Message::Close(Some(CloseFrame {
        code: CloseCode::Normal,
        reason: "".into(),
    }))
}

/// Runs a command for the client at the other end.
pub(super) async fn serve(io: Io, closes_streams: bool, command: Command) {
    let (sink, source) = websocket(io).await.split();
    let idle = Idle::default();
    let (stdin, stdin_out) = mpsc::channel(INPUT_MAX);
    let (resize, resize_out) = mpsc::channel(INPUT_MAX);
    let (out, outs) = mpsc::channel(OUTPUT_MAX);
    let input = Sinks {
        stdin: command.stdin.then_some(stdin),
        resize,
        closes_streams,
    };
    let stdin = command.stdin.then(|| received(stdin_out));
    let running = command.run(stdin, received(resize_out), out);
    let reading = read(source, input, &idle);
    tokio::pin!(reading);
    let ended = tokio::select! {
        _ = async { tokio::join!(running, write(sink, outs, !closes_streams, &idle)) } => true,
        // The client is gone, and with it who the command was run for.
        () = &mut reading => false,
        () = idle.over() => false,
    };
    if ended {
        let _ = timeout(LINGER, reading).await;
    }
}

/// Where what the client sends goes.
struct Sinks {
    stdin: Option<mpsc::Sender<Bytes>>,
    resize: mpsc::Sender<TerminalSize>,
    closes_streams: bool,
}

impl Sinks {
    async fn take(&mut self, mut message: Bytes) {
        let Some(channel) = message.first().copied() else {
            return;
        };
        let content = message.split_off(1);
        match channel {
            STDIN => {
                // A process that reads no more is sent no more.
                if let Some(stdin) = &self.stdin
                    && !content.is_empty()
                    && stdin.send(content).await.is_err()
                {
                    self.stdin = None;
                }
            }
            RESIZE => {
                if let Some(size) = terminal_size(&content) {
                    let _ = self.resize.send(size).await;
                }
            }
            CLOSE if self.closes_streams && content.first() == Some(&STDIN) => self.stdin = None,
            _ => {}
        }
    }
}

/// Reads until the client hangs up.
async fn read(
    mut source: impl Stream<Item = Result<Message, Error>> + Unpin,
    mut input: Sinks,
    idle: &Idle,
) {
    while let Some(Ok(message)) = source.next().await {
        idle.touch();
        match message {
            Message::Binary(bytes) => input.take(bytes).await,
            Message::Text(text) => input.take(text.into()).await,
            // Pings are answered below us.
            _ => {}
        }
    }
}

/// Writes until everything is said, and says goodbye.
async fn write(
    mut sink: impl Sink<Message> + Unpin,
    mut outs: mpsc::Receiver<(Channel, Bytes)>,
    says_hello: bool,
    idle: &Idle,
) {
    if says_hello {
        // As a kubelet tells clients that wait for it that the command is about to run.
        let hello = Message::binary(vec![Channel::Stdout.number()]);
        if sink.send(hello).await.is_err() {
            return;
        }
    }
    while let Some((channel, bytes)) = outs.recv().await {
        let mut message = Vec::with_capacity(bytes.len().saturating_add(1));
        message.push(channel.number());
        message.extend_from_slice(&bytes);
        idle.touch();
        if sink.send(Message::binary(message)).await.is_err() {
            return;
        }
    }
    let _ = sink.send(goodbye()).await;
}
