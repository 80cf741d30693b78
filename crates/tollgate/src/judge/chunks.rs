//! Reading a file in chunks that end between documents, so that memory does not grow with the file.
//!
//! kubectl separates documents by their text: at lines that begin with `---`, whatever stands around them. So can we,
//! before anything is parsed.

use std::io::{self, Read};

/// How much is read before a chunk is cut: enough work for a thread to be worth handing over.
pub(super) const CHUNK_BYTES: usize = 256 * 1024;
/// A single document may be this large: a `List` that holds a whole cluster fits, an endless stream does not.
pub const DOCUMENT_BYTES_MAX: usize = 256 * 1024 * 1024;

const SEPARATOR: &[u8] = b"\n---";

/// Whole documents of a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The line of the file on which it begins, from 1.
    pub first_line: usize,
    /// The documents, or why this stretch cannot be read.
    pub text: Result<String, Unreadable>,
}

/// Why a stretch of a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The document is not UTF-8.
    #[error("not UTF-8: invalid byte on line {line}")]
    NotUtf8 {
        /// The line of the file, from 1.
        line: usize,
    },
    /// The document is too large.
    #[error("a document of more than {DOCUMENT_BYTES_MAX} bytes")]
    TooLarge {
        /// The line on which it begins.
        first_line: usize,
    },
    /// Reading failed.
    #[error("{0}")]
    Failed(String),
}

/// The chunks of a reader, in order.
#[derive(Debug)]
pub struct Chunks<R> {
    reader: R,
    /// What was read and not handed out.
    rest: Vec<u8>,
    line: usize,
    /// How much room the rest of the reader will need, as far as anybody knows.
    left: usize,
    ended: bool,
    pending: std::collections::VecDeque<Chunk>,
}

impl<R: Read> Chunks<R> {
    /// Reads from `reader`; how much that should be, if it is known, only saves work.
    pub fn new(reader: R, size: Option<usize>) -> Self {
        Self {
            reader,
            rest: Vec::new(),
            line: 1,
            // The end is seen by reading beyond it.
            left: size.map_or(usize::MAX, |size| size.saturating_add(1)),
            ended: false,
            pending: std::collections::VecDeque::new(),
        }
    }

    /// Reads until there is a chunk's worth with a separator in it, or the end.
    fn fill(&mut self) -> Result<Vec<u8>, Unreadable> {
        let mut searched = 0;
        loop {
            if self.ended {
                return Ok(std::mem::take(&mut self.rest));
            }
            let wanted = CHUNK_BYTES.max(self.rest.len());
            let limit = u64::try_from(wanted).unwrap_or(u64::MAX);
            self.rest.reserve(wanted.min(self.left));
            let read = self.reader.by_ref().take(limit).read_to_end(&mut self.rest);
            match read {
                Ok(read) => {
                    self.left = self.left.saturating_sub(read);
                    self.ended = read < wanted;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.ended = true;
                    return Err(Unreadable::Failed(error.to_string()));
                }
            }
            if self.ended {
                continue;
            }
            let unsearched = self.rest.get(searched..).unwrap_or_default();
            if let Some(at) = memchr::memmem::rfind(unsearched, SEPARATOR) {
                // The line break belongs to the document before.
                let after = self.rest.split_off(searched + at + 1);
                return Ok(std::mem::replace(&mut self.rest, after));
            }
            searched = self.rest.len().saturating_sub(SEPARATOR.len());
            if self.rest.len() > DOCUMENT_BYTES_MAX {
                self.ended = true;
                self.rest = Vec::new();
                return Err(Unreadable::TooLarge {
                    first_line: self.line,
                });
            }
        }
    }

    /// Hands out bytes as text; a document that is not UTF-8 becomes a chunk of its own.
    fn push(&mut self, bytes: Vec<u8>) {
        let bytes = match String::from_utf8(bytes) {
            Ok(text) => return self.push_text(text),
            Err(error) => error.into_bytes(),
        };
        let mut rest = bytes.as_slice();
        loop {
            let bad = match std::str::from_utf8(rest) {
                Ok("") => return,
                Ok(text) => return self.push_text(text.to_owned()),
                Err(error) => error.valid_up_to(),
            };
            let (before, after) = rest.split_at(bad);
            let start = memchr::memmem::rfind(before, SEPARATOR).map_or(0, |at| at + 1);
            let end = memchr::memmem::find(after, SEPARATOR).map_or(rest.len(), |at| bad + at + 1);
            let (good, broken) = before.split_at(start);
            if !good.is_empty() {
                self.push_text(String::from_utf8_lossy(good).into_owned());
            }
            let line = self.line + count_lines(broken);
            let text = Err(Unreadable::NotUtf8 { line });
            self.pending.push_back(Chunk {
                first_line: self.line,
                text,
            });
            let (through, following) = rest.split_at(end);
            self.line += count_lines(through.get(start..).unwrap_or_default());
            rest = following;
        }
    }

    fn push_text(&mut self, text: String) {
        let first_line = self.line;
        self.line += count_lines(text.as_bytes());
        self.pending.push_back(Chunk {
            first_line,
            text: Ok(text),
        });
    }
}

fn count_lines(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}

impl<R: Read> Iterator for Chunks<R> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        loop {
            if let Some(chunk) = self.pending.pop_front() {
                return Some(chunk);
            }
            match self.fill() {
                Ok(bytes) if bytes.is_empty() => return None,
                Ok(bytes) => self.push(bytes),
                Err(why) => {
                    return Some(Chunk {
                        first_line: self.line,
                        text: Err(why),
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(input: &[u8]) -> Vec<(usize, Result<String, Unreadable>)> {
        Chunks::new(input, None)
            .map(|chunk| (chunk.first_line, chunk.text))
            .collect()
    }

    #[test]
    fn small_files_are_one_chunk() {
        assert_eq!(texts(b""), []);
        assert_eq!(texts(b"a: 1"), [(1, Ok("a: 1".to_owned()))]);
    }

    #[test]
    fn chunks_end_between_documents_and_lose_nothing() {
        let document = format!("---\na: {}\n", "x".repeat(1000));
        let input = document.repeat(3000);
        let chunks = texts(input.as_bytes());
        assert!(chunks.len() > 5);
        let mut line = 1;
        let mut joined = String::new();
        for (first_line, text) in chunks {
            let text = text.unwrap();
            assert_eq!(first_line, line);
            assert!(text.starts_with("---\n"));
            line += text.matches('\n').count();
            joined.push_str(&text);
        }
        assert_eq!(joined, input);
    }

    #[test]
    fn only_the_document_that_is_not_utf8_is_lost() {
        let input = b"a: 1\n---\nb: 2\nc: \xff\n---\nd: 4\n---\n\xfe\n---\ne: 5\n";
        let chunks = texts(input);
        let good: Vec<_> = chunks
            .iter()
            .filter_map(|(line, text)| Some((*line, text.as_ref().ok()?.as_str())))
            .collect();
        assert_eq!(
            good,
            [(1, "a: 1\n"), (5, "---\nd: 4\n"), (9, "---\ne: 5\n")]
        );
        let bad: Vec<_> = chunks
            .iter()
            .filter_map(|(line, text)| Some((*line, text.as_ref().err()?.clone())))
            .collect();
        assert_eq!(
            bad,
            [
                (2, Unreadable::NotUtf8 { line: 4 }),
                (7, Unreadable::NotUtf8 { line: 8 })
            ]
        );
    }
}
