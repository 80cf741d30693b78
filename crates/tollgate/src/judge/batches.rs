//! Inputs cut into pieces of work for threads: a stretch of a large file, or several small files.
//!
//! Large files are read by whoever hands out the work, because where a stretch ends is known only when it has been
//! read. Small files are opened and read by the threads.

use super::chunks::{CHUNK_BYTES, Chunk, Chunks, Unreadable};
use super::inputs::Input;
use crate::manifest;
use std::io::Read;
use std::iter::Peekable;
use std::sync::Arc;

/// So many small files are one piece of work at most, however small they are.
const FILES_MAX: usize = 64;

/// A piece of work.
pub(super) enum Batch<'i> {
    /// A stretch of a file.
    Stretch(Stretch),
    /// Whole files that have not been opened yet.
    Files(Vec<&'i Input>),
}

/// Whole documents of one file.
pub(super) struct Stretch {
    /// The file.
    pub(super) file: Arc<str>,
    /// The line of the file on which the stretch begins, from 1.
    pub(super) first_line: usize,
    /// The documents, or why they cannot be read.
    pub(super) source: Result<Arc<manifest::Source>, Unreadable>,
}

/// The pieces of the inputs, in order.
pub(super) fn batches<'i>(
    inputs: impl Iterator<Item = &'i Input>,
) -> impl Iterator<Item = Batch<'i>> {
    Batches {
        inputs: inputs.peekable(),
        open: None,
    }
}

struct Batches<'i, I: Iterator<Item = &'i Input>> {
    inputs: Peekable<I>,
    /// The large file that is being read.
    open: Option<Stretches>,
}

impl<'i, I: Iterator<Item = &'i Input>> Iterator for Batches<'i, I> {
    type Item = Batch<'i>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(stretch) = self.open.as_mut().and_then(Iterator::next) {
                return Some(Batch::Stretch(stretch));
            }
            self.open = None;
            let small = self.small_files();
            if !small.is_empty() {
                return Some(Batch::Files(small));
            }
            self.open = Some(Stretches::of(self.inputs.next()?));
        }
    }
}

impl<'i, I: Iterator<Item = &'i Input>> Batches<'i, I> {
    /// The small files that come next, up to a stretch's worth.
    fn small_files(&mut self) -> Vec<&'i Input> {
        let mut files = Vec::new();
        let mut left = CHUNK_BYTES;
        while files.len() < FILES_MAX
            && let Some(input) = self.inputs.peek()
            && let Some(less) = input.size.and_then(|size| left.checked_sub(size))
        {
            left = less;
            files.extend(self.inputs.next());
        }
        files
    }
}

impl Batch<'_> {
    /// What is in it, in order; files are read now.
    pub(super) fn stretches(self) -> impl Iterator<Item = Stretch> {
        let (stretch, files) = match self {
            Self::Stretch(stretch) => (Some(stretch), Vec::new()),
            Self::Files(files) => (None, files),
        };
        stretch
            .into_iter()
            .chain(files.into_iter().flat_map(Stretches::of))
    }
}

/// The stretches of one file, in order.
struct Stretches {
    file: Arc<str>,
    chunks: Result<Chunks<Box<dyn Read + Send>>, Option<Unreadable>>,
}

impl Stretches {
    fn of(input: &Input) -> Self {
        let chunks = input.open().map(|reader| Chunks::new(reader, input.size));
        Self {
            file: Arc::clone(&input.name),
            chunks: chunks.map_err(|error| Some(Unreadable::Failed(error.to_string()))),
        }
    }
}

impl Iterator for Stretches {
    type Item = Stretch;

    fn next(&mut self) -> Option<Stretch> {
        let chunk = match &mut self.chunks {
            Ok(chunks) => chunks.next()?,
            Err(why) => Chunk {
                first_line: 1,
                text: Err(why.take()?),
            },
        };
        let source = chunk.text.map(|text| {
            Arc::new(manifest::Source {
                name: self.file.to_string(),
                bytes: text.into_bytes(),
            })
        });
        Some(Stretch {
            file: Arc::clone(&self.file),
            first_line: chunk.first_line,
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each batch holds: `file@line` of each stretch.
    fn shown(inputs: &[Input]) -> Vec<Vec<String>> {
        let shown = |batch: Batch<'_>| {
            batch
                .stretches()
                .map(|stretch| format!("{}@{}", stretch.file, stretch.first_line))
                .collect()
        };
        batches(inputs.iter()).map(shown).collect()
    }

    fn file(name: &str, documents: usize) -> Input {
        let document = format!("---\n{}\n", "a".repeat(1019));
        Input::from_memory(name, document.repeat(documents).into_bytes())
    }

    #[test]
    fn small_files_go_together_and_large_ones_in_stretches_in_order() {
        let inputs = [
            file("a", 1),
            file("b", 1),
            file("large", 300),
            file("c", 200),
            file("d", 100),
        ];
        let expected: [&[&str]; 5] = [
            &["a@1", "b@1"],
            &["large@1"],
            &["large@511"],
            &["c@1"],
            &["d@1"],
        ];
        assert_eq!(shown(&inputs), expected);
    }

    #[test]
    fn many_tiny_files_are_several_batches() {
        let inputs: Vec<_> = (0..130).map(|_| file("a", 0)).collect();
        let lengths: Vec<_> = batches(inputs.iter())
            .map(|batch| match batch {
                Batch::Files(files) => files.len(),
                Batch::Stretch(_) => 0,
            })
            .collect();
        assert_eq!(lengths, [64, 64, 2]);
    }
}
