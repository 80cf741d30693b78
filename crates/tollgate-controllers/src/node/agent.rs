//! What simulated nodes do for the API server: logs, commands, attaching and ports.

use super::exec;
use super::following::{Following, Written};
use super::kubelet_api;
use super::kubelets::Kubelets;
use super::logs;
use super::pod_lifecycle::run_of;
use crate::clock::Clock;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use std::sync::Arc;
use std::time::Duration;
use tollgate_api::Value;
use tollgate_api::node_agent::{
    AgentError, ContainerTarget, Input, LogLine, LogOptions, NodeAgent, NodeAnswer, Output,
    Pending, PortTarget, Stream,
};

/// The kubelet's own port.
const KUBELET_PORT: u16 = 10_250;

/// Answers for all simulated nodes.
#[derive(Debug)]
pub struct SimulatedAgent {
    kubelets: Arc<Kubelets>,
    clock: Arc<dyn Clock>,
}

fn refused<T>(code: u16, message: impl Into<String>) -> Result<T, AgentError> {
    Err(AgentError::Refused {
        code,
        message: message.into(),
    })
}

fn text<'v>(object: &'v Value, keys: &[&str]) -> &'v str {
    object.at(keys).and_then(Value::as_str).unwrap_or_default()
}

impl SimulatedAgent {
    /// An agent of these kubelets.
    pub fn new(kubelets: Arc<Kubelets>, clock: Arc<dyn Clock>) -> Self {
        Self { kubelets, clock }
    }

    fn check(&self, node: &str) -> Result<(), AgentError> {
        match self.kubelets.address_if_up(node) {
            Some(Ok(_)) => Ok(()),
            Some(Err(address)) => Err(AgentError::Unreachable(format!(
                "dial tcp {address}:{KUBELET_PORT}: connect: connection refused"
            ))),
            None => Err(AgentError::Unreachable(format!(
                "node {node:?} is not simulated here, and no kubelet answers for it"
            ))),
        }
    }

    /// The run of a container that is meant, ready to be followed.
    fn following(
        &self,
        target: ContainerTarget<'_>,
        previous: bool,
    ) -> Result<Following, AgentError> {
        let given = target.pod.pod;
        let uid = text(given, &["metadata", "uid"]);
        let changes = self.kubelets.follow(uid);
        let name = text(given, &["metadata", "name"]);
        // What came between the server's look and now is not told any more.
        let newest = self.kubelets.known_pod(target.pod.namespace, name, uid);
        let pod = match newest {
            Some(newest) if !previous => newest,
            _ => given.clone(),
        };
        let found = run_of(&pod, target.container, previous);
        let Some((_, Some(run))) = found else {
            let container = target.container;
            let what = if previous {
                "previous terminated container"
            } else {
                "container"
            };
            return refused(
                400,
                format!("{what} \"{container}\" in pod \"{name}\" not found"),
            );
        };
        Ok(Following {
            started_at: run.started_at,
            pod,
            container: target.container.to_owned(),
            given: 0,
            changes,
            clock: Arc::clone(&self.clock),
        })
    }
}

fn log_line(line: logs::Line) -> LogLine {
    LogLine {
        time: line.time,
        is_stderr: false,
        text: Bytes::from(line.text),
    }
}

fn written(options: &LogOptions, line: &LogLine) -> Bytes {
    let mut out = Vec::new();
    options.write(line, &mut out);
    Bytes::from(out)
}

impl NodeAgent for SimulatedAgent {
    fn reach<'a>(&'a self, node: &'a str) -> Pending<'a, ()> {
        Box::pin(async move { self.check(node) })
    }

