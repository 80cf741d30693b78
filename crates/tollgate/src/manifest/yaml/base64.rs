//! Base64 as Go's `StdEncoding` decodes it.

/// The bytes that a text encodes; line breaks in it do not count.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut digits: Vec<u8> = text
        .bytes()
        .filter(|byte| !matches!(byte, b'\n' | b'\r'))
        .collect();
    if !digits.len().is_multiple_of(4) {
        return None;
    }
    let padding = digits
        .iter()
        .rev()
        .take_while(|byte| **byte == b'=')
        .count();
    if padding > 2 {
        return None;
    }
    digits.truncate(digits.len().saturating_sub(padding));
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for group in digits.chunks(4) {
        let mut word: u32 = 0;
        for digit in group {
            word = word << 6 | u32::from(value_of(*digit)?);
        }
        word <<= 6 * 4_usize.saturating_sub(group.len());
        let [_, octets @ ..] = word.to_be_bytes();
        bytes.extend(octets.iter().take(group.len().saturating_sub(1)));
    }
    Some(bytes)
}

fn value_of(digit: u8) -> Option<u8> {
    Some(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// The text of these bytes; what is not UTF-8 becomes U+FFFD byte by byte, as Go's JSON writer makes it.
pub(super) fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}
