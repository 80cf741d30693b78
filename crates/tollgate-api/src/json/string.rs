//! Strings of JSON text.

use super::error::Fault;
use compact_str::CompactString;

/// The first byte at or after `at` that a string cannot hold as it is: a quote, a backslash, a control character.
///
/// Eight bytes are looked at together; most strings of an object are shorter than three such steps.
#[inline]
pub(super) fn special(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*chunk);
        let quote = word ^ (ONES * 0x22);
        let backslash = word ^ (ONES * 0x5c);
        // The lowest set high bit marks the first hit; borrows can only put false hits above a true one.
        let hit = (quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        let hit = hit & HIGHS;
        if hit != 0 {
            return at + (hit.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while let Some(byte) = bytes.get(at) {
        if matches!(byte, b'"' | b'\\' | 0..0x20) {
            break;
        }
        at += 1;
    }
    at
}

/// Reads the string that starts at `start` and has something special at `escape`: its text and the place after its
/// closing quote.
#[cold]
pub(super) fn read_escaped(
    text: &str,
    start: usize,
    mut escape: usize,
) -> Result<(CompactString, usize), Fault> {
    let bytes = text.as_bytes();
    let mut content = String::with_capacity(64);
    let mut plain = start;
    loop {
        content.push_str(text.get(plain..escape).unwrap_or_default());
        match bytes.get(escape) {
            Some(b'"') => return Ok((content.into(), escape + 1)),
            Some(b'\\') => plain = unescape(bytes, escape, &mut content)?,
            _ => return Err(Fault::unexpected(escape, "in string literal")),
        }
        escape = special(bytes, plain);
    }
}

/// Appends what the escape at `at` stands for; returns the place after it.
fn unescape(bytes: &[u8], at: usize, content: &mut String) -> Result<usize, Fault> {
    let short = match bytes.get(at + 1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unescape_unicode(bytes, at, content),
        _ => return Err(Fault::unexpected(at + 1, "in string escape code")),
    };
    content.push(short);
    Ok(at + 2)
}

/// As Go: two halves of a pair are one character, a half alone is U+FFFD.
fn unescape_unicode(bytes: &[u8], at: usize, content: &mut String) -> Result<usize, Fault> {
    let unit = hex(bytes, at + 2)?;
    let next = at + 6;
    if let Some(character) = char::from_u32(unit) {
        content.push(character);
        return Ok(next);
    }
    if unit < 0xdc00 && bytes.get(next..next + 2) == Some(b"\\u") {
        let low = hex(bytes, next + 2)?;
        if (0xdc00..0xe000).contains(&low) {
            let pair = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            content.push(char::from_u32(pair).unwrap_or(char::REPLACEMENT_CHARACTER));
            return Ok(next + 6);
        }
    }
    content.push(char::REPLACEMENT_CHARACTER);
    Ok(next)
}

fn hex(bytes: &[u8], at: usize) -> Result<u32, Fault> {
    let mut unit = 0;
    for place in at..at + 4 {
        let digit = bytes
            .get(place)
            .and_then(|byte| char::from(*byte).to_digit(16));
        let context = "in \\u hexadecimal character escape";
        unit = unit * 16 + digit.ok_or(Fault::unexpected(place, context))?;
    }
    Ok(unit)
}

/// The place after the string whose opening quote stands at `open`, without its text.
pub(super) fn skip(bytes: &[u8], open: usize) -> Result<usize, Fault> {
    let mut at = open + 1;
    loop {
        at = special(bytes, at);
        match bytes.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => match bytes.get(at + 1) {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => at += 2,
                Some(b'u') => {
                    hex(bytes, at + 2)?;
                    at += 6;
                }
                _ => return Err(Fault::unexpected(at + 1, "in string escape code")),
            },
            _ => return Err(Fault::unexpected(at, "in string literal")),
        }
    }
}
