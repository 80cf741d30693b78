//! The log: batches of transactions in the order in which they happened, each batch one block, synced once.
//!
//! A batch is written only after the one before it was synced. So at most the last block of a log can be torn, and
//! nobody was told of what is in it; a block that is wrong anywhere else has been damaged, and the store says so instead
//! of forgetting what it promised. When the store is idle, a mark is put behind the last block, where the next one will
//! go: it tells a last block that was torn from one that was damaged later.

use super::block::{
    BLOCK_MAGIC, BlockHeader, FileHeader, FileKind, Input, ReadError, put_counted, read_full,
};
use super::disk::{Disk, DiskFile, Stream};
use crate::storage::{Event, Key, Revision, Snapshot, StoreError, Write};
use bytes::Bytes;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

/// A buffer that grew beyond this for one batch is not kept for the next.
const BUFFER_BYTES: usize = 1 << 20;

/// What stands in a mark in the place of a checksum if another log goes on from here.
const TURNED_OVER: u32 = 1;

const DELETE: u8 = 0;
const PUT: u8 = 1;

/// A log that is being written.
#[derive(Debug)]
pub(super) struct Log {
    file: Box<dyn DiskFile>,
    salt: u64,
    /// Where the next block goes.
    end: u64,
    /// Whether a mark is there.
    marked: bool,
    buffer: Vec<u8>,
}

/// The name of the log that begins after a revision.
pub(super) fn name(base: Revision) -> String {
    format!("log-{base:020}")
}

impl Log {
    /// Makes the log that begins after `base`; when this returns, it is there for good.
    pub(super) fn create(disk: &dyn Disk, base: Revision) -> io::Result<Self> {
        let salt = disk.salt()?;
        let header = FileHeader {
            kind: FileKind::Log,
            salt,
            revision: base,
            count: 0,
        };
        let temporary = super::temporary(&name(base));
        let mut file = disk.create(&temporary)?;
        file.write_at(0, &header.encode())?;
        file.sync()?;
        disk.rename(&temporary, &name(base))?;
        disk.sync()?;
        Ok(Self::resume(file, salt, FileHeader::BYTES as u64))
    }

    /// Goes on with a log whose blocks end at `end`.
    pub(super) fn resume(file: Box<dyn DiskFile>, salt: u64, end: u64) -> Self {
        Self {
            file,
            salt,
            end,
            marked: false,
            buffer: Vec::new(),
        }
    }

    /// How long the log is.
    pub(super) fn len(&self) -> u64 {
        self.end
    }

    /// Whether a mark would be news.
    pub(super) fn is_marked(&self) -> bool {
        self.marked
    }

    /// Appends a batch of transactions, the first of which has the revision `first`, and syncs.
    ///
    /// After [`StoreError::Full`] the log is as it was before. After [`StoreError::Broken`] nobody knows what it is.
    pub(super) fn append<'e>(
        &mut self,
        first: Revision,
        transactions: impl Iterator<Item = &'e [Arc<Event>]>,
    ) -> Result<(), StoreError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        buffer.resize(BlockHeader::BYTES, 0);
        for events in transactions {
            encode(events, &mut buffer).map_err(|error| StoreError::Broken(error.to_string()))?;
        }
        let (head, content) = buffer.split_at_mut(BlockHeader::BYTES);
        head.copy_from_slice(&BlockHeader::of(first, content).encode(self.salt));
        self.write(&buffer)?;
        self.end = self.end.saturating_add(buffer.len() as u64);
        self.marked = false;
        if buffer.capacity() <= BUFFER_BYTES {
            self.buffer = buffer;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        if let Err(error) = self.file.write_at(self.end, bytes) {
            let full = matches!(
                error.kind(),
                io::ErrorKind::StorageFull
                    | io::ErrorKind::QuotaExceeded
                    | io::ErrorKind::FileTooLarge
            );
            self.marked = false;
            return match self.file.set_len(self.end) {
                Ok(()) if full => Err(StoreError::Full(error.to_string())),
                _ => Err(StoreError::Broken(error.to_string())),
            };
        }
        // After a sync that failed, the system may have thrown the bytes away or not.
        self.file
            .sync()
            .map_err(|error| StoreError::Broken(error.to_string()))
    }

    /// Says behind the last block that it was durable. The mark itself is not synced: losing it loses nothing.
    pub(super) fn mark(&mut self, next: Revision) {
        let mark = BlockHeader::of(next, &[]).encode(self.salt);
        self.marked = true;
        if self.file.write_at(self.end, &mark).is_err() {
            // A piece of a mark is no more than the end of a log.
            let _ = self.file.set_len(self.end);
        }
    }

    /// Marks the end, and syncs.
    pub(super) fn seal(&mut self, next: Revision) {
        self.mark(next);
        let _ = self.file.sync();
    }

    /// Marks the end for good: another log goes on from here.
    pub(super) fn turn_over(&mut self, next: Revision) -> io::Result<()> {
        let mark = BlockHeader {
            sum: TURNED_OVER,
            ..BlockHeader::of(next, &[])
        };
        self.file.write_at(self.end, &mark.encode(self.salt))?;
        self.file.sync()
    }
}

