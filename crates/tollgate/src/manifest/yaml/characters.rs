//! Which characters a YAML text may hold.

use super::fault::Fault;

/// The text of these bytes, or the fault of the first that are no UTF-8.
pub(super) fn decode(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        let rest = bytes.get(offset..).unwrap_or_default();
        Fault::new(offset, format!("yaml: {}", decode_problem(rest)))
    })
}

/// What kubectl calls a sequence of bytes that is no UTF-8.
fn decode_problem(bytes: &[u8]) -> &'static str {
    let Some(first) = bytes.first() else {
        return "incomplete UTF-8 octet sequence";
    };
    let width = match first {
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0..0xf8 => 4,
        _ => return "invalid leading UTF-8 octet",
    };
    let trailing = bytes.iter().skip(1).take(width - 1);
    let continues = |byte: &&u8| (0x80..0xc0).contains(*byte);
    if trailing.clone().take_while(continues).count() < width - 1 {
        return "invalid trailing UTF-8 octet";
    }
    match (first, trailing.clone().next()) {
        (0xc0..=0xc1, _) | (0xe0, Some(0x80..0xa0)) | (0xf0, Some(0x80..0x90)) => {
            "invalid length of a UTF-8 sequence"
        }
        _ => "invalid Unicode character",
    }
}

/// Refuses the first character that YAML does not allow; tells whether the text is plain enough for the fast reader.
pub(super) fn check(text: &str) -> Result<Class, Fault> {
    // One pass without branches, which the compiler turns into wide instructions: nearly every manifest passes.
    let mut odd = false;
    for byte in text.bytes() {
        odd |= byte < b' ' && byte != b'\n' || byte > b'~';
    }
    if !odd {
        return Ok(Class::Simple);
    }
    let mut class = Class::Simple;
    for (offset, character) in text.char_indices() {
        match character {
            '\n' | ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{fffd}' | '\u{1_0000}'.. => {
            }
            '\t' => class = class.max(Class::Tabs),
            '\u{85}' | '\u{2028}' | '\u{2029}' | '\r' => class = Class::Odd,
            _ => {
                let message = "yaml: control characters are not allowed";
                return Err(Fault::new(offset, message));
            }
        }
    }
    Ok(class)
}

/// How far a text is from the simplest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// Lines end in `\n`, and there are no tabs.
    Simple,
    /// There are tabs.
    Tabs,
    /// There are line breaks other than `\n`, or that YAML alone knows.
    Odd,
}
