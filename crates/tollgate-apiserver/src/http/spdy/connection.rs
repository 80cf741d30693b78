//! A connection: one task reads frames and hands them to their streams, another writes what streams have to say.

use super::super::idle::Idle;
use super::frame::{self, Control, FrameError, HEAD_BYTES, Head, Reset};
use super::headers;
use super::stream::{Outgoing, Registration, Stream};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Streams that are open at a time on one connection.
pub(super) const STREAMS_MAX: usize = 128;
/// How large a control frame may be.
pub(super) const CONTROL_BYTES_MAX: usize = 32 * 1024;
/// In pieces of this size data is handed on, however large its frame is.
const PIECE_BYTES: usize = 16 * 1024;
/// Pieces that wait for whoever reads a stream.
const PIECES_MAX: usize = 4;
/// Frames that wait for the client to read them.
const OUT_MAX: usize = 32;
/// How long a client that has been told goodbye may take to hang up.
const LINGER: Duration = Duration::from_secs(5);

/// What is to be written.
#[derive(Debug)]
pub(super) enum Out {
    Data {
        stream: u32,
        data: Bytes,
        fin: bool,
    },
    Reply {
        stream: u32,
    },
    Reset {
        stream: u32,
        why: Reset,
    },
    Ping {
        id: u32,
    },
    /// The last frame of a connection.
    GoAway {
        status: u32,
    },
}

#[derive(Debug)]
struct Entry {
    /// Where data goes; none once the client has said that there is no more.
    data: Option<mpsc::Sender<Bytes>>,
    is_reset: watch::Sender<bool>,
}

/// What both tasks and all streams share.
#[derive(Debug)]
pub(super) struct Shared {
    streams: Mutex<BTreeMap<u32, Entry>>,
    idle: Idle,
}

impl Shared {
    fn streams(&self) -> std::sync::MutexGuard<'_, BTreeMap<u32, Entry>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody has a part of the stream any more.
    pub(super) fn forget(&self, stream: u32) {
        self.streams().remove(&stream);
    }
}

/// A connection on which a client opens streams.
#[derive(Debug)]
pub(in super::super) struct Connection {
    incoming: mpsc::Receiver<Stream>,
    out: mpsc::Sender<Out>,
    reader: JoinHandle<()>,
    writer: JoinHandle<()>,
}

impl Connection {
    /// The next stream; none once the connection is over.
    pub(in super::super) async fn next(&mut self) -> Option<Stream> {
        self.incoming.recv().await
    }

    /// Says goodbye after everything that was written, and waits a while for the client to hang up: to be cut off could
    /// cost it what is still on its way.
    pub(in super::super) async fn close(mut self) {
        self.incoming.close();
        let _ = self.out.send(Out::GoAway { status: 0 }).await;
        let _ = timeout(LINGER, async {
            let _ = (&mut self.writer).await;
            let _ = (&mut self.reader).await;
        })
        .await;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.reader.abort();
        self.writer.abort();
    }
}

/// Begins to speak SPDY as a server.
pub(in super::super) fn start(io: impl AsyncRead + AsyncWrite + Send + 'static) -> Connection {
    let (read, write) = tokio::io::split(io);
    let shared = Arc::new(Shared {
        streams: Mutex::default(),
        idle: Idle::default(),
    });
    let (out, outs) = mpsc::channel(OUT_MAX);
    let (opened, incoming) = mpsc::channel(STREAMS_MAX);
    let writer = tokio::spawn(write_all(write, outs, Arc::clone(&shared)));
    let mut reader = Reader {
        io: read,
        headers: headers::Reader::default(),
        last_stream: 0,
        shared: Arc::clone(&shared),
        out: out.clone(),
        opened,
    };
    let reader = tokio::spawn(async move {
        let ended = tokio::select! {
            ended = reader.run() => ended,
            () = shared.idle.over() => Ok(()),
        };
        let status = u32::from(ended.is_err());
        let _ = reader.out.send(Out::GoAway { status }).await;
        let streams = std::mem::take(&mut *shared.streams());
        for entry in streams.into_values() {
            entry.is_reset.send_replace(true);
        }
    });
    Connection {
        incoming,
        out,
        reader,
        writer,
    }
}

struct Reader<IO> {
    io: IO,
    headers: headers::Reader,
    last_stream: u32,
    shared: Arc<Shared>,
    out: mpsc::Sender<Out>,
    opened: mpsc::Sender<Stream>,
}

