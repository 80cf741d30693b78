//! Headers of streams: names and values in one compressed text that goes on from frame to frame.

use super::dictionary::{DICTIONARY, ID};
use super::frame::FrameError;
use flate2::{Decompress, FlushDecompress, Status};

/// How large the headers of a stream may be when they are unpacked.
const BLOCK_BYTES_MAX: usize = 16 * 1024;
/// How many headers a stream may have.
const HEADERS_MAX: usize = 32;
/// The first byte of the compressed text: the method, and a window of 32 KiB.
const METHOD: u8 = 0x78;
/// In the second byte: the text begins with a dictionary.
const HAS_DICTIONARY: u8 = 0x20;
/// An empty block, which tells the other side to read what came before it.
const FLUSH: [u8; 5] = [0, 0, 0, 0xff, 0xff];

/// Names and values, the names in lower case.
pub(super) type Headers = Vec<(String, String)>;

/// Reads what the client compresses.
#[derive(Debug)]
pub(super) struct Reader {
    inflater: Decompress,
    has_begun: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            inflater: Decompress::new(false),
            has_begun: false,
        }
    }
}

impl Reader {
    /// Reads the headers in a frame.
    pub(super) fn read(&mut self, block: &[u8]) -> Result<Headers, FrameError> {
        let block = if self.has_begun {
            block
        } else {
            self.has_begun = true;
            self.begin(block)?
        };
        let text = self.inflate(block)?;
        parse(&text).ok_or(FrameError::Headers)
    }

    /// Takes off how the compressed text begins. The dictionary is then read as a block of its own would be.
    fn begin<'b>(&mut self, block: &'b [u8]) -> Result<&'b [u8], FrameError> {
        let [method, flags, rest @ ..] = block else {
            return Err(FrameError::Headers);
        };
        if method & 0x0f != METHOD & 0x0f {
            return Err(FrameError::Headers);
        }
        if flags & HAS_DICTIONARY == 0 {
            return Ok(rest);
        }
        let rest = rest.strip_prefix(&ID).ok_or(FrameError::Headers)?;
        self.inflate(&stored(&DICTIONARY))?;
        Ok(rest)
    }

    fn inflate(&mut self, mut packed: &[u8]) -> Result<Vec<u8>, FrameError> {
        let mut text = Vec::new();
        let mut piece = [0; 2048];
        loop {
            let (read, written) = (self.inflater.total_in(), self.inflater.total_out());
            let status = self
                .inflater
                .decompress(packed, &mut piece, FlushDecompress::Sync)
                .map_err(|_| FrameError::Headers)?;
            let count = |after: u64, before: u64| {
                usize::try_from(after.saturating_sub(before)).unwrap_or(usize::MAX)
            };
            let read = count(self.inflater.total_in(), read);
            let written = count(self.inflater.total_out(), written);
            packed = packed.get(read..).unwrap_or_default();
            text.extend_from_slice(piece.get(..written).unwrap_or_default());
            if text.len() > BLOCK_BYTES_MAX {
                return Err(FrameError::Large);
            }
            if status == Status::StreamEnd || (read == 0 && written == 0) {
                break;
            }
        }
        // What is left over would be missed by the next frame.
        if packed.is_empty() {
            Ok(text)
        } else {
            Err(FrameError::Headers)
        }
    }
}

fn parse(text: &[u8]) -> Option<Headers> {
    let mut rest = text;
    let count = usize::try_from(number(&mut rest)?).ok()?;
    if count > HEADERS_MAX {
        return None;
    }
    let mut headers = Vec::with_capacity(count);
    for _ in 0..count {
        let name = string(&mut rest)?.to_ascii_lowercase();
        headers.push((name, string(&mut rest)?));
    }
    Some(headers)
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let (first, others) = rest.split_at_checked(4)?;
    *rest = others;
    Some(u32::from_be_bytes(first.try_into().ok()?))
}

fn string(rest: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(number(rest)?).ok()?;
    let (first, others) = rest.split_at_checked(length)?;
    *rest = others;
    String::from_utf8(first.to_vec()).ok()
}

/// A block of compressed text that holds its bytes as they are.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    let mut block = vec![0];
    block.extend_from_slice(&length.to_le_bytes());
    block.extend_from_slice(&(!length).to_le_bytes());
    block.extend_from_slice(bytes);
    block
}

/// Writes headers, without making them smaller: what the server says in them is next to nothing.
#[derive(Debug, Default)]
pub(super) struct Writer {
    has_begun: bool,
}

impl Writer {
    /// Writes the headers of a frame; together they are smaller than 64 KiB.
    pub(super) fn write(&mut self, headers: &[(&str, &str)]) -> Vec<u8> {
        let mut text = Vec::new();
        let size = |text: &mut Vec<u8>, size: usize| {
            text.extend_from_slice(&u32::try_from(size).unwrap_or(u32::MAX).to_be_bytes());
        };
        size(&mut text, headers.len());
        for part in headers.iter().flat_map(|(name, value)| [*name, *value]) {
            size(&mut text, part.len());
            text.extend_from_slice(part.as_bytes());
        }
        let mut block = Vec::with_capacity(text.len().saturating_add(12));
        if !self.has_begun {
            self.has_begun = true;
            // No dictionary; the last bits make both bytes a multiple of 31.
            block.extend_from_slice(&[METHOD, 0x01]);
        }
        block.extend_from_slice(&stored(&text));
        block.extend_from_slice(&FLUSH);
        block
    }
}
