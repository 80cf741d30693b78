//! What a scalar means to kubectl: YAML 1.1 words, Go's integers, no sexagesimals, no dates.

use super::timestamp::is_timestamp;
use tollgate_api::value::{Number, Value};

/// A scalar after its meaning has been found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scalar {
    /// `null`, `~`, nothing at all.
    Null,
    /// `true`, `yes`, `on`, `y`, …
    Bool(bool),
    /// An integer of 64 bits.
    Int(i64),
    /// A positive integer beyond those.
    Uint(u64),
    /// Any other number; `.inf` and `.nan` too, which no JSON can hold.
    Float(f64),
    /// The text itself.
    Text,
}

impl Scalar {
    /// The node of the tree for a scalar written as `text`; none for a float that is infinite or no number.
    pub(super) fn value(self, text: impl FnOnce() -> Value) -> Option<Value> {
        Some(match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Number(Number::Int(value)),
            #[expect(
                clippy::cast_precision_loss,
                reason = "Go reads such a number back from JSON as float64"
            )]
            Self::Uint(value) => Value::Number(Number::Float(value as f64)),
            Self::Float(value) if value.is_finite() => Value::Number(through_json(value)),
            Self::Float(_) => return None,
            Self::Text => text(),
        })
    }
}

/// kubectl prints a float as JSON and reads it back: `1e3` and `1.0` are integers afterwards.
fn through_json(value: f64) -> Number {
    if value.fract() == 0.0 && value.abs() < 1e21 {
        // The shortest digits, filled up with zeros: beyond 2^53 they differ from the float's exact value.
        if let Ok(whole) = format!("{value}").parse::<i64>() {
            return Number::Int(whole);
        }
    }
    Number::Float(value)
}

/// The meaning of a plain scalar without a tag.
pub(super) fn resolve(text: &str) -> Scalar {
    let Some(first) = text.as_bytes().first() else {
        return Scalar::Null;
    };
    match first {
        b'0'..=b'9' | b'+' | b'-' => signed_or_digit(text),
        b'.' => leading_dot(text),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(text),
        _ => Scalar::Text,
    }
}

fn word(text: &str) -> Scalar {
    // The longest word is `false`; most keys and values are longer or end the question with their length.
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Scalar::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        _ => Scalar::Text,
    }
}

fn leading_dot(text: &str) -> Scalar {
    match text {
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" => Scalar::Float(f64::INFINITY),
        _ if is_float(text) => float(text),
        _ => Scalar::Text,
    }
}

fn signed_or_digit(text: &str) -> Scalar {
    match text {
        "+.inf" | "+.Inf" | "+.INF" => return Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let without_underscores;
    let plain = if text.contains('_') {
        without_underscores = text.replace('_', "");
        without_underscores.as_str()
    } else {
        text
    };
    if let Some(number) = integer(plain) {
        return number;
    }
    if is_float(plain) {
        let number = float(plain);
        if number != Scalar::Text {
            return number;
        }
    }
    // A sign after the prefix passes upstream's second look at binary numbers, and only there.
    let binary = match plain.strip_prefix("0b") {
        Some(rest) => int_of(rest, 2),
        None => plain
            .strip_prefix("-0b")
            .and_then(|rest| int_of(&format!("-{rest}"), 2)),
    };
    binary.map_or(Scalar::Text, Scalar::Int)
}

/// Go's `ParseInt` and `ParseUint` with base 0.
fn integer(text: &str) -> Option<Scalar> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..)?),
        Some(b'+') => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    if !digits.starts_with(|character: char| character.is_digit(base)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, base).ok()?;
    if negative {
        return 0i64.checked_sub_unsigned(magnitude).map(Scalar::Int);
    }
    match i64::try_from(magnitude) {
        Ok(value) => Some(Scalar::Int(value)),
        // `ParseUint` takes no sign.
        Err(_) if text.starts_with('+') => None,
        Err(_) => Some(Scalar::Uint(magnitude)),
    }
}

fn int_of(text: &str, base: u32) -> Option<i64> {
    i64::from_str_radix(text, base).ok()
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    mantissa_fits
        && exponent.is_none_or(|exponent| {
            let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent)
        })
}

/// A float too large to hold stays text.
fn float(text: &str) -> Scalar {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Scalar::Float(value),
        _ => Scalar::Text,
    }
}

/// The meaning of a scalar with a tag: `Err` holds the tag that the text would have had.
pub(super) fn resolve_tagged(tag: &str, text: &str) -> Result<Scalar, &'static str> {
    let Some(kind) = tag.strip_prefix("tag:yaml.org,2002:") else {
        return Ok(Scalar::Text);
    };
    let meaning = resolve(text);
    match (kind, meaning) {
        ("bool", Scalar::Bool(_))
        | ("int", Scalar::Int(_) | Scalar::Uint(_))
        | ("float", Scalar::Float(_))
        | ("null", Scalar::Null) => Ok(meaning),
        #[expect(clippy::cast_precision_loss, reason = "as upstream converts it")]
        ("float", Scalar::Int(value)) => Ok(Scalar::Float(value as f64)),
        ("timestamp", Scalar::Text) if is_timestamp(text) => Ok(Scalar::Text),
        ("bool" | "int" | "float" | "null" | "timestamp", _) => Err(tag_of(meaning)),
        _ => Ok(Scalar::Text),
    }
}

fn tag_of(meaning: Scalar) -> &'static str {
    match meaning {
        Scalar::Null => "!!null",
        Scalar::Bool(_) => "!!bool",
        Scalar::Int(_) | Scalar::Uint(_) => "!!int",
        Scalar::Float(_) => "!!float",
        Scalar::Text => "!!str",
    }
}

/// The JSON key for a scalar key: numbers and booleans become text as upstream writes them; none for null and for
/// integers beyond 64 bits with a sign, which upstream refuses.
pub(super) fn key_text(meaning: Scalar) -> Option<String> {
    match meaning {
        Scalar::Bool(value) => Some(value.to_string()),
        Scalar::Int(value) => Some(value.to_string()),
        Scalar::Float(value) => Some(float_key(value)),
        Scalar::Null | Scalar::Uint(_) | Scalar::Text => None,
    }
}

/// Go's `FormatFloat(value, 'g', -1, 32)`, with YAML's words for what is no finite number.
fn float_key(value: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "upstream formats with 32 bits"
    )]
    let value = value as f32;
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    go_general(&format!("{value}"), &format!("{value:e}"))
}

/// Go's `%#v` of a float.
pub(super) fn go_float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    go_general(&format!("{value}"), &format!("{value:e}"))
}

/// The decimal form, or the scientific one as Go writes it: unlike `%v`, the shortest `%g` has at most six digits before
/// the point.
fn go_general(decimal: &str, scientific: &str) -> String {
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return decimal.to_owned();
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return decimal.to_owned();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}
