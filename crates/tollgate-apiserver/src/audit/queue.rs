//! Events on their way to whoever writes them: as many bytes as there is room for, in the order of their coming.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// How many bytes of events may wait to be written.
const BYTES_MAX: u32 = 64 * 1024 * 1024;
/// What an event costs beside its text.
const EVENT_BYTES: u32 = 128;

/// What happens when there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The request waits until there is.
    #[default]
    Blocking,
    /// The event is lost, and counted.
    Batch,
}

/// The end into which events are put.
#[derive(Debug)]
pub struct Queue {
    sender: mpsc::UnboundedSender<Line>,
    room: Arc<Semaphore>,
    mode: Mode,
    lost: Arc<AtomicU64>,
}

/// One event, a line of text. Its room is free again once it is dropped.
#[derive(Debug)]
pub struct Line {
    /// The text, with its end of line.
    pub text: Vec<u8>,
    _room: OwnedSemaphorePermit,
}

/// The end from which events are taken.
#[derive(Debug)]
pub struct Lines {
    receiver: mpsc::UnboundedReceiver<Line>,
    lost: Arc<AtomicU64>,
}

/// Makes a queue.
pub fn queue(mode: Mode) -> (Queue, Lines) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let room = usize::try_from(BYTES_MAX).unwrap_or(Semaphore::MAX_PERMITS);
    let lost = Arc::new(AtomicU64::new(0));
    let queue = Queue {
        sender,
        room: Arc::new(Semaphore::new(room)),
        mode,
        lost: Arc::clone(&lost),
    };
    (queue, Lines { receiver, lost })
}

/// The room that a text needs; one that is larger than all there is takes it all.
fn room(text: &[u8]) -> u32 {
    let bytes = u32::try_from(text.len()).unwrap_or(BYTES_MAX);
    bytes.saturating_add(EVENT_BYTES).min(BYTES_MAX)
}

impl Queue {
    /// Puts an event in.
    pub(super) async fn put(&self, text: Vec<u8>) {
        let Err(text) = self.try_put(text) else {
            return;
        };
        if self.mode == Mode::Batch {
            return self.count_lost();
        }
        match Arc::clone(&self.room).acquire_many_owned(room(&text)).await {
            Ok(room) => self.send(text, room),
            Err(_) => self.count_lost(),
        }
    }

    /// Puts an event in if there is room, else gives it back.
    pub(super) fn try_put(&self, text: Vec<u8>) -> Result<(), Vec<u8>> {
        match Arc::clone(&self.room).try_acquire_many_owned(room(&text)) {
            Ok(room) => {
                self.send(text, room);
                Ok(())
            }
            Err(_) => Err(text),
        }
    }

    /// Whether an event without room waits for it.
    pub(super) fn waits(&self) -> bool {
        self.mode == Mode::Blocking
    }

    /// How many events were lost.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    pub(super) fn count_lost(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    fn send(&self, text: Vec<u8>, room: OwnedSemaphorePermit) {
        if self.sender.send(Line { text, _room: room }).is_err() {
            self.count_lost();
        }
    }
}

impl Lines {
    /// Waits for the next event; none once the server has ended.
    pub fn next_blocking(&mut self) -> Option<Line> {
        self.receiver.blocking_recv()
    }

    /// The next event, if one is there.
    pub fn try_next(&mut self) -> Option<Line> {
        self.receiver.try_recv().ok()
    }

    /// Counts an event that could not be written.
    pub fn count_lost(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }
}
