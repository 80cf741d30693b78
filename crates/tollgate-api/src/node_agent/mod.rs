//! What a node does for the API server: the port through which logs are read, commands run and ports reached.
//!
//! The API server knows this trait and no node; whoever plays nodes implements it. Everything that flows is a
//! [`Stream`]: what comes from the client is given to the agent, what the agent returns is pulled at the client's pace, and
//! a stream that is dropped says that nobody listens any more.

mod log;

pub use log::{LogLine, LogOptions, LogStream};

use crate::value::Value;
use bytes::Bytes;
use std::fmt::Debug;
use std::pin::Pin;

/// Values that come one after another.
pub type Stream<T> = Pin<Box<dyn futures_core::Stream<Item = T> + Send>>;

/// What an agent will have answered.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, AgentError>> + Send + 'a>>;

/// Why an agent does not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgentError {
    /// Nobody answers for the node; the text says why.
    #[error("{0}")]
    Unreachable(String),
    /// The node answers, and refuses.
    #[error("{message}")]
    Refused {
        /// The code that a kubelet would answer with: 400, 404, 500.
        code: u16,
        /// What it says.
        message: String,
    },
}

/// A pod on its node.
#[derive(Debug, Clone, Copy)]
pub struct PodTarget<'a> {
    /// The node it is bound to.
    pub node: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// The whole object; never without a name and a uid.
    pub pod: &'a Value,
}

/// A container of a pod: an ordinary one, one of those that prepare the pod, or an ephemeral one.
#[derive(Debug, Clone, Copy)]
pub struct ContainerTarget<'a> {
    /// Its pod.
    pub pod: PodTarget<'a>,
    /// Its name, which the pod has.
    pub container: &'a str,
}

/// Whose port is meant.
#[derive(Debug, Clone, Copy)]
pub enum PortTarget<'a> {
    /// A pod's.
    Pod(PodTarget<'a>),
    /// A node's own: the kubelet's API, or whatever else listens there.
    Node(&'a str),
}

/// How large a terminal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TerminalSize {
    /// Columns.
    pub width: u16,
    /// Lines.
    pub height: u16,
}

/// What a client sends to a process.
pub struct Input {
    /// What the process reads; none if its standard input is closed from the beginning.
    pub stdin: Option<Stream<Bytes>>,
    /// The sizes that the terminal takes; it says nothing for processes without one.
    pub resize: Stream<TerminalSize>,
    /// Whether the process has a terminal. Everything it writes is its standard output then.
    pub tty: bool,
}

impl Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input")
            .field("stdin", &self.stdin.is_some())
            .field("tty", &self.tty)
            .finish_non_exhaustive()
    }
}

/// What a process does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// It writes to its standard output.
    Stdout(Bytes),
    /// It writes to its standard error.
    Stderr(Bytes),
    /// It ends, with this code. Nothing comes after that.
    Exited(i32),
    /// It cannot be run, or not any longer. Nothing comes after that.
    Failed(String),
}

/// What a kubelet says when its own API is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeAnswer {
    /// The code: 200, 404.
    pub code: u16,
    /// The media type of the body.
    pub media: &'static str,
    /// The body.
    pub body: Bytes,
}

/// Who answers for nodes.
///
/// The API server has looked at the pod's status before it asks: logs are asked for only of containers whose status says
/// that they run or have run (`state.running`, or a `terminated` state with a `containerID`), and processes are started only
/// where `state.running` is set.
pub trait NodeAgent: Debug + Send + Sync + 'static {
    /// Whether the node can be reached at all. It is asked before anything else is, while a client can still be told by
    /// the code of an answer.
    fn reach<'a>(&'a self, node: &'a str) -> Pending<'a, ()>;

    /// What the kubelet of a node answers to whoever reads a path of its own API, such as `/pods`. None if it is to be asked on
    /// its port ([`Self::connect`]).
    fn kubelet<'a>(&'a self, _node: &'a str, _path: &'a str) -> Pending<'a, Option<NodeAnswer>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// What a container wrote, as text in pieces of any size. With `follow` the stream goes on until the container ends.
    /// A stream that breaks off simply ends.
    fn logs<'a>(
        &'a self,
        target: ContainerTarget<'a>,
        options: &'a LogOptions,
    ) -> Pending<'a, Stream<Bytes>>;

    /// Starts a process in a container and gives what it does. The process is given up when the stream is dropped.
    fn exec<'a>(
        &'a self,
        target: ContainerTarget<'a>,
        command: &'a [String],
        input: Input,
    ) -> Pending<'a, Stream<Output>>;

    /// Joins the container's first process: what it writes from now on. `Exited` says that it has ended.
    fn attach<'a>(
        &'a self,
        target: ContainerTarget<'a>,
        input: Input,
    ) -> Pending<'a, Stream<Output>>;

    /// Connects to a port: bytes go in, bytes come out. Either stream ends when its side has nothing more to say.
    fn connect<'a>(
        &'a self,
        target: PortTarget<'a>,
        port: u16,
        bytes: Stream<Bytes>,
    ) -> Pending<'a, Stream<Bytes>>;
}
