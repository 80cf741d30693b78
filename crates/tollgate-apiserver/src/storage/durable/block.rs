//! The bytes of the store's files. A file is a header and then blocks; numbers are little-endian.
//!
//! | bytes of a file's header | |
//! | --- | --- |
//! | 12 | `tollgate-log` or `tollgate-img` |
//! | 4 | version of the format |
//! | 8 | salt: random, different for each file |
//! | 8 | revision at which the file begins |
//! | 8 | how many records the file has; 0 in a log |
//! | 4 | CRC-32 of the bytes before |
//!
//! | bytes of a block's header | |
//! | --- | --- |
//! | 4 | `TGB\x01` |
//! | 8 | how many bytes follow the header; 0 in a mark, which says that all before it was durable |
//! | 8 | number: in a log the revision of the first transaction in it, in an image its place |
//! | 4 | CRC-32 of the bytes that follow; 1 in a mark after which another log goes on |
//! | 4 | CRC-32 of the salt and the header's bytes before |
//!
//! The salt makes it impossible to put something into a record that looks like a block of the file it will be in.

use std::io::{self, Read};

/// The version that this program writes, and the only one it reads.
pub(super) const VERSION: u32 = 1;

/// What every block begins with.
pub(super) const BLOCK_MAGIC: [u8; 4] = *b"TGB\x01";

/// What is wrong with a file.
#[derive(Debug)]
pub(super) enum ReadError {
    /// It cannot be read.
    Io(io::Error),
    /// It is not one of the store's files.
    Foreign,
    /// It is from another version of the store.
    Version(u32),
    /// It has been damaged.
    Damaged { offset: u64, what: String },
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl ReadError {
    pub(super) fn damaged(offset: u64, what: impl Into<String>) -> Self {
        Self::Damaged {
            offset,
            what: what.into(),
        }
    }
}

/// Bytes that are taken from the front.
#[derive(Debug)]
pub(super) struct Input<'b>(pub(super) &'b [u8]);

impl<'b> Input<'b> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// Bytes with their count before them.
    pub(super) fn counted(&mut self) -> Option<&'b [u8]> {
        let count = self.u32()?;
        self.take(usize::try_from(count).ok()?)
    }
}

/// Writes bytes with their count before them.
pub(super) fn put_counted(out: &mut Vec<u8>, bytes: &[u8]) -> io::Result<()> {
    let count = u32::try_from(bytes.len())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a value is longer than 4 GiB"))?;
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

/// Reads until `into` is full or the input ends; says how much there was.
pub(super) fn read_full(input: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while let Some(rest) = into.get_mut(count..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    /// Transactions, one after the other.
    Log,
    /// A whole state.
    Image,
}

impl FileKind {
    fn magic(self) -> [u8; 12] {
        match self {
            Self::Log => *b"tollgate-log",
            Self::Image => *b"tollgate-img",
        }
    }
}

/// The header of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileHeader {
    pub(super) kind: FileKind,
    pub(super) salt: u64,
    pub(super) revision: u64,
    pub(super) count: u64,
}

impl FileHeader {
    pub(super) const BYTES: usize = 44;

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(Self::BYTES);
        out.extend_from_slice(&self.kind.magic());
        out.extend_from_slice(&VERSION.to_le_bytes());
        for number in [self.salt, self.revision, self.count] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        let sum = crc32fast::hash(&out);
        out.extend_from_slice(&sum.to_le_bytes());
        out
    }

    pub(super) fn read(kind: FileKind, input: &mut impl Read) -> Result<Self, ReadError> {
        let mut bytes = [0; Self::BYTES];
        let count = read_full(input, &mut bytes)?;
        let mut fields = Input(bytes.get(..count).unwrap_or_default());
        if fields.array() != Some(kind.magic()) {
            return Err(ReadError::Foreign);
        }
        let short = || ReadError::damaged(0, "the header is cut off");
        let version = fields.u32().ok_or_else(short)?;
        if version != VERSION {
            return Err(ReadError::Version(version));
        }
        let [salt, revision, count] = [fields.u64(), fields.u64(), fields.u64()];
        let sum = fields.u32().ok_or_else(short)?;
        let before = bytes.len().saturating_sub(4);
        if crc32fast::hash(bytes.get(..before).unwrap_or_default()) != sum {
            return Err(ReadError::damaged(0, "the checksum of the header is wrong"));
        }
        Ok(Self {
            kind,
            salt: salt.ok_or_else(short)?,
            revision: revision.ok_or_else(short)?,
            count: count.ok_or_else(short)?,
        })
    }
}

/// The header of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlockHeader {
    pub(super) length: u64,
    pub(super) number: u64,
    pub(super) sum: u32,
}

impl BlockHeader {
    pub(super) const BYTES: usize = 28;

    /// The header of a block with this content.
    pub(super) fn of(number: u64, content: &[u8]) -> Self {
        Self {
            length: content.len() as u64,
            number,
            sum: crc32fast::hash(content),
        }
    }

    pub(super) fn encode(&self, salt: u64) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        let fields = BLOCK_MAGIC
            .into_iter()
            .chain(self.length.to_le_bytes())
            .chain(self.number.to_le_bytes())
            .chain(self.sum.to_le_bytes())
            .chain(self.own_sum(salt).to_le_bytes());
        for (to, from) in out.iter_mut().zip(fields) {
            *to = from;
        }
        out
    }

    fn own_sum(&self, salt: u64) -> u32 {
        let mut sum = crc32fast::Hasher::new();
        sum.update(&salt.to_le_bytes());
        sum.update(&BLOCK_MAGIC);
        sum.update(&self.length.to_le_bytes());
        sum.update(&self.number.to_le_bytes());
        sum.update(&self.sum.to_le_bytes());
        sum.finalize()
    }

    /// The header, if these bytes begin with one of the file with this salt.
    pub(super) fn decode(bytes: &[u8], salt: u64) -> Option<Self> {
        let mut fields = Input(bytes);
        if fields.array() != Some(BLOCK_MAGIC) {
            return None;
        }
        let header = Self {
            length: fields.u64()?,
            number: fields.u64()?,
            sum: fields.u32()?,
        };
        (fields.u32()? == header.own_sum(salt)).then_some(header)
    }
}
