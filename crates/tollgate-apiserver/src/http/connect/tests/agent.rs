//! A node that answers from memory: what it is asked shows in what it says.

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream;
use std::task::Poll;
use tokio::sync::mpsc;
use tollgate_api::node_agent::{
    AgentError, ContainerTarget, Input, LogLine, LogOptions, NodeAgent, NodeAnswer, Output,
    Pending, PortTarget, Stream,
};
use tollgate_api::{Timestamp, Value};

/// The node `n1` is there, any other is not.
#[derive(Debug)]
pub(crate) struct Agent {
    /// Hears of streams without end when nobody wants them any more.
    pub(crate) gone: mpsc::UnboundedSender<&'static str>,
}

struct Guard(&'static str, mpsc::UnboundedSender<&'static str>);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.1.send(self.0);
    }
}

impl Agent {
    /// A stream that says nothing and does not end.
    fn endless<T: Send + 'static>(&self, what: &'static str) -> Stream<T> {
        let guard = Guard(what, self.gone.clone());
        Box::pin(stream::poll_fn(move |_| {
            let _ = &guard;
            Poll::Pending
        }))
    }
}

fn refused<T>(code: u16, message: impl Into<String>) -> Result<T, AgentError> {
    Err(AgentError::Refused {
        code,
        message: message.into(),
    })
}

fn name(pod: &Value) -> String {
    let name = pod.at(&["metadata", "name"]).and_then(Value::as_str);
    name.unwrap_or_default().to_owned()
}

/// When the lines of logs were written, and when it is read.
const BEGAN: i64 = 1_768_478_400;
const NOW: i64 = BEGAN + 10;

impl NodeAgent for Agent {
    fn reach<'a>(&'a self, node: &'a str) -> Pending<'a, ()> {
        Box::pin(async move {
            match node {
                "n1" => Ok(()),
                other => Err(AgentError::Unreachable(format!("{other} is switched off"))),
            }
        })
    }

