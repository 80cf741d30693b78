//! Literal and folded block scalars.

use super::block::Reader;
use super::scan;
use crate::manifest::yaml::watch::Watch;
use compact_str::CompactString;

/// What the line of the indicator says.
struct Header {
    literal: bool,
    /// `-` or `+`.
    chomping: Option<u8>,
    increment: Option<usize>,
}

impl<W: Watch> Reader<'_, '_, W> {
    /// The block scalar whose indicator stands here, in a block with that column.
    pub(super) fn block_scalar(&mut self, column: isize) -> Option<CompactString> {
        let start = self.at;
        let header = self.header()?;
        let parent = usize::try_from(column).ok()?;
        let mut breaks = 0;
        let indent = match header.increment {
            Some(increment) => parent + increment,
            None => self.indentation(parent + 1, &mut breaks)?,
        };
        self.span = start..self.at.saturating_sub(1).max(start + 1);
        let text = self.block_lines(&header, indent, breaks)?;
        self.span.start = start;
        self.line_from(self.at)?;
        Some(text.into())
    }

    /// Reads the line of the indicator; the reader goes to the start of the next.
    fn header(&mut self) -> Option<Header> {
        let mut header = Header {
            literal: self.peek() == Some(b'|'),
            chomping: None,
            increment: None,
        };
        self.at += 1;
        loop {
            match self.peek() {
                Some(sign @ (b'-' | b'+')) if header.chomping.is_none() => {
                    header.chomping = Some(sign);
                }
                Some(digit @ b'1'..=b'9') if header.increment.is_none() => {
                    header.increment = Some(usize::from(digit - b'0'));
                }
                _ => break,
            }
            self.at += 1;
        }
        let end = self.at;
        self.at = scan::after_spaces(self.bytes, end);
        match self.peek() {
            Some(b'\n') => {}
            Some(b'#') if self.at > end => self.at = scan::line_end(self.bytes, self.at),
            _ => return None,
        }
        self.at = (self.at + 1).min(self.bytes.len());
        Some(header)
    }

    /// Finds the indentation of the first line that is not empty; passes the empty ones before it.
    fn indentation(&mut self, least: usize, breaks: &mut usize) -> Option<usize> {
        let mut deepest = 0;
        loop {
            let start = self.at;
            let content = scan::after_spaces(self.bytes, start);
            let spaces = content - start;
            match self.bytes.get(content) {
                Some(b'\n') => {
                    deepest = deepest.max(spaces);
                    *breaks += 1;
                    self.at = content + 1;
                }
                Some(b'\t') => return None,
                // Empty lines deeper than the text set the indentation, and the text then falls out of the scalar.
                _ if deepest > spaces => return None,
                _ => return Some(spaces.max(least)),
            }
        }
    }

    /// Reads the lines; the reader goes to the start of the first that does not belong to the scalar.
    fn block_lines(&mut self, header: &Header, indent: usize, breaks: usize) -> Option<String> {
        let mut text = String::new();
        // Line breaks since the last line with content: its own, if there was one, and those of empty lines.
        let mut ended = false;
        let mut breaks = breaks;
        let mut after_blank = false;
        while self.at < self.bytes.len() {
            let start = self.at;
            let content = scan::after_spaces(self.bytes, start).min(start + indent);
            match self.bytes.get(content) {
                None => {
                    // Spaces without a line break at the end of the text: kubectl puts one there.
                    self.at = self.bytes.len();
                    breaks += 1;
                    break;
                }
                Some(b'\n') => {
                    self.at = content + 1;
                    breaks += 1;
                    continue;
                }
                Some(b'\t') if content < start + indent => return None,
                Some(_) if content < start + indent => break,
                Some(_) => {}
            }
            let end = scan::line_end(self.bytes, content);
            let blank = self.is_space_or_end(content);
            if ended && !header.literal && !after_blank && !blank {
                if breaks == 0 {
                    text.push(' ');
                }
            } else if ended {
                text.push('\n');
            }
            text.extend(std::iter::repeat_n('\n', breaks));
            text.push_str(self.text.get(content..end)?);
            ended = true;
            breaks = 0;
            after_blank = blank;
            self.span.end = end;
            self.at = (end + 1).min(self.bytes.len());
        }
        if ended && header.chomping != Some(b'-') {
            text.push('\n');
        }
        if header.chomping == Some(b'+') {
            text.extend(std::iter::repeat_n('\n', breaks));
        }
        Some(text)
    }
}
