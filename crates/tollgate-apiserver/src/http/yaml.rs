//! Objects as YAML, as upstream's library writes them: keys sorted, texts quoted only where they would be read otherwise.

use tollgate_api::{Object, Value, json};

/// Writes a JSON document as YAML; none if it is no JSON.
pub(super) fn from_json(json: &[u8]) -> Option<Vec<u8>> {
    let value = json::from_slice(json).ok()?;
    let mut out = String::with_capacity(json.len());
    match &value {
        Value::Object(object) if !object.is_empty() => write_map(object, 0, &mut out),
        other => {
            write_scalar(other, 0, &mut out);
            out.push('\n');
        }
    }
    Some(out.into_bytes())
}

fn indent(depth: usize, out: &mut String) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn write_map(object: &Object, depth: usize, out: &mut String) {
    let mut entries: Vec<(&str, &Value)> = object.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    for (place, (key, value)) in entries.into_iter().enumerate() {
        if place > 0 {
            indent(depth, out);
        }
        write_text(key, depth, out);
        out.push(':');
        write_value(value, depth, out);
    }
}

/// Writes what stands behind a key.
fn write_value(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            out.push('\n');
            indent(depth.saturating_add(1), out);
            write_map(object, depth.saturating_add(1), out);
        }
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            write_list(items, depth, out);
        }
        other => {
            out.push(' ');
            write_scalar(other, depth.saturating_add(1), out);
            out.push('\n');
        }
    }
}

/// Lists stand as deep as their key.
fn write_list(items: &[Value], depth: usize, out: &mut String) {
    for item in items {
        indent(depth, out);
        out.push('-');
        match item {
            Value::Object(object) if !object.is_empty() => {
                out.push(' ');
                write_map(object, depth.saturating_add(1), out);
            }
            Value::Array(inner) if !inner.is_empty() => {
                out.push('\n');
                write_list(inner, depth.saturating_add(1), out);
            }
            other => {
                out.push(' ');
                write_scalar(other, depth.saturating_add(1), out);
                out.push('\n');
            }
        }
    }
}

fn write_scalar(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::String(text) => write_text(text, depth, out),
        Value::Object(_) => out.push_str("{}"),
        Value::Array(_) => out.push_str("[]"),
        other => out.push_str(&other.to_string()),
    }
}

fn write_text(text: &str, depth: usize, out: &mut String) {
    if text.contains('\n')
        && text
            .chars()
            .all(|c| c == '\n' || c == '\t' || !c.is_control())
    {
        write_block(text, depth, out);
    } else if is_plain(text) {
        out.push_str(text);
    } else if text.chars().any(|c| c.is_control() || c == '\u{feff}') {
        out.push_str(&json::to_string(&Value::from(text)));
    } else if reads_otherwise(text) && !text.contains('"') && !text.contains('\\') {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push('\'');
        out.push_str(&text.replace('\'', "''"));
        out.push('\'');
    }
}

fn write_block(text: &str, depth: usize, out: &mut String) {
    out.push('|');
    if text.starts_with([' ', '\n']) {
        out.push('2');
    }
    let body = text.strip_suffix('\n');
    match body {
        None => out.push('-'),
        Some(body) if body.ends_with('\n') || body.is_empty() => out.push('+'),
        Some(_) => {}
    }
    for line in body.unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            indent(depth, out);
            out.push_str(line);
        }
    }
}

/// Whether a text would be read as something else than text.
fn reads_otherwise(text: &str) -> bool {
    const WORDS: [&str; 27] = [
        "", "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE", "yes",
        "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "y", "Y", "n", "N",
    ];
    WORDS.contains(&text) || looks_like_number(text) || looks_like_time(text)
}

fn looks_like_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = |text: &str, radix: u32| {
        !text.is_empty() && text.chars().all(|c| c == '_' || c.is_digit(radix))
    };
    match unsigned.get(..2) {
        Some("0x") => return digits(unsigned.get(2..).unwrap_or_default(), 16),
        Some("0o") => return digits(unsigned.get(2..).unwrap_or_default(), 8),
        Some("0b") => return digits(unsigned.get(2..).unwrap_or_default(), 2),
        _ => {}
    }
    if matches!(
        unsigned,
        ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN"
    ) {
        return true;
    }
    let starts = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let plain = unsigned.replace('_', "");
    starts && plain.parse::<f64>().is_ok() || unsigned.contains(':') && sexagesimal(unsigned)
}

/// `1:30` is a number of YAML 1.1.
fn sexagesimal(text: &str) -> bool {
    let mut parts = text.split(':');
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.next().is_some_and(number) && parts.all(|part| number(part) && part.len() <= 2)
}

fn looks_like_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |range: std::ops::Range<usize>| {
        bytes
            .get(range)
            .is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    digits(0..4)
        && bytes.get(4) == Some(&b'-')
        && digits(5..6)
        && text
            .bytes()
            .all(|byte| b"0123456789-:TtZz+. ".contains(&byte))
}

fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    if reads_otherwise(text)
        || text.ends_with([' ', ':'])
        || text.contains(": ")
        || text.contains(" #")
    {
        return false;
    }
    if "!&*{}[],#|>@`\"'%= ".contains(first) || text.starts_with("---") || text.starts_with("...") {
        return false;
    }
    if matches!(first, '-' | '?' | ':') && text.chars().nth(1).is_none_or(char::is_whitespace) {
        return false;
    }
    !text.chars().any(|c| c.is_control() || c == '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: &str) {
        let found = from_json(json.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(found).unwrap(), expected);
    }

    #[test]
    fn writes_a_status_as_upstream_does() {
        check(
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"configmaps \"none\" not found","reason":"NotFound","details":{"name":"none","kind":"configmaps"},"code":404}"#,
            "apiVersion: v1\ncode: 404\ndetails:\n  kind: configmaps\n  name: none\nkind: Status\nmessage: configmaps \"none\" not found\nmetadata: {}\nreason: NotFound\nstatus: Failure\n",
        );
    }

    #[test]
    fn quotes_what_would_be_read_otherwise() {
        check(
            r#"{"a":"true","b":"1","c":"x: y","d":["p",{"q":"","r":[]}],"e":"l1\nl2\n","f":"2026-01-15T12:00:00Z"}"#,
            "a: \"true\"\nb: \"1\"\nc: 'x: y'\nd:\n- p\n- q: \"\"\n  r: []\ne: |\n  l1\n  l2\nf: \"2026-01-15T12:00:00Z\"\n",
        );
    }
}
