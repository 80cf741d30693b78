//! The store that keeps everything: the whole state in memory, and on disk a log of what led to it.
//!
//! Transactions are decided one after the other against the newest state, without waiting for the disk. One thread
//! appends what was decided to the log ([`log`]) and syncs once for all that came in meanwhile; then the state they led to
//! is published and their receipts resolve. When the log has become longer than the last image of the state
//! ([`image`]), a new log is begun and a new image made beside it, from a snapshot, while writes go on; then the old
//! files go. So a disk holds about twice the data, and a start reads no more than that.
//!
//! # Why not an embedded database
//! Everything is in memory, so all that is asked of a file is to append and to be read once. Measured with 100,000
//! records of 2.6 KB, on a memory disk whose sync takes 0.15 ms, against redb 4.6:
//!
//! | writes in a batch | redb | log |
//! | --- | --- | --- |
//! | 1 | 3,660/s, 32 KiB written for each | 6,450/s, 2.6 KiB |
//! | 16 | 27,800/s, 15 KiB | 85,500/s, 2.6 KiB |
//! | 64 | 47,400/s, 13 KiB | 96,300/s, 2.6 KiB |
//!
//! Either is fast enough when it has the processor for itself. But the server shares it, and redb takes 0.12 ms of it for a
//! commit of one record. After a full disk it must also be opened anew, and a damaged value it does not notice.
//!
//! # What holds after a crash at any instant
//! Every transaction whose receipt resolved is there; every other is there in whole or not at all, and none without
//! those before it. Damage to what was synced is noticed by checksums when the store is opened; then it does not open.
//! One case cannot be told from a torn write and counts as one: damage to the very last batch, if power was lost in the
//! second after it.

pub mod archive;
mod block;
mod disk;
mod image;
mod log;
mod recover;
mod writer;

#[cfg(test)]
mod crashes;
#[cfg(test)]
pub(super) mod faults;

use super::hub::Hub;
use super::{
    Receipt, Revision, RevisionError, Snapshot, Store, StoreError, Watcher, Window, Write,
};
use disk::{Disk, Folder};
use recover::Recovered;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;
use writer::{Head, Pending, Shared, Writer};

/// A log shorter than this is not replaced by an image.
const LOG_BYTES_MIN: u64 = 64 << 20;

/// How long the store has to be idle before the log's end is marked.
const IDLE: Duration = Duration::from_millis(50);

/// What unfinished files end with.
const TEMPORARY: &str = ".tmp";

fn temporary(name: &str) -> String {
    format!("{name}{TEMPORARY}")
}

/// What an acknowledged write survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Loss of power.
    #[default]
    Full,
    /// The end of the process, but not of the system. For tests.
    None,
}

/// How a store is to be kept.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// What acknowledged writes survive.
    pub durability: Durability,
    /// How much of the past can be watched and listed.
    pub window: Window,
    /// How long the log becomes at least before an image of the state takes its place, in bytes.
    pub log_bytes_min: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            durability: Durability::Full,
            window: Window::default(),
            log_bytes_min: LOG_BYTES_MIN,
        }
    }
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("the data in `{}` are in use by another process; stop it or choose another directory", directory.display())]
    Locked {
        /// Where.
        directory: PathBuf,
    },
    /// A file is something else.
    #[error("`{file}` is not a file of this store, though its name says so")]
    Foreign {
        /// Which one.
        file: String,
    },
    /// A file was written by another version of the program.
    #[error(
        "`{file}` has data format {found}, and this program reads {known}; use the program that wrote it"
    )]
    Version {
        /// Which one.
        file: String,
        /// What it has.
        found: u32,
        /// What could be read.
        known: u32,
    },
    /// A file was changed after it was written. Going on would lose what was promised to be kept.
    #[error(
        "`{file}` is damaged at byte {offset}: {what}; restore a snapshot into another directory"
    )]
    Corrupt {
        /// Which one.
        file: String,
        /// Where in it.
        offset: u64,
        /// What is wrong.
        what: String,
    },
    /// A file is not there.
    #[error("a file is missing: the log after revision {base} should be beside `{file}`")]
    Missing {
        /// What is there, or should be.
        file: String,
        /// Where the log should begin.
        base: Revision,
    },
    /// The system refuses.
    #[error("cannot {step} `{what}`")]
    Io {
        /// What was tried.
        step: &'static str,
        /// With what.
        what: String,
        /// What the system says.
        source: io::Error,
    },
}

impl OpenError {
    fn step(step: &'static str, what: &str) -> impl FnOnce(io::Error) -> Self {
        let what = what.to_owned();
        move |source| Self::Io { step, what, source }
    }

