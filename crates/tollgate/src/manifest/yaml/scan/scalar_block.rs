//! Literal and folded block scalars.

use super::scanner::Scanner;
use super::token::Kind;
use crate::manifest::yaml::fault::{Fault, Mark};
use compact_str::CompactString;

/// What happens to the line breaks at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chomping {
    /// `-`: none stays.
    Strip,
    /// One stays.
    Clip,
    /// `+`: all stay.
    Keep,
}

impl Scanner<'_> {
    /// Queues the block scalar whose indicator stands here.
    pub(super) fn scan_block_scalar(&mut self) -> Result<(), Fault> {
        let start = self.cursor.mark;
        let literal = self.cursor.peek(0) == b'|';
        self.cursor.advance();
        let (chomping, increment) = self.scan_block_header(start)?;
        let mut end = self.cursor.mark;
        let mut indent = increment.map_or(0, |increment| {
            usize::try_from(self.indent).unwrap_or(0) + increment
        });
        let mut text = CompactString::default();
        let mut breaks = CompactString::default();
        let mut last_break = CompactString::default();
        self.scan_block_breaks(&mut indent, &mut breaks, start)?;
        let mut after_blank = false;
        while self.cursor.mark.column == indent && !self.cursor.is_end() {
            let blank = self.cursor.is_blank();
            if !literal && !after_blank && !blank && last_break.starts_with('\n') {
                if breaks.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(&last_break);
            }
            text.push_str(&breaks);
            last_break.clear();
            breaks.clear();
            after_blank = blank;
            text.push_str(self.cursor.advance_to_break());
            end = self.cursor.mark;
            self.cursor.take_line(&mut last_break);
            self.scan_block_breaks(&mut indent, &mut breaks, start)?;
        }
        if chomping != Chomping::Strip {
            text.push_str(&last_break);
        }
        if chomping == Chomping::Keep {
            text.push_str(&breaks);
        }
        self.push(Kind::Scalar { text, plain: false }, start);
        self.end_last_at(end);
        Ok(())
    }

    /// The rest of the line after the indicator.
    fn scan_block_header(&mut self, start: Mark) -> Result<(Chomping, Option<usize>), Fault> {
        let mut chomping = self.scan_chomping();
        let increment = self.scan_increment(start)?;
        if chomping.is_none() && increment.is_some() {
            chomping = self.scan_chomping();
        }
        self.cursor.skip_blanks();
        if self.cursor.peek(0) == b'#' {
            self.cursor.advance_to_break();
        }
        if !self.cursor.is_break_or_end(0) {
            let problem = "did not find expected comment or line break";
            return Err(Fault::scanner(self.cursor.mark, start, problem));
        }
        if self.cursor.is_break(0) {
            self.cursor.advance_line();
        }
        Ok((chomping.unwrap_or(Chomping::Clip), increment))
    }

    fn scan_chomping(&mut self) -> Option<Chomping> {
        let chomping = match self.cursor.peek(0) {
            b'+' => Chomping::Keep,
            b'-' => Chomping::Strip,
            _ => return None,
        };
        self.cursor.advance();
        Some(chomping)
    }

    fn scan_increment(&mut self, start: Mark) -> Result<Option<usize>, Fault> {
        match self.cursor.peek(0) {
            b'0' => {
                let problem = "found an indentation indicator equal to 0";
                Err(Fault::scanner(self.cursor.mark, start, problem))
            }
            digit @ b'1'..=b'9' => {
                self.cursor.advance();
                Ok(Some(usize::from(digit - b'0')))
            }
            _ => Ok(None),
        }
    }

    /// Moves over indentation and empty lines; finds the indentation if it is not known yet (0).
    fn scan_block_breaks(
        &mut self,
        indent: &mut usize,
        breaks: &mut CompactString,
        start: Mark,
    ) -> Result<(), Fault> {
        let mut deepest = 0;
        loop {
            while (*indent == 0 || self.cursor.mark.column < *indent) && self.cursor.peek(0) == b' '
            {
                self.cursor.advance();
            }
            deepest = deepest.max(self.cursor.mark.column);
            if (*indent == 0 || self.cursor.mark.column < *indent) && self.cursor.peek(0) == b'\t' {
                let problem = "found a tab character where an indentation space is expected";
                return Err(Fault::scanner(self.cursor.mark, start, problem));
            }
            if !self.cursor.is_break(0) {
                break;
            }
            self.cursor.take_line(breaks);
        }
        if *indent == 0 {
            let least = usize::try_from(self.indent + 1).unwrap_or(0).max(1);
            *indent = deepest.max(least);
        }
        Ok(())
    }
}
