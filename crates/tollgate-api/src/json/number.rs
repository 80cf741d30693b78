//! Numbers of JSON text.

use super::error::{Fault, FaultKind};
use crate::value::Number;

/// The length in bytes of the number that starts at `at`, and whether it has a fraction or an exponent.
pub(super) fn scan(bytes: &[u8], at: usize) -> Result<(usize, bool), Fault> {
    let mut end = at;
    if bytes.get(end) == Some(&b'-') {
        end += 1;
    }
    match bytes.get(end) {
        Some(b'0') => end += 1,
        Some(b'1'..=b'9') => end = digits(bytes, end),
        _ => return Err(Fault::unexpected(end, "in numeric literal")),
    }
    let mut real = false;
    if bytes.get(end) == Some(&b'.') {
        real = true;
        let fraction = end + 1;
        end = digits(bytes, fraction);
        if end == fraction {
            let context = "after decimal point in numeric literal";
            return Err(Fault::unexpected(end, context));
        }
    }
    if let Some(b'e' | b'E') = bytes.get(end) {
        real = true;
        end += 1;
        if let Some(b'+' | b'-') = bytes.get(end) {
            end += 1;
        }
        let exponent = end;
        end = digits(bytes, exponent);
        if end == exponent {
            return Err(Fault::unexpected(end, "in exponent of numeric literal"));
        }
    }
    Ok((end - at, real))
}

fn digits(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b'0'..=b'9') = bytes.get(at) {
        at += 1;
    }
    at
}

/// The number written as `text`, which has the form of a JSON number and starts at `at`.
pub(super) fn value(text: &str, real: bool, at: usize) -> Result<Number, Fault> {
    if !real && let Ok(whole) = text.parse::<i64>() {
        return Ok(Number::Int(whole));
    }
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() => Ok(Number::Float(float)),
        _ => Err(Fault {
            at,
            kind: FaultKind::NumberRange(text.len()),
        }),
    }
}