    fn kubelet<'a>(&'a self, node: &'a str, path: &'a str) -> Pending<'a, Option<NodeAnswer>> {
        let known = path.starts_with("/known").then(|| NodeAnswer {
            code: 203,
            media: "text/x",
            body: Bytes::from(format!("{node} {path}")),
        });
        Box::pin(std::future::ready(Ok(known)))
    }

    fn logs<'a>(
        &'a self,
        target: ContainerTarget<'a>,
        options: &'a LogOptions,
    ) -> Pending<'a, Stream<Bytes>> {
        Box::pin(async move {
            let pod = name(target.pod.pod);
            if pod == "rotated" {
                return refused(404, "the log is gone");
            }
            let container = target.container;
            let lines: Vec<LogLine> = (0..10)
                .map(|number| LogLine {
                    time: Timestamp::from_unix_seconds(BEGAN + number),
                    is_stderr: number % 2 == 1,
                    text: Bytes::from(format!("{pod}/{container} {number}")),
                })
                .collect();
            let mut pieces = Vec::new();
            for line in options.choose(&lines, Timestamp::from_unix_seconds(NOW)) {
                let mut piece = Vec::new();
                options.write(line, &mut piece);
                pieces.push(Bytes::from(piece));
            }
            if options.previous {
                pieces = vec![Bytes::from_static(b"from before\n")];
            }
            if options.follow {
                pieces.push(Bytes::from_static(b"and then\n"));
            }
            let pieces = stream::iter(pieces);
            let pieces: Stream<Bytes> = if pod == "endless" {
                Box::pin(pieces.chain(self.endless("log")))
            } else {
                Box::pin(pieces)
            };
            Ok(pieces)
        })
    }

    fn exec<'a>(
        &'a self,
        target: ContainerTarget<'a>,
        command: &'a [String],
        input: Input,
    ) -> Pending<'a, Stream<Output>> {
        Box::pin(async move {
            let words: Vec<&str> = command.iter().map(String::as_str).collect();
            let output: Stream<Output> = match words.as_slice() {
                ["echo", words @ ..] => written(&[
                    Output::Stdout(Bytes::from(format!("{}\n", words.join(" ")))),
                    Output::Exited(0),
                ]),
                ["where"] => written(&[
                    Output::Stdout(Bytes::from(format!(
                        "{} {}\n",
                        target.pod.namespace, target.container
                    ))),
                    Output::Exited(0),
                ]),
                ["both"] => written(&[
                    Output::Stdout(Bytes::from_static(b"out\n")),
                    Output::Stderr(Bytes::from_static(b"err\n")),
                    Output::Exited(3),
                ]),
                ["cat"] => {
                    let stdin = input.stdin.unwrap_or_else(|| Box::pin(stream::empty()));
                    Box::pin(
                        stdin
                            .map(Output::Stdout)
                            .chain(stream::iter([Output::Exited(0)])),
                    )
                }
                ["size"] => {
                    let sizes = input.resize.take(1).map(|size| {
                        let text = format!("{}x{}\n", size.width, size.height);
                        Output::Stdout(Bytes::from(text))
                    });
                    Box::pin(sizes.chain(stream::iter([Output::Exited(0)])))
                }
                ["much"] => {
                    let piece = Bytes::from(vec![b'x'; 100_000]);
                    let pieces = stream::iter(vec![Output::Stdout(piece); 20]);
                    Box::pin(pieces.chain(stream::iter([Output::Exited(0)])))
                }
                ["wait"] => {
                    let ready = Output::Stdout(Bytes::from_static(b"ready"));
                    Box::pin(stream::iter([ready]).chain(self.endless("command")))
                }
                ["lost"] => written(&[Output::Stdout(Bytes::from_static(b"a"))]),
                _ => return refused(500, format!("no such command: {}", words.join(" "))),
            };
            Ok(output)
        })
    }

    fn attach<'a>(
        &'a self,
        target: ContainerTarget<'a>,
        input: Input,
    ) -> Pending<'a, Stream<Output>> {
        let text = format!("attached to {}, tty {}\n", target.container, input.tty);
        Box::pin(async move {
            Ok(written(&[
                Output::Stdout(Bytes::from(text)),
                Output::Exited(0),
            ]))
        })
    }

    fn connect<'a>(
        &'a self,
        target: PortTarget<'a>,
        port: u16,
        bytes: Stream<Bytes>,
    ) -> Pending<'a, Stream<Bytes>> {
        let who = match target {
            PortTarget::Pod(target) => format!("pod {}", name(target.pod)),
            PortTarget::Node(name) => format!("node {name}"),
        };
        Box::pin(async move {
            let answers: Stream<Bytes> = match port {
                // Says what it hears.
                7 => bytes,
                // Neither listens nor answers.
                6 => {
                    let _ = self.gone.send("asked");
                    self.endless("silent port")
                }
                // Begins to answer what it hears, and does not end.
                8 => {
                    let mut bytes = bytes;
                    let ready = stream::once(async move {
                        bytes.next().await;
                        Bytes::from_static(b"HTTP/1.1 200 OK\r\n\r\nready")
                    });
                    Box::pin(ready.chain(self.endless("port")))
                }
                9 => return refused(500, format!("connect to port {port}: connection refused")),
                // Answers HTTP with what it was asked.
                _ => served(bytes, format!("{who}, port {port}\n")),
            };
            Ok(answers)
        })
    }
}

fn written(output: &[Output]) -> Stream<Output> {
    Box::pin(stream::iter(output.to_vec()))
}

/// One answer to the head of a request.
fn served(bytes: Stream<Bytes>, who: String) -> Stream<Bytes> {
    Box::pin(stream::once(async move {
        let mut bytes = bytes;
        let mut heard = Vec::new();
        while let Some(piece) = bytes.next().await {
            heard.extend_from_slice(&piece);
            if heard.windows(4).any(|end| end == b"\r\n\r\n") {
                break;
            }
        }
        let body = format!("{who}{}", String::from_utf8_lossy(&heard));
        let length = body.len();
        Bytes::from(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\nLocation: /there\r\n\r\n{body}"
        ))
    }))
}
