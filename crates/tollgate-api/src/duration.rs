//! Lengths of time as Go writes them: `1h0m0s`, `90s`, `1.5h` (`time.ParseDuration`).

use crate::go_format::quote;
use std::fmt;

/// A unit and its length in nanoseconds.
pub type Unit = (&'static str, u64);

/// The units that Go knows, with either spelling of micro.
const UNITS: [Unit; 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Why a text is no length of time. It is printed in Go's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseDurationError {
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Invalid,
    MissingUnit,
    UnknownUnit(String),
}

impl fmt::Display for ParseDurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = quote(&self.text);
        match &self.kind {
            Kind::Invalid => write!(f, "time: invalid duration {text}"),
            Kind::MissingUnit => write!(f, "time: missing unit in duration {text}"),
            Kind::UnknownUnit(unit) => {
                write!(f, "time: unknown unit {} in duration {text}", quote(unit))
            }
        }
    }
}

impl std::error::Error for ParseDurationError {}

/// Reads a length of time, in nanoseconds.
///
/// ```
/// use tollgate_api::duration::parse;
/// assert_eq!(parse("-1m1.5s"), Ok(-61_500_000_000));
/// assert_eq!(parse("5").unwrap_err().to_string(), "time: missing unit in duration \"5\"");
/// ```
pub fn parse(text: &str) -> Result<i64, ParseDurationError> {
    parse_with(text, &[])
}

/// The same with units that Go does not know.
pub fn parse_with(text: &str, more: &[Unit]) -> Result<i64, ParseDurationError> {
    read(text, more).map_err(|kind| ParseDurationError {
        text: text.to_owned(),
        kind,
    })
}

fn read(text: &str, more: &[Unit]) -> Result<i64, Kind> {
    let is_negative = text.starts_with('-');
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(Kind::Invalid);
    }
    let mut total = 0_i128;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        let (fraction, after) = after.strip_prefix('.').map_or(("", after), digits);
        if whole.is_empty() && fraction.is_empty() {
            return Err(Kind::Invalid);
        }
        let is_number = |letter: char| letter == '.' || letter.is_ascii_digit();
        let end = after.find(is_number).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        if unit.is_empty() {
            return Err(Kind::MissingUnit);
        }
        let mut units = UNITS.iter().chain(more);
        let size = units.find(|(known, _)| *known == unit);
        let (_, size) = size.ok_or_else(|| Kind::UnknownUnit(unit.to_owned()))?;
        let whole = match whole {
            "" => 0,
            whole => whole.parse::<u64>().map_err(|_| Kind::Invalid)?,
        };
        let whole = i128::from(whole).saturating_mul(i128::from(*size));
        total = total.saturating_add(whole.saturating_add(part(fraction, *size)));
        if total > i128::from(i64::MAX) + i128::from(is_negative) {
            return Err(Kind::Invalid);
        }
        rest = after;
    }
    if is_negative {
        total = -total;
    }
    i64::try_from(total).map_err(|_| Kind::Invalid)
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|letter: char| !letter.is_ascii_digit());
    text.split_at(end.unwrap_or(text.len()))
}

/// A fraction of a unit in nanoseconds, with the same losses as in Go: digits that 64 bits cannot hold are dropped, the
/// rest is a float.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "what is lost is what Go loses; the product is less than a unit"
)]
fn part(fraction: &str, size: u64) -> i128 {
    let mut number = 0_i64;
    let mut scale = 1.0;
    for digit in fraction.bytes() {
        let next = number.checked_mul(10);
        let next = next.and_then(|number| number.checked_add(i64::from(digit - b'0')));
        let Some(next) = next else {
            break;
        };
        number = next;
        scale *= 10.0;
    }
    (number as f64 * (size as f64 / scale)) as i128
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_are_read_as_go_reads_them() {
        for (text, nanos) in [
            ("0", 0),
            ("-0", 0),
            ("+0", 0),
            ("1h0m0s", 3_600_000_000_000),
            ("1.5h", 5_400_000_000_000),
            (".5s", 500_000_000),
            ("5.s", 5_000_000_000),
            ("250ms", 250_000_000),
            ("-1.5us1\u{b5}s1\u{3bc}s3ns", -3_503),
            ("0.3333333333333333333h", 1_200_000_000_000),
            ("0.830103483285477580700h", 2_988_372_539_827),
            ("9223372036854775807ns", i64::MAX),
            ("-9223372036854775808ns", i64::MIN),
            ("0.100000000000000000000h", 360_000_000_000),
        ] {
            assert_eq!(parse(text), Ok(nanos), "{text}");
        }
    }

    #[test]
    fn what_is_no_length_is_refused_in_gos_words() {
        for (text, why) in [
            ("", "invalid duration \"\""),
            ("-", "invalid duration \"-\""),
            (".s", "invalid duration \".s\""),
            ("s", "invalid duration \"s\""),
            ("+-1s", "invalid duration \"+-1s\""),
            ("3", "missing unit in duration \"3\""),
            ("1s2", "missing unit in duration \"1s2\""),
            ("5x", "unknown unit \"x\" in duration \"5x\""),
            ("1d", "unknown unit \"d\" in duration \"1d\""),
            (
                "9223372036854775808ns",
                "invalid duration \"9223372036854775808ns\"",
            ),
            (
                "99999999999999999999s",
                "invalid duration \"99999999999999999999s\"",
            ),
            ("3000000h", "invalid duration \"3000000h\""),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), format!("time: {why}"));
        }
        assert_eq!(parse_with("1d", &[("d", 24)]), Ok(24));
    }

    proptest! {
        #[test]
        fn never_panics(text in "[-+]?[0-9.a-zµ\\PC]{0,40}") {
            let _ = parse(&text);
        }
    }
}