impl<IO: AsyncRead + Unpin> Reader<IO> {
    /// Reads until the client ends the connection or does what no client may.
    async fn run(&mut self) -> Result<(), FrameError> {
        let mut head = [0; HEAD_BYTES];
        while self.io.read_exact(&mut head).await.is_ok() {
            self.shared.idle.touch();
            match frame::head(head)? {
                Head::Data {
                    stream,
                    fin,
                    length,
                } => {
                    if self.data(stream, fin, length).await.is_none() {
                        break;
                    }
                }
                Head::Control { length, .. } if length > CONTROL_BYTES_MAX => {
                    return Err(FrameError::Large);
                }
                Head::Control {
                    kind,
                    flags,
                    length,
                } => {
                    let mut body = vec![0; length];
                    if self.io.read_exact(&mut body).await.is_err() {
                        break;
                    }
                    let control = frame::control(kind, flags, &body)?;
                    if control == Control::GoAway {
                        break;
                    }
                    self.control(control).await?;
                }
            }
        }
        Ok(())
    }

    /// Hands on the data of a frame; nothing if the connection breaks off. What is for nobody is read and dropped.
    async fn data(&mut self, stream: u32, fin: bool, length: usize) -> Option<()> {
        let to = self
            .shared
            .streams()
            .get(&stream)
            .and_then(|entry| entry.data.clone());
        let mut left = length;
        while left > 0 {
            let mut piece = vec![0; left.min(PIECE_BYTES)];
            self.io.read_exact(&mut piece).await.ok()?;
            left = left.saturating_sub(piece.len());
            if let Some(to) = &to {
                let _ = to.send(piece.into()).await;
            }
        }
        if fin && let Some(entry) = self.shared.streams().get_mut(&stream) {
            entry.data = None;
        }
        Some(())
    }

    async fn control(&mut self, control: Control<'_>) -> Result<(), FrameError> {
        let answer = match control {
            Control::SynStream { stream, fin, block } => self.open(stream, fin, block)?,
            Control::Headers { block } => {
                self.headers.read(block)?;
                None
            }
            Control::RstStream { stream } => {
                if let Some(entry) = self.shared.streams().get_mut(&stream) {
                    entry.data = None;
                    entry.is_reset.send_replace(true);
                }
                None
            }
            // A client counts its signs of life in odd numbers; others would be answers to ours.
            Control::Ping { id } => (!id.is_multiple_of(2)).then_some(Out::Ping { id }),
            Control::GoAway | Control::Other => None,
        };
        if let Some(answer) = answer {
            let _ = self.out.send(answer).await;
        }
        Ok(())
    }

    fn open(&mut self, id: u32, fin: bool, block: &[u8]) -> Result<Option<Out>, FrameError> {
        let headers = self.headers.read(block)?;
        if id.is_multiple_of(2) || id <= self.last_stream {
            return Err(FrameError::StreamId);
        }
        self.last_stream = id;
        let refused = Some(Out::Reset {
            stream: id,
            why: Reset::Refused,
        });
        if self.shared.streams().len() >= STREAMS_MAX {
            return Ok(refused);
        }
        let (to, data) = mpsc::channel(PIECES_MAX);
        let (reset, is_reset) = watch::channel(false);
        let entry = Entry {
            data: (!fin).then_some(to),
            is_reset: reset,
        };
        self.shared.streams().insert(id, entry);
        let stream = Stream {
            headers,
            data,
            outgoing: Outgoing {
                registration: Arc::new(Registration {
                    id,
                    shared: Arc::clone(&self.shared),
                }),
                out: self.out.clone(),
                is_reset,
            },
        };
        // Nobody takes streams any more once the connection is being closed.
        Ok(match self.opened.try_send(stream) {
            Ok(()) => None,
            Err(_) => refused,
        })
    }
}

/// Writes what comes until goodbye.
async fn write_all(
    mut io: impl AsyncWrite + Unpin,
    mut outs: mpsc::Receiver<Out>,
    shared: Arc<Shared>,
) {
    let mut headers = headers::Writer::default();
    while let Some(out) = outs.recv().await {
        let is_last = matches!(out, Out::GoAway { .. });
        if write(&mut io, &mut headers, out).await.is_err() {
            return;
        }
        shared.idle.touch();
        // What waits already goes out together.
        if (is_last || outs.is_empty()) && io.flush().await.is_err() {
            return;
        }
        if is_last {
            let _ = io.shutdown().await;
            return;
        }
    }
}

async fn write(
    io: &mut (impl AsyncWrite + Unpin),
    headers: &mut headers::Writer,
    out: Out,
) -> std::io::Result<()> {
    let frame = match out {
        Out::Data { stream, data, fin } => {
            io.write_all(&frame::data_head(stream, fin, data.len()))
                .await?;
            return io.write_all(&data).await;
        }
        Out::Reply { stream } => frame::syn_reply(stream, &headers.write(&[])),
        Out::Reset { stream, why } => frame::rst_stream(stream, why),
        Out::Ping { id } => frame::ping(id),
        Out::GoAway { status } => frame::go_away(0, status),
    };
    io.write_all(&frame).await
}
