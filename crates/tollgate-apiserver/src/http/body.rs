//! Bodies: those of requests, read whole within a limit, and those of answers, whole or in pieces.

use super::ending::Ending;
use super::waiting::Waiting;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// How large the body of a request may be.
pub(super) const REQUEST_BYTES_MAX: usize = 3 * 1024 * 1024;
/// How much of a body that is too large is still read: a client that is cut off while it sends never sees why.
const DISCARDED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How long a client may take to send it.
const READ_TIMEOUT: Duration = Duration::from_mins(1);

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadError {
    /// It is larger than [`REQUEST_BYTES_MAX`].
    TooLarge,
    /// The client went away, or was too slow.
    Broken,
}

/// Reads the body of a request.
pub(super) async fn read(body: Incoming) -> Result<Bytes, ReadError> {
    match tokio::time::timeout(READ_TIMEOUT, collect(body)).await {
        Ok(result) => result,
        Err(_) => Err(ReadError::Broken),
    }
}

async fn collect(mut body: Incoming) -> Result<Bytes, ReadError> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > DISCARDED_BYTES_MAX {
        return Err(ReadError::TooLarge);
    }
    let mut kept = Vec::with_capacity(announced.min(REQUEST_BYTES_MAX));
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ReadError::Broken)?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        length = length.saturating_add(data.len());
        if length <= REQUEST_BYTES_MAX {
            kept.extend_from_slice(data);
        } else if length > DISCARDED_BYTES_MAX {
            break;
        }
    }
    if length > REQUEST_BYTES_MAX {
        return Err(ReadError::TooLarge);
    }
    Ok(kept.into())
}

/// What makes the pieces of a long answer one after another, when the connection can take them.
pub(super) type Pieces = Box<dyn Iterator<Item = Bytes> + Send>;

/// The body of an answer.
pub enum AnswerBody {
    /// All of it; none once it was sent.
    Whole(Option<Bytes>),
    /// Pieces that are made while the client reads.
    Pieces(Pieces),
    /// Pieces that come when something happens, and what tells of the end.
    Stream(Waiting, Ending),
    /// What somebody else answers, and what tells of the end.
    Relayed(Incoming, Ending),
}

impl std::fmt::Debug for AnswerBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Whole(_) => "Whole",
            Self::Pieces(_) => "Pieces",
            Self::Stream(..) => "Stream",
            Self::Relayed(..) => "Relayed",
        })
    }
}

impl From<Bytes> for AnswerBody {
    fn from(bytes: Bytes) -> Self {
        Self::Whole(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }
}

impl From<Vec<u8>> for AnswerBody {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl AnswerBody {
    /// All of it at once; of a stream there is nothing yet.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Whole(bytes) => bytes.unwrap_or_default().to_vec(),
            Self::Pieces(pieces) => pieces.flatten().collect(),
            Self::Stream(..) | Self::Relayed(..) => Vec::new(),
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = |bytes: Option<Bytes>| Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))));
        match self.get_mut() {
            Self::Whole(bytes) => frame(bytes.take()),
            Self::Pieces(pieces) => frame(pieces.next()),
            Self::Stream(waiting, _) => match waiting.poll_next(context) {
                Poll::Ready(bytes) => frame(bytes),
                Poll::Pending => Poll::Pending,
            },
            Self::Relayed(body, _) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Pieces(_) | Self::Stream(..) => false,
            Self::Relayed(body, _) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                let length = bytes.as_ref().map_or(0, Bytes::len);
                SizeHint::with_exact(u64::try_from(length).unwrap_or(u64::MAX))
            }
            Self::Pieces(_) | Self::Stream(..) => SizeHint::default(),
            Self::Relayed(body, _) => body.size_hint(),
        }
    }
}
