//! How Go prints things, where Kubernetes' messages show it.

use crate::value::Value;
use std::fmt::{self, Write as _};

/// Text as Go's `%q` prints it: double quotes, escapes for what is not printable.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            ' '..='~' => out.push(character),
            _ => write_escape(&mut out, character),
        }
    }
    out.push('"');
    out
}

/// What Go's JSON reader calls the kind of a value in its errors.
pub const fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn write_escape(out: &mut String, character: char) {
    let code = u32::from(character);
    // Writing to a String cannot fail.
    let _ = if code < 0x80 {
        write!(out, "\\x{code:02x}")
    } else if is_printable(character) {
        out.push(character);
        Ok(())
    } else if code < 0x1_0000 {
        write!(out, "\\u{code:04x}")
    } else {
        write!(out, "\\U{code:08x}")
    };
}

/// Near to Go's `unicode.IsPrint`: no control, format, private or separator characters; the space is printable.
pub fn is_printable(character: char) -> bool {
    !(character.is_control()
        || (character != ' ' && character.is_whitespace())
        || matches!(character,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{fff0}'..='\u{fff8}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{10ffff}'))
}

/// A list as Go's `%v` prints a slice of strings: `[a b c]`.
pub fn list<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    format!("[{}]", items.join(" "))
}

/// A slice as Go's `%#v` prints it: `[]int64{1, 2}`, or `[]int64(nil)` for one that was never made.
pub fn slice_syntax<T: fmt::Display>(
    element: &str,
    items: Option<impl IntoIterator<Item = T>>,
) -> String {
    match items {
        None => format!("[]{element}(nil)"),
        Some(items) => {
            let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
            format!("[]{element}{{{}}}", items.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_go_does() {
        assert_eq!(
            quote("a\"b\\\n\u{7f}\u{e9}\u{200b}\u{1f600}"),
            "\"a\\\"b\\\\\\n\\x7f\u{e9}\\u200b\u{1f600}\""
        );
        assert_eq!(list(&["a", "b"]), "[a b]");
    }

    #[test]
    fn prints_slices_in_go_syntax() {
        assert_eq!(slice_syntax("int64", Some([1, -2])), "[]int64{1, -2}");
        assert_eq!(slice_syntax("int64", Some([0_i64; 0])), "[]int64{}");
        assert_eq!(slice_syntax("string", None::<[&str; 0]>), "[]string(nil)");
    }
}
