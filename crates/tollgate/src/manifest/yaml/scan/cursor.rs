//! A place in the text that moves forward by characters and lines.

use crate::manifest::yaml::fault::Mark;
use compact_str::CompactString;

/// Reads a text that counts as ending with a line break, whether it has one or not, because kubectl puts one there.
#[derive(Debug)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    bytes: &'t [u8],
    pub(super) mark: Mark,
    /// Whether the final line break is missing in the text.
    unfinished: bool,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            mark: Mark::default(),
            unfinished: !text.ends_with('\n'),
        }
    }

    /// The byte that many bytes ahead; 0 after the end, and never inside, because control characters are refused
    /// before.
    #[inline]
    pub(super) fn peek(&self, ahead: usize) -> u8 {
        let place = self.mark.offset + ahead;
        match self.bytes.get(place) {
            Some(byte) => *byte,
            None if self.unfinished && place == self.bytes.len() => b'\n',
            None => 0,
        }
    }

    pub(super) fn is_end(&self) -> bool {
        self.peek(0) == 0
    }

    pub(super) fn is_blank(&self) -> bool {
        matches!(self.peek(0), b' ' | b'\t')
    }

    /// Whether a line break stands that many bytes ahead.
    #[inline]
    pub(super) fn is_break(&self, ahead: usize) -> bool {
        match self.peek(ahead) {
            b'\n' | b'\r' => true,
            0xc2 => self.peek(ahead + 1) == 0x85,
            0xe2 => self.peek(ahead + 1) == 0x80 && matches!(self.peek(ahead + 2), 0xa8 | 0xa9),
            _ => false,
        }
    }

    /// Whether a line break or the end stands that many bytes ahead.
    #[inline]
    pub(super) fn is_break_or_end(&self, ahead: usize) -> bool {
        self.peek(ahead) == 0 || self.is_break(ahead)
    }

    /// Whether white space or the end stands that many bytes ahead.
    #[inline]
    pub(super) fn is_space_or_end(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), b' ' | b'\t' | 0) || self.is_break(ahead)
    }

    /// Moves over one character.
    #[inline]
    pub(super) fn advance(&mut self) {
        let width = match self.peek(0) {
            0..0x80 => 1,
            0x80..0xe0 => 2,
            0xe0..0xf0 => 3,
            _ => 4,
        };
        self.mark.offset += width;
        self.mark.index += 1;
        self.mark.column += 1;
    }

    /// Moves over a line break.
    pub(super) fn advance_line(&mut self) {
        let width = match (self.peek(0), self.peek(1)) {
            (b'\r', b'\n') | (0xc2, _) => 2,
            (0xe2, _) => 3,
            _ => 1,
        };
        self.mark.offset += width;
        self.mark.index += 1;
        self.mark.column = 0;
        self.mark.line += 1;
    }

    /// Moves over a line break and appends what it means.
    pub(super) fn take_line(&mut self, out: &mut CompactString) {
        match self.peek(0) {
            0xe2 => out.push_str(self.slice(self.mark.offset, self.mark.offset + 3)),
            _ => out.push('\n'),
        }
        self.advance_line();
    }

    /// Moves to the end of the line, over a comment or a line of a block scalar; returns what was moved over.
    pub(super) fn advance_to_break(&mut self) -> &'t str {
        let start = self.mark.offset;
        while !self.is_break_or_end(0) {
            self.advance();
        }
        self.slice(start, self.mark.offset)
    }

    pub(super) fn skip_blanks(&mut self) {
        while self.is_blank() {
            self.advance();
        }
    }

    /// The text between two offsets.
    pub(super) fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text
            .get(start..end.min(self.text.len()))
            .unwrap_or_default()
    }

    /// Whether `---` or `...` stands alone at the start of a line here.
    pub(super) fn is_document_indicator(&self) -> bool {
        self.mark.column == 0
            && matches!(
                (self.peek(0), self.peek(1), self.peek(2)),
                (b'-', b'-', b'-') | (b'.', b'.', b'.')
            )
            && self.is_space_or_end(3)
    }
}
