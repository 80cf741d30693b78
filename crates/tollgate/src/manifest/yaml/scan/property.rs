//! Anchors, aliases, tags and directives.

use super::scanner::Scanner;
use super::token::Kind;
use crate::manifest::yaml::fault::{Fault, Mark};

impl<'t> Scanner<'t> {
    /// The anchor or alias that begins here.
    pub(super) fn scan_anchor(&mut self) -> Result<Kind<'t>, Fault> {
        let start = self.cursor.mark;
        let alias = self.cursor.peek(0) == b'*';
        self.cursor.advance();
        let name = self.scan_word();
        let ends = self.cursor.is_space_or_end(0)
            || matches!(
                self.cursor.peek(0),
                b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`'
            );
        if name.is_empty() || !ends {
            let problem = "did not find expected alphabetic or numeric character";
            return Err(Fault::scanner(self.cursor.mark, start, problem));
        }
        Ok(if alias {
            Kind::Alias(name)
        } else {
            Kind::Anchor(name)
        })
    }

    /// Letters, digits, `-` and `_`.
    fn scan_word(&mut self) -> &'t str {
        let start = self.cursor.mark.offset;
        while is_word(self.cursor.peek(0)) {
            self.cursor.advance();
        }
        self.cursor.slice(start, self.cursor.mark.offset)
    }

    /// The tag that begins here.
    pub(super) fn scan_tag(&mut self) -> Result<Kind<'t>, Fault> {
        let start = self.cursor.mark;
        let tag = if self.cursor.peek(1) == b'<' {
            self.cursor.advance();
            self.cursor.advance();
            let tag = self.scan_tag_uri("", start)?;
            if self.cursor.peek(0) != b'>' {
                let problem = "did not find the expected '>'";
                return Err(Fault::scanner(self.cursor.mark, start, problem));
            }
            self.cursor.advance();
            Some(tag)
        } else {
            self.cursor.advance();
            let word = self.scan_word();
            if self.cursor.peek(0) == b'!' {
                self.cursor.advance();
                let suffix = self.scan_tag_uri("", start)?;
                // No other handle can have been declared: kubectl reads no directives.
                word.is_empty()
                    .then(|| format!("tag:yaml.org,2002:{suffix}"))
            } else {
                let suffix = self.scan_tag_uri(&format!("!{word}"), start)?;
                Some(format!("!{suffix}"))
            }
        };
        if !self.cursor.is_space_or_end(0) {
            let problem = "did not find expected whitespace or line break";
            return Err(Fault::scanner(self.cursor.mark, start, problem));
        }
        Ok(Kind::Tag(tag.map(String::into_boxed_str)))
    }

    /// The rest of a tag; `head` is what has been read of it, its first `!` not being part of the result.
    fn scan_tag_uri(&mut self, head: &str, start: Mark) -> Result<String, Fault> {
        let mut uri = head.get(1..).unwrap_or_default().as_bytes().to_vec();
        let mut found = !head.is_empty();
        loop {
            match self.cursor.peek(0) {
                b'%' => self.scan_uri_escapes(&mut uri, start)?,
                byte if is_word(byte) || b";/?:@&=+$,.!~*'()[]".contains(&byte) => {
                    uri.push(byte);
                    self.cursor.advance();
                }
                _ => break,
            }
            found = true;
        }
        if !found {
            let problem = "did not find expected tag URI";
            return Err(Fault::scanner(self.cursor.mark, start, problem));
        }
        Ok(String::from_utf8_lossy(&uri).into_owned())
    }

    /// The `%xx` octets of one character.
    fn scan_uri_escapes(&mut self, uri: &mut Vec<u8>, start: Mark) -> Result<(), Fault> {
        let mut left = None;
        while left != Some(0) {
            let digit = |ahead| char::from(self.cursor.peek(ahead)).to_digit(16);
            let (b'%', Some(high), Some(low)) = (self.cursor.peek(0), digit(1), digit(2)) else {
                let problem = "did not find URI escaped octet";
                return Err(Fault::scanner(self.cursor.mark, start, problem));
            };
            let octet = u8::try_from(high << 4 | low).unwrap_or_default();
            let remaining = match (left, octet) {
                (None, 0..0x80) => 1,
                (None, 0xc0..0xe0) => 2,
                (None, 0xe0..0xf0) => 3,
                (None, 0xf0..0xf8) => 4,
                (None, _) => {
                    let problem = "found an incorrect leading UTF-8 octet";
                    return Err(Fault::scanner(self.cursor.mark, start, problem));
                }
                (Some(remaining), 0x80..0xc0) => remaining,
                (Some(_), _) => {
                    let problem = "found an incorrect trailing UTF-8 octet";
                    return Err(Fault::scanner(self.cursor.mark, start, problem));
                }
            };
            uri.push(octet);
            for _ in 0..3 {
                self.cursor.advance();
            }
            left = Some(remaining - 1);
        }
        Ok(())
    }

    /// The directive that begins here. Whatever it says, the document fails after it: kubectl has cut the text at the
    /// `---` that must follow.
    pub(super) fn scan_directive(&mut self) -> Result<Kind<'t>, Fault> {
        let start = self.cursor.mark;
        self.cursor.advance();
        let name = self.scan_word();
        let compatible = if name.is_empty() {
            return Err(self.problem(start, "could not find expected directive name"));
        } else if !self.cursor.is_space_or_end(0) {
            return Err(self.problem(start, "found unexpected non-alphabetical character"));
        } else if name == "YAML" {
            self.cursor.skip_blanks();
            let major = self.scan_version_number(start)?;
            if self.cursor.peek(0) != b'.' {
                return Err(self.problem(start, "did not find expected digit or '.' character"));
            }
            self.cursor.advance();
            (major, self.scan_version_number(start)?) == (1, 1)
        } else if name == "TAG" {
            self.cursor.advance_to_break();
            true
        } else {
            return Err(self.problem(start, "found unknown directive name"));
        };
        self.cursor.skip_blanks();
        if self.cursor.peek(0) == b'#' {
            self.cursor.advance_to_break();
        }
        if !self.cursor.is_break_or_end(0) {
            return Err(self.problem(start, "did not find expected comment or line break"));
        }
        if self.cursor.is_break(0) {
            self.cursor.advance_line();
        }
        Ok(Kind::Directive { compatible })
    }

    fn scan_version_number(&mut self, start: Mark) -> Result<u32, Fault> {
        let from = self.cursor.mark.offset;
        while self.cursor.peek(0).is_ascii_digit() {
            if self.cursor.mark.offset - from == 2 {
                return Err(self.problem(start, "found extremely long version number"));
            }
            self.cursor.advance();
        }
        let digits = self.cursor.slice(from, self.cursor.mark.offset);
        let missing = |_| self.problem(start, "did not find expected version number");
        digits.parse().map_err(missing)
    }

    fn problem(&self, start: Mark, problem: &str) -> Fault {
        Fault::scanner(self.cursor.mark, start, problem)
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}
