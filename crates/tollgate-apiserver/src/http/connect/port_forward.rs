//! Ports of a pod, each connection in two streams of SPDY: one for its bytes, one for what goes wrong.

use crate::http::spdy::{self, Gone, Reset, Stream};
use crate::verbs::subresources::target::PlacedPod;
use bytes::Bytes;
use futures_util::StreamExt as _;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tollgate_api::Value;
use tollgate_api::node_agent::{NodeAgent, PortTarget};

/// How long the second stream of a connection may be missing.
const PAIR_TIMEOUT: Duration = Duration::from_secs(30);

/// Whose ports are forwarded.
#[derive(Debug)]
pub(super) struct Forwarding {
    pub(super) agent: Arc<dyn NodeAgent>,
    pub(super) placed: PlacedPod,
}

/// What a stream of a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Data,
    Error,
}

/// A connection of which one stream is there.
#[derive(Debug)]
struct Half {
    part: Part,
    stream: Stream,
    until: Instant,
}

/// Forwards until the client hangs up.
pub(super) async fn serve(
    io: impl AsyncRead + AsyncWrite + Send + 'static,
    forwarding: Arc<Forwarding>,
) {
    let mut connection = spdy::start(io);
    let mut halves: BTreeMap<String, Half> = BTreeMap::new();
    let mut forwards = JoinSet::new();
    loop {
        let oldest = halves.values().map(|half| half.until).min();
        let stream = tokio::select! {
            stream = connection.next() => stream,
            Some(_) = forwards.join_next() => continue,
            () = async {
                match oldest {
                    Some(oldest) => sleep_until(oldest).await,
                    None => std::future::pending().await,
                }
            } => {
                let now = Instant::now();
                let late = halves.extract_if(.., |_, half| half.until <= now);
                let late: Vec<Half> = late.map(|(_, half)| half).collect();
                for half in late {
                    half.stream.reset(Reset::Cancel).await;
                }
                continue;
            }
        };
        let Some(stream) = stream else {
            break;
        };
        let Some((id, part)) = role(&stream) else {
            stream.reset(Reset::ProtocolError).await;
            continue;
        };
        if stream.accept().await.is_err() {
            break;
        }
        match halves.remove(&id) {
            Some(half) if half.part != part => {
                let (data, error) = match part {
                    Part::Data => (stream, half.stream),
                    Part::Error => (half.stream, stream),
                };
                let forwarding = Arc::clone(&forwarding);
                forwards.spawn(async move { forward(&forwarding, data, error).await });
            }
            Some(half) => {
                halves.insert(id, half);
                stream.reset(Reset::ProtocolError).await;
            }
            None => {
                let now = Instant::now();
                let until = now.checked_add(PAIR_TIMEOUT).unwrap_or(now);
                let half = Half {
                    part,
                    stream,
                    until,
                };
                halves.insert(id, half);
            }
        }
    }
    drop(halves);
    forwards.shutdown().await;
    connection.close().await;
}

/// To which connection a stream belongs, and as what; none if it makes no sense.
fn role(stream: &Stream) -> Option<(String, Part)> {
    let part = match stream.header("streamtype") {
        "data" => Part::Data,
        "error" => Part::Error,
        _ => return None,
    };
    port(stream)?;
    let id = match stream.header("requestid") {
        // Clients that give no number open the error's stream first.
        "" => match part {
            Part::Error => stream.id(),
            Part::Data => stream.id().saturating_sub(2),
        }
        .to_string(),
        id => id.to_owned(),
    };
    Some((id, part))
}

fn port(stream: &Stream) -> Option<u16> {
    let port = stream.header("port").parse().ok()?;
    (port > 0).then_some(port)
}

/// One connection, from its beginning to its end.
async fn forward(forwarding: &Forwarding, data: Stream, error: Stream) {
    let port = port(&data).unwrap_or_default();
    // The client says nothing on the stream of errors.
    let (_silence, error) = error.split();
    let (incoming, outgoing) = data.split();
    let target = PortTarget::Pod(forwarding.placed.pod());
    let answers = tokio::select! {
        answers = forwarding.agent.connect(target, port, incoming) => answers,
        () = outgoing.given_up() => return,
    };
    match answers {
        Ok(mut answers) => {
            let carry = async {
                while let Some(bytes) = answers.next().await {
                    outgoing.write(bytes).await?;
                }
                Ok::<(), Gone>(())
            };
            tokio::select! {
                _ = carry => {}
                () = outgoing.given_up() => {}
            }
        }
        Err(why) => {
            let pod = forwarding.placed.object();
            let text = |key: &str| pod.at(&["metadata", key]).and_then(Value::as_str);
            let name = text("name").unwrap_or_default();
            let uid = text("uid").unwrap_or_default();
            let text = format!("error forwarding port {port} to pod {name}, uid {uid}: {why}");
            let _ = error.write(Bytes::from(text)).await;
        }
    }
    outgoing.finish().await;
    error.finish().await;
}
