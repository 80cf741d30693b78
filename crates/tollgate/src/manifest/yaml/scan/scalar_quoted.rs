//! Scalars in single or double quotes.

use super::scalar_plain::fold;
use super::scanner::Scanner;
use super::token::Kind;
use crate::manifest::yaml::fault::{Fault, Mark};
use compact_str::CompactString;

impl<'t> Scanner<'t> {
    /// The quoted scalar that begins here.
    pub(super) fn scan_quoted(&mut self) -> Result<Kind<'t>, Fault> {
        let start = self.cursor.mark;
        let quote = self.cursor.peek(0);
        self.cursor.advance();
        let mut text = CompactString::default();
        let mut first_break = CompactString::default();
        let mut more_breaks = CompactString::default();
        loop {
            if self.cursor.is_document_indicator() {
                let problem = "found unexpected document indicator";
                return Err(Fault::scanner(self.cursor.mark, start, problem));
            }
            if self.cursor.is_end() {
                let problem = "found unexpected end of stream";
                return Err(Fault::scanner(self.cursor.mark, start, problem));
            }
            let mut broken = self.scan_quoted_words(quote, start, &mut text)?;
            if self.cursor.peek(0) == quote {
                break;
            }
            let mut spaces = self.cursor.mark.offset..self.cursor.mark.offset;
            loop {
                if self.cursor.is_blank() {
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
            if broken {
                fold(&mut text, &mut first_break, &mut more_breaks);
            } else {
                text.push_str(self.cursor.slice(spaces.start, spaces.end));
            }
        }
        self.cursor.advance();
        Ok(Kind::Scalar { text, plain: false })
    }

    /// Appends characters up to white space or the closing quote; true after a line break that was escaped.
    fn scan_quoted_words(
        &mut self,
        quote: u8,
        start: Mark,
        text: &mut CompactString,
    ) -> Result<bool, Fault> {
        while !self.cursor.is_space_or_end(0) {
            let byte = self.cursor.peek(0);
            if quote == b'\'' && byte == b'\'' && self.cursor.peek(1) == b'\'' {
                text.push('\'');
                self.cursor.advance();
                self.cursor.advance();
            } else if byte == quote {
                break;
            } else if quote == b'"' && byte == b'\\' {
                if self.cursor.is_break(1) {
                    self.cursor.advance();
                    self.cursor.advance_line();
                    return Ok(true);
                }
                self.scan_escape(start, text)?;
            } else {
                let from = self.cursor.mark.offset;
                self.cursor.advance();
                text.push_str(self.cursor.slice(from, self.cursor.mark.offset));
            }
        }
        Ok(false)
    }

    fn scan_escape(&mut self, start: Mark, text: &mut CompactString) -> Result<(), Fault> {
        let digits = match self.cursor.peek(1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            other => {
                let Some(character) = escaped(other) else {
                    let problem = "found unknown escape character";
                    return Err(Fault::scanner(self.cursor.mark, start, problem));
                };
                text.push(character);
                0
            }
        };
        self.cursor.advance();
        self.cursor.advance();
        if digits == 0 {
            return Ok(());
        }
        let mut code: u32 = 0;
        for ahead in 0..digits {
            let digit = char::from(self.cursor.peek(ahead)).to_digit(16);
            let Some(digit) = digit else {
                let problem = "did not find expected hexdecimal number";
                return Err(Fault::scanner(self.cursor.mark, start, problem));
            };
            code = code << 4 | digit;
        }
        let Some(character) = char::from_u32(code) else {
            let problem = "found invalid Unicode character escape code";
            return Err(Fault::scanner(self.cursor.mark, start, problem));
        };
        text.push(character);
        for _ in 0..digits {
            self.cursor.advance();
        }
        Ok(())
    }
}

/// What a backslash and this character stand for.
pub(in crate::manifest::yaml) fn escaped(byte: u8) -> Option<char> {
    Some(match byte {
        b'0' => '\0',
        b'a' => '\u{7}',
        b'b' => '\u{8}',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\u{b}',
        b'f' => '\u{c}',
        b'r' => '\r',
        b'e' => '\u{1b}',
        b' ' => ' ',
        b'"' => '"',
        b'\'' => '\'',
        b'\\' => '\\',
        b'N' => '\u{85}',
        b'_' => '\u{a0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        _ => return None,
    })
}
