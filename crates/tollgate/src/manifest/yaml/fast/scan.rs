//! Finding the next byte that matters, eight bytes at a time.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Marks the bytes of a word that equal `byte`: the lowest mark is exact.
const fn equal(word: u64, byte: u8) -> u64 {
    let difference = word ^ (ONES * byte as u64);
    difference.wrapping_sub(ONES) & !difference
}

/// Marks the bytes of a word that are control characters: the lowest mark is exact.
const fn control(word: u64) -> u64 {
    word.wrapping_sub(ONES * 0x20) & !word
}

#[inline]
fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let chunk = bytes.get(at..)?.first_chunk::<8>()?;
    Some(u64::from_le_bytes(*chunk))
}

#[inline]
fn first(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// The first byte at or after `at` that is no space.
#[inline]
pub(super) fn after_spaces(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = word(bytes, at) {
        let difference = word ^ (ONES * 0x20);
        if difference != 0 {
            return at + first(difference);
        }
        at += 8;
    }
    while bytes.get(at) == Some(&b' ') {
        at += 1;
    }
    at
}

/// The first `:`, `#`, line break or tab at or after `at`: what can end a plain scalar in a block.
#[inline]
pub(super) fn plain_special(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = word(bytes, at) {
        let marks = (equal(word, b':') | equal(word, b'#') | control(word)) & HIGHS;
        if marks != 0 {
            return at + first(marks);
        }
        at += 8;
    }
    while let Some(byte) = bytes.get(at) {
        if matches!(byte, b':' | b'#' | 0..0x20) {
            break;
        }
        at += 1;
    }
    at
}

/// The first quote of that kind, backslash, line break or tab at or after `at`.
#[inline]
pub(super) fn quoted_special(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while let Some(word) = word(bytes, at) {
        let marks = (equal(word, quote) | equal(word, b'\\') | control(word)) & HIGHS;
        if marks != 0 {
            return at + first(marks);
        }
        at += 8;
    }
    while let Some(byte) = bytes.get(at) {
        if *byte == quote || matches!(byte, b'\\' | 0..0x20) {
            break;
        }
        at += 1;
    }
    at
}

/// The end of the line at or after `at`.
#[inline]
pub(super) fn line_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    memchr::memchr(b'\n', rest).map_or(bytes.len(), |length| at + length)
}
