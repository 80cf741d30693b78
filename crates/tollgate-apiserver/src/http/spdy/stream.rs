//! One stream: what the client sends on it, and what it is sent.

use super::connection::{Out, Shared};
use super::frame::Reset;
use super::headers::Headers;
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tollgate_api::node_agent;

/// How many bytes a data frame of ours has at most.
const DATA_BYTES_MAX: usize = 32 * 1024;

/// The connection or the stream is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Gone;

/// Keeps a stream in the connection's list for as long as anybody has a part of it.
#[derive(Debug)]
pub(super) struct Registration {
    pub(super) id: u32,
    pub(super) shared: Arc<Shared>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.shared.forget(self.id);
    }
}

/// A stream that a client opened.
#[derive(Debug)]
pub(in super::super) struct Stream {
    pub(super) headers: Headers,
    pub(super) data: mpsc::Receiver<Bytes>,
    pub(super) outgoing: Outgoing,
}

/// Where bytes for the client go.
#[derive(Debug)]
pub(in super::super) struct Outgoing {
    pub(super) registration: Arc<Registration>,
    pub(super) out: mpsc::Sender<Out>,
    pub(super) is_reset: watch::Receiver<bool>,
}

impl Stream {
    /// The number of the stream.
    pub(in super::super) fn id(&self) -> u32 {
        self.outgoing.registration.id
    }

    /// The value of a header, or nothing.
    pub(in super::super) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// Takes the stream: the client waits for that.
    pub(in super::super) async fn accept(&self) -> Result<(), Gone> {
        let out = Out::Reply { stream: self.id() };
        self.outgoing.out.send(out).await.map_err(|_| Gone)
    }

    /// Gives the stream up.
    pub(in super::super) async fn reset(self, why: Reset) {
        let out = Out::Reset {
            stream: self.id(),
            why,
        };
        // Whoever is gone needs not be told.
        let _ = self.outgoing.out.send(out).await;
    }

    /// What the client sends, until it says that there is no more; and where bytes for it go.
    pub(in super::super) fn split(self) -> (node_agent::Stream<Bytes>, Outgoing) {
        let Self {
            mut data, outgoing, ..
        } = self;
        let registration = Arc::clone(&outgoing.registration);
        let incoming = futures_util::stream::poll_fn(move |context| {
            let _ = &registration;
            data.poll_recv(context)
        });
        (Box::pin(incoming), outgoing)
    }
}

impl Outgoing {
    /// Sends bytes, in frames of a size that lets others in between.
    pub(in super::super) async fn write(&self, mut bytes: Bytes) -> Result<(), Gone> {
        while !bytes.is_empty() {
            if *self.is_reset.borrow() {
                return Err(Gone);
            }
            let data = bytes.split_to(bytes.len().min(DATA_BYTES_MAX));
            self.send(data, false).await?;
        }
        Ok(())
    }

    /// Says that nothing more will come.
    pub(in super::super) async fn finish(self) {
        if !*self.is_reset.borrow() {
            let _ = self.send(Bytes::new(), true).await;
        }
    }

    /// Waits until the client has given the stream up, or the connection is over.
    pub(in super::super) async fn given_up(&self) {
        let mut is_reset = self.is_reset.clone();
        tokio::select! {
            // An error says that the connection forgot the stream.
            _ = is_reset.wait_for(|is_reset| *is_reset) => {}
            () = self.out.closed() => {}
        }
    }

    async fn send(&self, data: Bytes, fin: bool) -> Result<(), Gone> {
        let stream = self.registration.id;
        let out = Out::Data { stream, data, fin };
        self.out.send(out).await.map_err(|_| Gone)
    }
}