    fn kubelet<'a>(&'a self, node: &'a str, path: &'a str) -> Pending<'a, Option<NodeAnswer>> {
        Box::pin(async move {
            self.check(node)?;
            let now = self.clock.now();
            let known = self.kubelets.known_node(node).unwrap_or_default();
            Ok(Some(kubelet_api::answer(path, &known.0, &known.1, now)))
        })
    }

    fn logs<'a>(
        &'a self,
        target: ContainerTarget<'a>,
        options: &'a LogOptions,
    ) -> Pending<'a, Stream<Bytes>> {
        Box::pin(async move {
            self.check(target.pod.node)?;
            let mut following = self.following(target, options.previous)?;
            let now = self.clock.now();
            let run = run_of(&following.pod, target.container, options.previous);
            let lines = match run {
                Some((container, Some(run))) => logs::lines(&following.pod, container, &run, now),
                _ => Vec::new(),
            };
            following.given = lines.len();
            let lines: Vec<LogLine> = lines.into_iter().map(log_line).collect();
            let chosen = options.choose(&lines, now);
            let pieces: Vec<Bytes> = chosen
                .into_iter()
                .map(|line| written(options, line))
                .collect();
            let pieces = stream::iter(pieces);
            if !options.follow {
                return Ok(Box::pin(pieces) as Stream<Bytes>);
            }
            let options = options.clone();
            let rest = stream::unfold(following, move |mut following| {
                let options = options.clone();
                async move {
                    match following.next().await? {
                        Written::Line(line) => {
                            let line = log_line(line);
                            let is_meant = options.takes_in(&line, following.clock.now());
                            let piece = if is_meant {
                                written(&options, &line)
                            } else {
                                Bytes::new()
                            };
                            Some((piece, following))
                        }
                        Written::Ended(_) => None,
                    }
                }
            });
            let rest = rest.filter(|piece| std::future::ready(!piece.is_empty()));
            Ok(Box::pin(pieces.chain(rest)) as Stream<Bytes>)
        })
    }

    fn exec<'a>(
        &'a self,
        target: ContainerTarget<'a>,
        command: &'a [String],
        _input: Input,
    ) -> Pending<'a, Stream<Output>> {
        Box::pin(async move {
            self.check(target.pod.node)?;
            let done = exec::run(target.container, command);
            let mut said = Vec::new();
            if !done.stdout.is_empty() {
                said.push(Output::Stdout(Bytes::from(done.stdout)));
            }
            if !done.stderr.is_empty() {
                said.push(Output::Stderr(Bytes::from(done.stderr)));
            }
            let (takes, exit_code) = (done.takes, done.exit_code);
            let end = stream::once(async move {
                match takes {
                    Some(millis) => {
                        let millis = u64::try_from(millis).unwrap_or_default();
                        tokio::time::sleep(Duration::from_millis(millis)).await;
                    }
                    None => std::future::pending().await,
                }
                Output::Exited(exit_code)
            });
            Ok(Box::pin(stream::iter(said).chain(end)) as Stream<Output>)
        })
    }

    fn attach<'a>(
        &'a self,
        target: ContainerTarget<'a>,
        _input: Input,
    ) -> Pending<'a, Stream<Output>> {
        Box::pin(async move {
            self.check(target.pod.node)?;
            // The first line, which says that nothing runs here, is repeated for whoever comes later.
            let following = self.following(target, false)?;
            let begun = self.clock.now();
            let output = stream::unfold(Some(following), move |following| async move {
                let mut following = following?;
                loop {
                    let is_first = following.given == 0;
                    match following.next().await {
                        Some(Written::Line(line)) if is_first || line.time >= begun => {
                            let text = Bytes::from(format!("{}\n", line.text));
                            return Some((Output::Stdout(text), Some(following)));
                        }
                        Some(Written::Line(_)) => {}
                        Some(Written::Ended(code)) => {
                            let code = i32::try_from(code).unwrap_or(1);
                            return Some((Output::Exited(code), None));
                        }
                        None => {
                            let why = "the pod is gone".to_owned();
                            return Some((Output::Failed(why), None));
                        }
                    }
                }
            });
            Ok(Box::pin(output) as Stream<Output>)
        })
    }

    fn connect<'a>(
        &'a self,
        target: PortTarget<'a>,
        port: u16,
        _bytes: Stream<Bytes>,
    ) -> Pending<'a, Stream<Bytes>> {
        Box::pin(async move {
            let (node, address) = match target {
                PortTarget::Pod(pod) => (pod.node, text(pod.pod, &["status", "podIP"]).to_owned()),
                PortTarget::Node(node) => {
                    let address = self.kubelets.address_if_up(node).and_then(Result::ok);
                    (node, address.unwrap_or_default())
                }
            };
            self.check(node)?;
            refused(
                500,
                format!(
                    "dial tcp {address}:{port}: connect: connection refused: simulated, nothing listens there"
                ),
            )
        })
    }
}
