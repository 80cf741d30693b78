//! Scalars without quotes.

use super::scanner::Scanner;
use super::token::Kind;
use crate::manifest::yaml::fault::Fault;
use compact_str::CompactString;

impl Scanner<'_> {
    /// Queues the plain scalar that begins here; it can go on over lines that are deeper than the innermost block.
    pub(super) fn scan_plain(&mut self) -> Result<(), Fault> {
        let flow = self.flow_level() > 0;
        let start = self.cursor.mark;
        let mut end = start;
        let deeper = usize::try_from(self.indent + 1).unwrap_or(0);
        let mut text = CompactString::default();
        let mut spaces = self.cursor.mark.offset..self.cursor.mark.offset;
        // The first line break since the last word, and those after it.
        let mut first_break = CompactString::default();
        let mut more_breaks = CompactString::default();
        let mut broken = false;
        loop {
            if self.cursor.is_document_indicator() || self.cursor.peek(0) == b'#' {
                break;
            }
            let word = self.cursor.mark.offset;
            while !self.cursor.is_space_or_end(0) && !self.ends_plain(flow) {
                self.cursor.advance();
            }
            if self.cursor.mark.offset > word {
                if broken {
                    fold(&mut text, &mut first_break, &mut more_breaks);
                    broken = false;
                } else {
                    text.push_str(self.cursor.slice(spaces.start, spaces.end));
                }
                text.push_str(self.cursor.slice(word, self.cursor.mark.offset));
                end = self.cursor.mark;
                spaces = end.offset..end.offset;
            }
            if !self.cursor.is_blank() && !self.cursor.is_break(0) {
                break;
            }
            loop {
                if self.cursor.is_blank() {
                    let tab = self.cursor.peek(0) == b'\t';
                    if broken && tab && self.cursor.mark.column < deeper {
                        let problem = "found a tab character that violates indentation";
                        return Err(Fault::scanner(self.cursor.mark, start, problem));
                    }
                    self.cursor.advance();
                    if !broken {
                        spaces.end = self.cursor.mark.offset;
                    }
                } else if self.cursor.is_break(0) {
                    let breaks = if broken {
                        &mut more_breaks
                    } else {
                        &mut first_break
                    };
                    self.cursor.take_line(breaks);
                    broken = true;
                } else {
                    break;
                }
            }
            if !flow && self.cursor.mark.column < deeper {
                break;
            }
        }
        if broken {
            self.key_allowed = true;
        }
        self.push(Kind::Scalar { text, plain: true }, start);
        self.end_last_at(end);
        Ok(())
    }

    fn ends_plain(&self, flow: bool) -> bool {
        match self.cursor.peek(0) {
            b':' => self.cursor.is_space_or_end(1),
            b',' | b'?' | b'[' | b']' | b'{' | b'}' => flow,
            _ => false,
        }
    }
}

/// Appends what line breaks between words mean: one is a space, more are one fewer.
pub(super) fn fold(text: &mut CompactString, first: &mut CompactString, more: &mut CompactString) {
    if !first.starts_with('\n') {
        text.push_str(first);
        text.push_str(more);
    } else if more.is_empty() {
        text.push(' ');
    } else {
        text.push_str(more);
    }
    first.clear();
    more.clear();
}
