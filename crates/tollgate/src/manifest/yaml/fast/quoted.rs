//! Quoted scalars.

use super::block::Reader;
use super::scan;
use crate::manifest::yaml::scan::escaped;
use crate::manifest::yaml::watch::Watch;
use compact_str::CompactString;

impl<W: Watch> Reader<'_, '_, W> {
    /// The text of the quoted scalar that starts here; the reader goes after the closing quote.
    #[inline]
    pub(super) fn quoted(&mut self, quote: u8) -> Option<CompactString> {
        let start = self.at + 1;
        let end = scan::quoted_special(self.bytes, start, quote);
        let doubled = quote == b'\'' && self.bytes.get(end + 1) == Some(&b'\'');
        if self.bytes.get(end) == Some(&quote) && !doubled {
            self.at = end + 1;
            return Some(CompactString::new(self.text.get(start..end)?));
        }
        self.quoted_slowly(quote)
    }

    /// A quoted scalar with escapes or line breaks in it.
    #[cold]
    fn quoted_slowly(&mut self, quote: u8) -> Option<CompactString> {
        let mut text = String::with_capacity(64);
        self.at += 1;
        loop {
            let from = self.at;
            self.at = scan::quoted_special(self.bytes, from, quote);
            text.push_str(self.text.get(from..self.at)?);
            match self.peek()? {
                b'\'' if quote == b'\'' => {
                    self.at += 1;
                    if self.peek() != Some(b'\'') {
                        return Some(text.into());
                    }
                    text.push('\'');
                    self.at += 1;
                }
                b'"' if quote == b'"' => {
                    self.at += 1;
                    return Some(text.into());
                }
                b'\\' if quote == b'\'' => {
                    text.push('\\');
                    self.at += 1;
                }
                b'\\' => self.escape(&mut text)?,
                b'\n' => {
                    // White space at the end of a line does not count; an escaped space was pushed and must stay.
                    let dropped = self.bytes.get(from..self.at)?;
                    let spaces = dropped
                        .iter()
                        .rev()
                        .take_while(|byte| **byte == b' ')
                        .count();
                    text.truncate(text.len() - spaces);
                    match self.quoted_lines()? {
                        0 => text.push(' '),
                        lines => text.extend(std::iter::repeat_n('\n', lines)),
                    }
                }
                _ => return None,
            }
        }
    }

    /// Goes from a line break to the next words; counts the empty lines between.
    fn quoted_lines(&mut self) -> Option<usize> {
        let mut lines = 0;
        loop {
            let start = self.at + 1;
            self.at = scan::after_spaces(self.bytes, start);
            match self.peek()? {
                b'\n' => lines += 1,
                // In the first column a document could end.
                b'\t' => return None,
                _ if self.at == start => return None,
                _ => return Some(lines),
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Option<()> {
        let digits = match self.bytes.get(self.at + 1)? {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            b'\n' => {
                self.at += 1;
                let lines = self.quoted_lines()?;
                text.extend(std::iter::repeat_n('\n', lines));
                return Some(());
            }
            other => {
                text.push(escaped(*other)?);
                self.at += 2;
                return Some(());
            }
        };
        let start = self.at + 2;
        let code = self.text.get(start..start + digits)?;
        if !code.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        text.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
        self.at = start + digits;
        Some(())
    }
}
