//! An image: a whole state in one file. It is what a log begins from, and what a snapshot for keeping is.
//!
//! Blocks hold records in the order of their keys: key, revision, revision of creation, value. A mark ends them.

use super::block::{BlockHeader, FileHeader, FileKind, Input, ReadError, put_counted, read_full};
use crate::storage::{Key, Mark, Record, Revision, Snapshot};
use bytes::Bytes;
use std::io::{self, BufReader, Read, Write};
use std::sync::Arc;

/// When a block is long enough.
const BLOCK_BYTES: usize = 1 << 20;
/// Longer blocks are none of ours: a record is limited by what a request may be.
const BLOCK_BYTES_MAX: u64 = 1 << 32;

/// Writes a state. `proceed` is asked before each block; if it says no, the image is left unfinished, with an error.
pub(super) fn write(
    state: &Snapshot,
    salt: u64,
    out: &mut impl Write,
    proceed: &dyn Fn() -> bool,
) -> io::Result<u64> {
    let header = FileHeader {
        kind: FileKind::Image,
        salt,
        revision: state.revision,
        count: state.records.len() as u64,
    };
    out.write_all(&header.encode())?;
    let mut total = FileHeader::BYTES as u64;
    let mut number = 0;
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    let mut finish = |block: &mut Vec<u8>| {
        if !proceed() {
            return Err(io::Error::other("the store is being closed"));
        }
        out.write_all(&BlockHeader::of(number, block).encode(salt))?;
        out.write_all(block)?;
        number += 1;
        total += (BlockHeader::BYTES + block.len()) as u64;
        block.clear();
        Ok(())
    };
    for (key, record) in &state.records {
        put_counted(&mut block, key.as_str().as_bytes())?;
        block.extend_from_slice(&record.revision.to_le_bytes());
        block.extend_from_slice(&record.created.to_le_bytes());
        put_counted(&mut block, &record.value)?;
        if block.len() >= BLOCK_BYTES {
            finish(&mut block)?;
        }
    }
    if !block.is_empty() {
        finish(&mut block)?;
    }
    finish(&mut block)?;
    Ok(total)
}

/// Reads a state, checking everything.
pub(super) fn read(input: impl Read) -> Result<Snapshot, ReadError> {
    let mut input = BufReader::with_capacity(BLOCK_BYTES, input);
    let header = FileHeader::read(FileKind::Image, &mut input)?;
    let mut state = Snapshot {
        revision: header.revision,
        ..Snapshot::default()
    };
    let mut offset = FileHeader::BYTES as u64;
    let mut content = Vec::new();
    for number in 0.. {
        let mut bytes = [0; BlockHeader::BYTES];
        read_full(&mut input, &mut bytes)?;
        let block = BlockHeader::decode(&bytes, header.salt)
            .filter(|block| block.number == number && block.length <= BLOCK_BYTES_MAX)
            .ok_or_else(|| ReadError::damaged(offset, "there is no whole block"))?;
        if block.length == 0 {
            break;
        }
        content.clear();
        input
            .by_ref()
            .take(block.length)
            .read_to_end(&mut content)?;
        if BlockHeader::of(number, &content) != block {
            return Err(ReadError::damaged(
                offset,
                "the checksum of a block is wrong",
            ));
        }
        let mut records = Input(&content);
        while !records.is_empty() {
            let (key, record) = record(&mut records, header.revision)
                .ok_or_else(|| ReadError::damaged(offset, "a block holds no records"))?;
            state.records.insert(key, Arc::new(record));
        }
        offset = offset.saturating_add(BlockHeader::BYTES as u64 + block.length);
    }
    if state.records.len() as u64 != header.count {
        return Err(ReadError::damaged(offset, "records are missing"));
    }
    if read_full(&mut input, &mut [0])? > 0 {
        return Err(ReadError::damaged(
            offset,
            "there is something behind the end",
        ));
    }
    Ok(state)
}

fn record(input: &mut Input<'_>, newest: Revision) -> Option<(Key, Record)> {
    let key = str::from_utf8(input.counted()?).ok()?;
    let revision = input.u64().filter(|revision| *revision <= newest)?;
    let created = input.u64().filter(|created| *created <= revision)?;
    let value = Bytes::copy_from_slice(input.counted()?);
    let record = Record {
        value,
        revision,
        created,
        mark: Mark::default(),
    };
    Some((Key::from_text(key), record))
}