fn encode(events: &[Arc<Event>], out: &mut Vec<u8>) -> io::Result<()> {
    let count = u32::try_from(events.len()).map_err(io::Error::other)?;
    out.extend_from_slice(&count.to_le_bytes());
    for event in events {
        out.push(if event.current.is_some() { PUT } else { DELETE });
        put_counted(out, event.key.as_str().as_bytes())?;
        if let Some(current) = &event.current {
            put_counted(out, &current.value)?;
        }
    }
    Ok(())
}

fn decode(input: &mut Input<'_>) -> Option<Vec<Write>> {
    let count = input.u32()?;
    let mut writes = Vec::new();
    for _ in 0..count {
        let kind = input.u8()?;
        let key = Key::from_text(str::from_utf8(input.counted()?).ok()?);
        writes.push(match kind {
            PUT => Write::Put {
                key,
                value: Bytes::copy_from_slice(input.counted()?),
            },
            DELETE => Write::Delete { key },
            _ => return None,
        });
    }
    Some(writes)
}

/// Where the blocks of a log end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) salt: u64,
    pub(super) offset: u64,
    /// Whether there is something behind it: a mark, or a batch that was being written.
    pub(super) is_cut: bool,
    /// Whether another log goes on from there.
    pub(super) is_turned_over: bool,
}

/// Applies a log to the state it begins from.
pub(super) fn replay(file: &mut dyn DiskFile, state: &mut Snapshot) -> Result<End, ReadError> {
    let length = file.len()?;
    let mut input = BufReader::with_capacity(BUFFER_BYTES, Stream::new(file, 0));
    let header = FileHeader::read(FileKind::Log, &mut input)?;
    if header.revision != state.revision {
        let what = format!(
            "it begins after revision {}, but what is before it ends with {}",
            header.revision, state.revision
        );
        return Err(ReadError::damaged(0, what));
    }
    let mut offset = FileHeader::BYTES as u64;
    let mut content = Vec::new();
    let mut is_turned_over = false;
    loop {
        let mut bytes = [0; BlockHeader::BYTES];
        read_full(&mut input, &mut bytes)?;
        let rest = length.saturating_sub(offset.saturating_add(BlockHeader::BYTES as u64));
        let block = BlockHeader::decode(&bytes, header.salt);
        let Some(block) = block.filter(|block| block.length <= rest) else {
            break;
        };
        if block.length == 0 {
            is_turned_over = block.sum == TURNED_OVER;
            break;
        }
        content.clear();
        input
            .by_ref()
            .take(block.length)
            .read_to_end(&mut content)?;
        if BlockHeader::of(block.number, &content) != block {
            break;
        }
        if block.number != state.revision.saturating_add(1) {
            return Err(ReadError::damaged(offset, "a revision is missing"));
        }
        apply(&content, state)
            .ok_or_else(|| ReadError::damaged(offset, "a block holds no transactions"))?;
        offset = offset.saturating_add(BlockHeader::BYTES as u64 + block.length);
    }
    if let Some(later) = later_block(&mut input, offset, header.salt, state.revision)? {
        let what =
            format!("a block is damaged, for there is a whole one behind it at byte {later}");
        return Err(ReadError::damaged(offset, what));
    }
    Ok(End {
        salt: header.salt,
        offset,
        is_cut: length > offset,
        is_turned_over,
    })
}

fn apply(content: &[u8], state: &mut Snapshot) -> Option<()> {
    let mut input = Input(content);
    while !input.is_empty() {
        let before = state.revision;
        let events = state.apply(decode(&mut input)?);
        if events.is_empty() || state.revision == before {
            return None;
        }
    }
    Some(())
}

/// Looks behind the end of a log for a block or a mark that was written when all before it was durable.
fn later_block(
    input: &mut BufReader<Stream<'_>>,
    offset: u64,
    salt: u64,
    reached: Revision,
) -> Result<Option<u64>, ReadError> {
    let mut rest = Vec::new();
    input.seek(SeekFrom::Start(offset))?;
    input.read_to_end(&mut rest)?;
    // The first byte is where the end is: a mark there is in its place, a block there is torn.
    let found = memchr::memmem::find_iter(&rest, &BLOCK_MAGIC)
        .filter(|at| *at > 0)
        .find(|at| {
            rest.get(*at..)
                .and_then(|bytes| BlockHeader::decode(bytes, salt))
                .is_some_and(|block| block.number > reached)
        });
    Ok(found.map(|at| offset.saturating_add(at as u64)))
}
