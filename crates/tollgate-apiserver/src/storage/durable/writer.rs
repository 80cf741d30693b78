//! The one thread that writes: whatever was decided while it synced the last batch is the next one.

use super::disk::{Disk, Stream};
use super::log::Log;
use super::recover::image_name;
use super::{image, log};
use crate::storage::hub::Hub;
use crate::storage::{Event, Snapshot, StoreError};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// A transaction that was decided and is not durable.
#[derive(Debug)]
pub(super) struct Pending {
    /// Empty if it wrote nothing and only waits for what it saw.
    pub(super) events: Vec<Arc<Event>>,
    pub(super) receipt: oneshot::Sender<Result<(), StoreError>>,
}

/// The newest state, durable or not.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) state: Snapshot,
    pub(super) queue: Vec<Pending>,
    /// Whether a batch is being written.
    pub(super) is_writing: bool,
    /// Why nothing can be written any more.
    pub(super) refusal: Option<StoreError>,
}

/// What the store and its threads share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) head: Mutex<Head>,
    pub(super) work: Condvar,
    pub(super) hub: Arc<Hub>,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) image_bytes: AtomicU64,
    pub(super) is_closing: AtomicBool,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Head> {
        // A decision that panics has changed nothing.
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing of what is not durable has happened, and all who wait for it hear why.
    fn fail(&self, batch: Vec<Pending>, error: &StoreError) {
        let mut head = self.lock();
        head.state = self.hub.snapshot();
        head.is_writing = false;
        if !matches!(error, StoreError::Full(_)) {
            head.refusal.get_or_insert_with(|| error.clone());
        }
        let queued = std::mem::take(&mut head.queue);
        drop(head);
        for pending in batch.into_iter().chain(queued) {
            // Who does not wait does not want to know.
            let _ = pending.receipt.send(Err(error.clone()));
        }
    }
}

#[derive(Debug)]
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) log: Log,
    /// How long nothing has to happen before the log's end is marked.
    pub(super) idle: Duration,
    /// How long a log becomes at least before an image takes its place.
    pub(super) log_bytes_min: u64,
    /// How long the log becomes before the next attempt, after one that failed.
    pub(super) retry_at: u64,
    pub(super) imaging: Option<JoinHandle<()>>,
}

impl Writer {
    /// Writes until the store is closed and everything is written.
    pub(super) fn run(mut self) {
        while let Some((batch, state)) = self.next_batch() {
            self.commit(batch, state);
            self.turn_log_over();
        }
        self.log.seal(self.shared.hub.newest().saturating_add(1));
        if let Some(imaging) = self.imaging.take() {
            let _ = imaging.join();
        }
    }

    /// Waits for transactions; none once the store is closed. The state is that after the last of them.
    fn next_batch(&mut self) -> Option<(Vec<Pending>, Snapshot)> {
        let shared = Arc::clone(&self.shared);
        let mut head = shared.lock();
        head.is_writing = false;
        loop {
            if !head.queue.is_empty() {
                head.is_writing = true;
                return Some((std::mem::take(&mut head.queue), head.state.clone()));
            }
            if shared.is_closing.load(Ordering::Acquire) {
                return None;
            }
            if self.log.is_marked() || head.refusal.is_some() {
                head = shared
                    .work
                    .wait(head)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let waited = shared.work.wait_timeout(head, self.idle);
            let (woken, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            head = woken;
            if timeout.timed_out() && head.queue.is_empty() {
                let next = head.state.revision.saturating_add(1);
                drop(head);
                self.log.mark(next);
                head = shared.lock();
            }
        }
    }

    fn commit(&mut self, batch: Vec<Pending>, state: Snapshot) {
        let first = self.shared.hub.newest().saturating_add(1);
        let written = || {
            batch
                .iter()
                .map(|p| p.events.as_slice())
                .filter(|e| !e.is_empty())
        };
        if written().next().is_some() {
            if let Err(error) = self.log.append(first, written()) {
                self.shared.fail(batch, &error);
                return;
            }
            let events: Vec<_> = written().flatten().cloned().collect();
            self.shared.hub.publish(state, &events);
        }
        for pending in batch {
            let _ = pending.receipt.send(Ok(()));
        }
    }

    /// Begins a new log when this one is long, and has an image made of the state it begins from.
    fn turn_log_over(&mut self) {
        let due = self
            .shared
            .image_bytes
            .load(Ordering::Relaxed)
            .max(self.log_bytes_min);
        if self.log.len() < due.max(self.retry_at) {
            return;
        }
        if self
            .imaging
            .as_ref()
            .is_some_and(|imaging| !imaging.is_finished())
        {
            return;
        }
        let state = self.shared.hub.snapshot();
        self.retry_at = self.log.len().saturating_add(self.log_bytes_min);
        // If the disk is too full for a new log, this one goes on.
        let Ok(next) = Log::create(&*self.shared.disk, state.revision) else {
            return;
        };
        let mut before = std::mem::replace(&mut self.log, next);
        // Without its last mark the log is whole all the same.
        let _ = before.turn_over(state.revision.saturating_add(1));
        self.retry_at = 0;
        let shared = Arc::clone(&self.shared);
        self.imaging = std::thread::Builder::new()
            .name("tollgate-image".to_owned())
            .spawn(move || {
                // Without an image the logs stay, and the next log is tried again.
                let _ = replace_logs(&shared, &state);
            })
            .ok();
    }
}

impl Drop for Writer {
    /// If the thread ends in whatever way, nobody waits for it for ever.
    fn drop(&mut self) {
        let error = if std::thread::panicking() {
            StoreError::Broken("the thread that writes has panicked".to_owned())
        } else {
            StoreError::Closed
        };
        self.shared.fail(Vec::new(), &error);
    }
}

/// Makes an image and removes all files that it replaces.
fn replace_logs(shared: &Shared, state: &Snapshot) -> io::Result<()> {
    let disk = &*shared.disk;
    let proceed = || !shared.is_closing.load(Ordering::Acquire);
    let bytes = make_image(disk, state, &proceed)?;
    shared.image_bytes.store(bytes, Ordering::Relaxed);
    for name in disk.names()? {
        let is_older = (name.starts_with("log-") && name < log::name(state.revision))
            || (name.starts_with("state-") && name < image_name(state.revision));
        if is_older {
            disk.remove(&name)?;
        }
    }
    Ok(())
}

/// Writes the image of a state into a directory; it is there for good and whole, or not at all.
pub(super) fn make_image(
    disk: &dyn Disk,
    state: &Snapshot,
    proceed: &dyn Fn() -> bool,
) -> io::Result<u64> {
    let name = image_name(state.revision);
    let temporary = super::temporary(&name);
    let written = disk.salt().and_then(|salt| {
        let mut file = disk.create(&temporary)?;
        let bytes = image::write(state, salt, &mut Stream::new(&mut *file, 0), proceed)?;
        file.sync()?;
        disk.rename(&temporary, &name)?;
        disk.sync()?;
        Ok(bytes)
    });
    if written.is_err() {
        let _ = disk.remove(&temporary);
    }
    written
}
