//! Offsets to lines and columns.

/// A place as an editor shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl Position {
    /// The position of one offset; for many in one text, a [`LineIndex`] is faster.
    pub fn of(text: &[u8], offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        Self {
            line: memchr::memchr_iter(b'\n', before).count() + 1,
            column: characters(before.get(line_start..).unwrap_or_default()) + 1,
        }
    }
}

/// The characters that begin in these bytes.
fn characters(bytes: &[u8]) -> usize {
    let continues = |byte: &&u8| (0x80..0xc0).contains(*byte);
    bytes.len() - bytes.iter().filter(continues).count()
}

/// Lines of manifests are about as long.
const BYTES_PER_LINE: usize = 24;

/// Where the lines of a text start.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    /// Finds the lines of a text.
    pub fn new(text: &[u8]) -> Self {
        let mut starts = Vec::with_capacity(text.len() / BYTES_PER_LINE + 1);
        starts.push(0);
        starts.extend(memchr::memchr_iter(b'\n', text).map(|newline| newline + 1));
        Self { starts }
    }

    /// The line, from 1, in which an offset stands, and where that line starts.
    pub fn line(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= offset);
        let place = line.saturating_sub(1);
        (line, self.starts.get(place).copied().unwrap_or_default())
    }

    /// The position of an offset in `text`, the text this index was made of.
    pub fn position(&self, text: &[u8], offset: usize) -> Position {
        let (line, start) = self.line(offset);
        let before = text.get(start..offset).unwrap_or_default();
        Position {
            line,
            column: characters(before) + 1,
        }
    }

    /// Where a line, counted from 1, starts and ends, its line break not included.
    pub fn range(&self, text: &[u8], line: usize) -> Option<std::ops::Range<usize>> {
        let start = *self.starts.get(line.checked_sub(1)?)?;
        let end = match self.starts.get(line) {
            Some(next) => next.saturating_sub(1),
            None => text.len(),
        };
        let carriage_return = end > start && text.get(end - 1) == Some(&b'\r');
        Some(start..end - usize::from(carriage_return))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let text = "a: é\r\n  b: ü x\n".as_bytes();
        let index = LineIndex::new(text);
        for (offset, line, column) in [(0, 1, 1), (5, 1, 5), (7, 2, 1), (14, 2, 7), (17, 3, 1)] {
            let position = Position { line, column };
            assert_eq!(index.position(text, offset), position, "{offset}");
            assert_eq!(Position::of(text, offset), position, "{offset}");
        }
        assert_eq!(index.range(text, 1), Some(0..5));
        assert_eq!(index.range(text, 2), Some(7..16));
        assert_eq!(index.range(text, 4), None);
    }
}
