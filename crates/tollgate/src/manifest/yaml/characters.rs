//! Which characters a YAML text may hold.

use super::fault::Fault;

/// Refuses the first character that YAML does not allow; tells whether the text is plain enough for the fast reader.
pub(super) fn check(text: &str) -> Result<Class, Fault> {
    // One pass without branches, which the compiler turns into wide instructions: nearly every manifest passes.
    let mut odd = false;
    for byte in text.bytes() {
        odd |= (byte < b' ') & (byte != b'\n') | (byte > b'~');
    }
    if !odd {
        return Ok(Class::Simple);
    }
    let mut class = Class::Simple;
    for (offset, character) in text.char_indices() {
        match character {
            '\n' | ' '..='~' => {}
            '\t' => class = class.max(Class::Tabs),
            '\u{85}' | '\u{2028}' | '\u{2029}' | '\r' => class = Class::Odd,
            '\u{feff}' if offset > 0 => class = Class::Odd,
            '\u{a0}'..='\u{fffd}' | '\u{1_0000}'.. => {}
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
    /// There are line breaks other than `\n`, or byte order marks inside.
    Odd,
}