    fn corrupt(file: &str, offset: u64, what: &str) -> Self {
        Self::Corrupt {
            file: file.to_owned(),
            offset,
            what: what.to_owned(),
        }
    }

    fn missing(file: &str, base: Revision) -> Self {
        Self::Missing {
            file: file.to_owned(),
            base,
        }
    }
}

/// A store in a directory.
#[derive(Debug)]
pub struct DurableStore {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl DurableStore {
    /// Opens the store in a directory of its own, which is made if need be. The process has it alone until the store is
    /// dropped.
    pub fn open(directory: &Path, options: Options) -> Result<Self, OpenError> {
        let folder = Folder::claim(directory, options.durability)?;
        Self::open_on(Arc::new(folder), options, IDLE)
    }

    fn open_on(disk: Arc<dyn Disk>, options: Options, idle: Duration) -> Result<Self, OpenError> {
        let recovered = recover::recover(&*disk)?;
        let log = recover::repair(&*disk, &recovered)?;
        let state = recovered.state;
        let shared = Arc::new(Shared {
            hub: Arc::new(Hub::new(state.clone(), options.window)),
            head: Mutex::new(Head {
                state,
                queue: Vec::new(),
                is_writing: false,
                refusal: None,
            }),
            work: Condvar::new(),
            disk,
            image_bytes: AtomicU64::new(recovered.image_bytes),
            is_closing: AtomicBool::new(false),
        });
        let writer = Writer {
            shared: Arc::clone(&shared),
            log,
            idle,
            log_bytes_min: options.log_bytes_min,
            retry_at: 0,
            imaging: None,
        };
        let writer = std::thread::Builder::new()
            .name("tollgate-store".to_owned())
            .spawn(move || writer.run())
            .map_err(OpenError::step("start", "the thread that writes"))?;
        Ok(Self {
            shared,
            writer: Mutex::new(Some(writer)),
        })
    }

    /// What is in a directory now, without opening the store: another process may be writing to it.
    pub fn look(directory: &Path) -> Result<Snapshot, OpenError> {
        let folder = Folder::look(directory);
        let mut attempts_left = 3;
        loop {
            let recovered = recover::recover(&folder);
            attempts_left -= 1;
            match recovered {
                // Files come and go while they are read.
                Err(
                    OpenError::Io { .. } | OpenError::Corrupt { .. } | OpenError::Missing { .. },
                ) if attempts_left > 0 => {}
                Ok(Recovered { last: None, .. }) => {
                    return Err(OpenError::missing(&log::name(0), 0));
                }
                recovered => return Ok(recovered?.state),
            }
        }
    }

    /// Writes what was decided, refuses everything else, and ends all watches. Reads go on.
    pub fn close(&self) {
        {
            let mut head = self.shared.lock();
            head.refusal.get_or_insert(StoreError::Closed);
            self.shared.is_closing.store(true, Ordering::Release);
        }
        self.shared.work.notify_all();
        let writer = self
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(writer) = writer {
            let _ = writer.join();
        }
        self.shared.hub.close();
    }
}

impl Drop for DurableStore {
    fn drop(&mut self) {
        self.close();
    }
}

impl Store for DurableStore {
    fn snapshot(&self) -> Snapshot {
        self.shared.hub.snapshot()
    }

    fn snapshot_at(&self, revision: Revision) -> Result<Snapshot, RevisionError> {
        self.shared.hub.snapshot_at(revision)
    }

    fn transact(
        &self,
        decide: &mut dyn FnMut(&Snapshot) -> Vec<Write>,
    ) -> Result<Receipt, StoreError> {
        let mut head = self.shared.lock();
        if let Some(refusal) = &head.refusal {
            return Err(refusal.clone());
        }
        let writes = decide(&head.state);
        let events = head.state.apply(writes);
        let revision = head.state.revision;
        if events.is_empty() && head.queue.is_empty() && !head.is_writing {
            return Ok(Receipt::done(revision));
        }
        let (receipt, durable) = oneshot::channel();
        let is_first = head.queue.is_empty();
        head.queue.push(Pending { events, receipt });
        let wake = is_first && !head.is_writing;
        drop(head);
        if wake {
            self.shared.work.notify_one();
        }
        Ok(Receipt::pending(revision, durable))
    }

    fn compact(&self, revision: Revision) {
        self.shared.hub.compact(revision);
    }

    fn watch(&self, prefix: &str, revision: Revision) -> Result<Watcher, RevisionError> {
        self.shared.hub.watch(prefix, revision)
    }
}
