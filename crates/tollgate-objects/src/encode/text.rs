//! Strings and numbers of JSON, as Go's `encoding/json` writes them.

use tollgate_api::Number;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = ONES * 0x80;

/// Writes a string with its quotes; `<`, `>`, `&` and two line separators are escaped, too.
pub(super) fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut plain = 0;
    loop {
        let at = special(bytes, plain);
        out.extend_from_slice(bytes.get(plain..at).unwrap_or_default());
        let Some(byte) = bytes.get(at) else { break };
        plain = at + escape(out, *byte, bytes.get(at + 1..).unwrap_or_default());
    }
    out.push(b'"');
}

/// The first byte at or after `at` that may need an escape; eight are looked at together.
fn special(bytes: &[u8], mut at: usize) -> usize {
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*chunk);
        // `"` and `&` differ in one bit, so do `<` and `>`; a borrow can only put false hits above a true one.
        let quote = zero((word | (ONES * 0x04)) ^ (ONES * 0x26));
        let angle = zero((word | (ONES * 0x02)) ^ (ONES * 0x3e));
        let backslash = zero(word ^ (ONES * 0x5c));
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let hit = (quote | angle | backslash | control | word) & HIGHS;
        if hit != 0 {
            return at + (hit.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while let Some(byte) = bytes.get(at) {
        if matches!(byte, b'"' | b'&' | b'<' | b'>' | b'\\' | 0..0x20 | 0x80..) {
            break;
        }
        at += 1;
    }
    at
}

/// Writes what stands for `byte`, which `rest` follows; returns how many bytes that were.
fn escape(out: &mut Vec<u8>, byte: u8, rest: &[u8]) -> usize {
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        8 => b'b',
        12 => b'f',
        0xe2 => {
            // U+2028 and U+2029 end lines in JavaScript.
            if let [0x80, last @ (0xa8 | 0xa9), ..] = rest {
                out.extend_from_slice(if *last == 0xa8 {
                    b"\\u2028"
                } else {
                    b"\\u2029"
                });
                return 3;
            }
            out.push(byte);
            return 1;
        }
        0x80.. => {
            out.push(byte);
            return 1;
        }
        _ => {
            let digit = |nibble: u8| {
                if nibble < 10 {
                    b'0' + nibble
                } else {
                    b'a' + nibble - 10
                }
            };
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
            return 1;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
    1
}

/// Writes an integer.
pub(super) fn integer(out: &mut Vec<u8>, number: i64) {
    if let Ok(small @ 0..=9) = u8::try_from(number) {
        out.push(b'0' + small);
        return;
    }
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    let mut rest = number.unsigned_abs();
    while rest > 0 {
        start = start.saturating_sub(1);
        if let (Some(place), Ok(digit)) = (digits.get_mut(start), u8::try_from(rest % 10)) {
            *place = b'0' + digit;
        }
        rest /= 10;
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(digits.get(start..).unwrap_or_default());
}

/// Writes a number.
pub(super) fn number(out: &mut Vec<u8>, number: Number) {
    match number {
        Number::Int(whole) => integer(out, whole),
        Number::Float(_) => out.extend_from_slice(number.to_string().as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tollgate_api::{Value, json};

    proptest! {
        #[test]
        fn strings_are_written_as_the_plain_writer_does(text in "[\\PC<>&\"\\\\\u{0}-\u{1f}\u{2028}\u{2029}é€]{0,40}") {
            let mut out = Vec::new();
            string(&mut out, &text);
            prop_assert_eq!(String::from_utf8(out).unwrap(), json::to_string(&Value::from(text)));
        }

        #[test]
        fn integers_are_written_as_everywhere(number in any::<i64>(), small in -100_i64..100) {
            for number in [number, small, i64::MIN] {
                let mut out = Vec::new();
                integer(&mut out, number);
                prop_assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
            }
        }
    }
}
