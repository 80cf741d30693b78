//! A command in a container, whatever protocol the client speaks: what it does goes out on channels, and how it ended as a
//! Status on the last.

use crate::verbs::subresources::target::PlacedPod;
use bytes::Bytes;
use futures_util::StreamExt as _;
use std::sync::Arc;
use tokio::sync::mpsc;
use tollgate_api::node_agent::{AgentError, Input, NodeAgent, Output, Stream, TerminalSize};
use tollgate_api::{Value, json};

/// What waits for the client on all channels together.
pub(super) const OUTPUT_MAX: usize = 16;
/// What waits for the process to read it.
pub(super) const INPUT_MAX: usize = 4;

/// Where something for the client goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    /// What the process writes to its standard output.
    Stdout,
    /// What it writes to its standard error.
    Stderr,
    /// How it ended.
    Error,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Action {
    /// A new process is started.
    Exec(Vec<String>),
    /// The container's own process is joined.
    Attach,
}

/// A command and which of its streams the client wants.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the options of the request are these switches"
)]
#[derive(Debug)]
pub(super) struct Command {
    pub(super) agent: Arc<dyn NodeAgent>,
    pub(super) placed: PlacedPod,
    pub(super) action: Action,
    pub(super) tty: bool,
    pub(super) stdin: bool,
    pub(super) stdout: bool,
    pub(super) stderr: bool,
}

/// How a command ends.
enum End {
    Exited(i32),
    Failed(String),
    /// The client is gone.
    Unheard,
}

impl Command {
    /// Runs it to its end, or until the client is gone; then `out` is dropped.
    pub(super) async fn run(
        self,
        stdin: Option<Stream<Bytes>>,
        resize: Stream<TerminalSize>,
        out: mpsc::Sender<(Channel, Bytes)>,
    ) {
        let end = tokio::select! {
            end = self.follow(stdin, resize, &out) => end,
            () = out.closed() => End::Unheard,
        };
        let status = match end {
            End::Exited(0) => success(),
            End::Exited(code) => exited(code),
            End::Failed(why) => failed(&why),
            End::Unheard => return,
        };
        let text = json::to_string(&status);
        let _ = out.send((Channel::Error, Bytes::from(text))).await;
    }

    async fn follow(
        &self,
        stdin: Option<Stream<Bytes>>,
        resize: Stream<TerminalSize>,
        out: &mpsc::Sender<(Channel, Bytes)>,
    ) -> End {
        let input = Input {
            stdin: stdin.filter(|_| self.stdin),
            resize,
            tty: self.tty,
        };
        let target = self.placed.container();
        let started = match &self.action {
            Action::Exec(command) => self.agent.exec(target, command, input).await,
            Action::Attach => self.agent.attach(target, input).await,
        };
        let mut output = match started {
            Ok(output) => output,
            Err(AgentError::Unreachable(why) | AgentError::Refused { message: why, .. }) => {
                return End::Failed(why);
            }
        };
        while let Some(output) = output.next().await {
            let (channel, bytes) = match output {
                Output::Stdout(bytes) => (Channel::Stdout, bytes),
                // A terminal does not tell one from the other.
                Output::Stderr(bytes) if self.tty => (Channel::Stdout, bytes),
                Output::Stderr(bytes) => (Channel::Stderr, bytes),
                Output::Exited(code) => return End::Exited(code),
                Output::Failed(why) => return End::Failed(why),
            };
            let is_wanted = match channel {
                Channel::Stdout => self.stdout,
                Channel::Stderr => self.stderr,
                Channel::Error => false,
            };
            if is_wanted && !bytes.is_empty() && out.send((channel, bytes)).await.is_err() {
                return End::Unheard;
            }
        }
        End::Failed("the node went away".to_owned())
    }
}

fn status(outcome: &'static str) -> Value {
    let mut status = Value::object();
    status.set("metadata", Value::object());
    status.set("status", outcome);
    status
}

fn success() -> Value {
    status("Success")
}

fn cause(reason: &str, message: &str) -> Value {
    let mut cause = Value::object();
    if !reason.is_empty() {
        cause.set("reason", reason);
    }
    cause.set("message", message);
    let mut details = Value::object();
    details.set("causes", Value::Array(vec![cause]));
    details
}

fn exited(code: i32) -> Value {
    let mut status = status("Failure");
    status.set(
        "message",
        format!(
            "command terminated with non-zero exit code: command terminated with exit code {code}"
        ),
    );
    status.set("reason", "NonZeroExitCode");
    status.set("details", cause("ExitCode", &code.to_string()));
    status
}

fn failed(why: &str) -> Value {
    let why = format!("error executing command in container: {why}");
    let mut status = status("Failure");
    status.set("message", format!("Internal error occurred: {why}"));
    status.set("reason", "InternalError");
    status.set("details", cause("", &why));
    status.set("code", 500_i64);
    status
}

/// Reads a size as clients write it: `{"Width":80,"Height":24}`.
pub(super) fn terminal_size(text: &[u8]) -> Option<TerminalSize> {
    let size = json::from_slice(text).ok()?;
    let number = |key: &str| u16::try_from(size.int(key)?).ok();
    Some(TerminalSize {
        width: number("Width")?,
        height: number("Height")?,
    })
}

/// What comes out of a channel, as a stream.
pub(super) fn received<T: Send + 'static>(mut receiver: mpsc::Receiver<T>) -> Stream<T> {
    Box::pin(futures_util::stream::poll_fn(move |context| {
        receiver.poll_recv(context)
    }))
}
