//! Commands over SPDY: a stream for each of the process's, one for the sizes of the terminal, one for how it ended.

use super::command::{Channel, Command, OUTPUT_MAX, terminal_size};
use crate::http::spdy::{self, Connection, Gone, Outgoing, Reset, Stream};
use bytes::Bytes;
use futures_util::StreamExt as _;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// How long a client may take to open its streams.
const CREATION_TIMEOUT: Duration = Duration::from_secs(30);

/// Runs a command for the client at the other end.
pub(super) async fn serve(io: impl AsyncRead + AsyncWrite + Send + 'static, command: Command) {
    let mut connection = spdy::start(io);
    let wanted = wanted(&command);
    let collected = timeout(CREATION_TIMEOUT, collect(&mut connection, &wanted)).await;
    if let Ok(Some(streams)) = collected {
        run(&mut connection, command, streams).await;
    }
    connection.close().await;
}

/// The types of the streams that the client opens for a command.
fn wanted(command: &Command) -> Vec<&'static str> {
    let all = [
        ("error", true),
        ("stdin", command.stdin),
        ("stdout", command.stdout),
        ("stderr", command.stderr),
        ("resize", command.tty),
    ];
    let wanted = all.into_iter().filter(|(_, is_wanted)| *is_wanted);
    wanted.map(|(name, _)| name).collect()
}

/// Takes streams until all are there; none if the client goes away before.
async fn collect(
    connection: &mut Connection,
    wanted: &[&'static str],
) -> Option<BTreeMap<&'static str, Stream>> {
    let mut streams = BTreeMap::new();
    while streams.len() < wanted.len() {
        let stream = connection.next().await?;
        let of_type = stream.header("streamtype");
        let known = wanted.iter().copied().find(|known| *known == of_type);
        match known.filter(|known| !streams.contains_key(known)) {
            Some(known) => {
                stream.accept().await.ok()?;
                streams.insert(known, stream);
            }
            None => stream.reset(Reset::ProtocolError).await,
        }
    }
    Some(streams)
}

async fn run(
    connection: &mut Connection,
    command: Command,
    mut streams: BTreeMap<&'static str, Stream>,
) {
    let mut stdin = None;
    // What is only read from is kept all the same, as it would be over otherwise.
    let mut kept = Vec::new();
    if let Some(stream) = streams.remove("stdin") {
        let (incoming, outgoing) = stream.split();
        stdin = Some(incoming);
        kept.push(outgoing);
    }
    let mut resize: tollgate_api::node_agent::Stream<_> = Box::pin(futures_util::stream::empty());
    if let Some(stream) = streams.remove("resize") {
        let (incoming, outgoing) = stream.split();
        // A client writes each size in a frame of its own.
        let sizes = incoming.filter_map(|bytes| async move { terminal_size(&bytes) });
        resize = Box::pin(sizes);
        kept.push(outgoing);
    }
    let mut outlets = Outlets {
        stdout: streams.remove("stdout").map(outgoing),
        stderr: streams.remove("stderr").map(outgoing),
        error: streams.remove("error").map(outgoing),
    };
    let (out, mut outs) = mpsc::channel(OUTPUT_MAX);
    let work = async {
        tokio::join!(command.run(stdin, resize, out), async {
            while let Some((channel, bytes)) = outs.recv().await {
                if outlets.write(channel, bytes).await.is_err() {
                    break;
                }
            }
            // The command is given up where nobody hears it.
            outs.close();
            outlets.finish().await;
        });
    };
    let surplus = async {
        while let Some(stream) = connection.next().await {
            stream.reset(Reset::Refused).await;
        }
    };
    tokio::select! {
        () = work => {}
        () = surplus => {}
    }
}

fn outgoing(stream: Stream) -> Outgoing {
    stream.split().1
}

/// The streams on which the client hears of the command.
struct Outlets {
    stdout: Option<Outgoing>,
    stderr: Option<Outgoing>,
    error: Option<Outgoing>,
}

impl Outlets {
    async fn write(&self, channel: Channel, bytes: Bytes) -> Result<(), Gone> {
        let outlet = match channel {
            Channel::Stdout => &self.stdout,
            Channel::Stderr => &self.stderr,
            Channel::Error => &self.error,
        };
        match outlet {
            Some(outlet) => outlet.write(bytes).await,
            None => Ok(()),
        }
    }

    async fn finish(&mut self) {
        let outlets = [self.stdout.take(), self.stderr.take(), self.error.take()];
        for outlet in outlets.into_iter().flatten() {
            outlet.finish().await;
        }
    }
}
