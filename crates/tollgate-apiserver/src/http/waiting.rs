//! What waits for a client to read it: so many pieces, and so many bytes, whoever writes has to wait for the rest.

use bytes::Bytes;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// How many bytes wait at most, but for one piece that is larger by itself.
const BYTES_MAX: u32 = 256 * 1024;

/// A piece, and the room that it takes until it is read.
type Held = (Bytes, OwnedSemaphorePermit);

/// Takes what a client is to read.
#[derive(Debug)]
pub(super) struct Sender {
    pieces: mpsc::Sender<Held>,
    room: Arc<Semaphore>,
}

/// What a client has not read.
#[derive(Debug)]
pub struct Waiting(mpsc::Receiver<Held>);

/// A queue of so many pieces.
pub(super) fn queue(pieces_max: usize) -> (Sender, Waiting) {
    let (pieces, waiting) = mpsc::channel(pieces_max);
    let room = usize::try_from(BYTES_MAX).unwrap_or(usize::MAX);
    let sender = Sender {
        pieces,
        room: Arc::new(Semaphore::new(room)),
    };
    (sender, Waiting(waiting))
}

impl Sender {
    /// Waits until there is room, and puts a piece there. False if nobody reads any more.
    pub(super) async fn send(&self, piece: Bytes) -> bool {
        let bytes = u32::try_from(piece.len()).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(bytes.min(BYTES_MAX));
        tokio::select! {
            room = room => match room {
                Ok(room) => self.pieces.send((piece, room)).await.is_ok(),
                Err(_) => false,
            },
            () = self.pieces.closed() => false,
        }
    }

    /// Resolves once nobody reads any more.
    pub(super) async fn closed(&self) {
        self.pieces.closed().await;
    }
}

impl Waiting {
    /// The next piece; none if no more comes.
    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let next = self.0.poll_recv(context);
        next.map(|held| held.map(|(piece, _)| piece))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use std::task::Waker;

    fn read(waiting: &mut Waiting) -> Option<usize> {
        match waiting.poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(piece) => piece.map(|piece| piece.len()),
            Poll::Pending => None,
        }
    }

    fn piece(kilobytes: usize) -> Bytes {
        Bytes::from(vec![0; kilobytes * 1024])
    }

    #[test]
    fn pieces_and_bytes_are_bounded() {
        let (sender, mut waiting) = queue(3);
        for _ in 0..3 {
            assert_eq!(sender.send(piece(1)).now_or_never(), Some(true));
        }
        assert_eq!(sender.send(piece(1)).now_or_never(), None);
        assert_eq!(read(&mut waiting), Some(1024));
        assert_eq!(sender.send(piece(200)).now_or_never(), Some(true));
        assert_eq!(read(&mut waiting), Some(1024));
        // There are two pieces, but too many bytes.
        assert_eq!(sender.send(piece(100)).now_or_never(), None);
    }

    #[test]
    fn a_piece_that_is_larger_than_all_room_has_it_alone() {
        let (sender, mut waiting) = queue(3);
        assert_eq!(sender.send(piece(1000)).now_or_never(), Some(true));
        assert_eq!(sender.send(piece(1)).now_or_never(), None);
        assert_eq!(read(&mut waiting), Some(1000 * 1024));
        assert_eq!(sender.send(piece(1)).now_or_never(), Some(true));
    }

    #[test]
    fn whoever_writes_hears_that_nobody_reads() {
        let (sender, waiting) = queue(3);
        assert_eq!(sender.send(piece(256)).now_or_never(), Some(true));
        drop(waiting);
        assert_eq!(sender.send(piece(1)).now_or_never(), Some(false));
        assert!(sender.closed().now_or_never().is_some());
    }
}
