//! Arithmetic on points in time, in milliseconds: objects hold seconds, stages are shorter.

use tollgate_api::{Timestamp, Value};

/// Milliseconds of one second.
pub(crate) const SECOND: i64 = 1_000;

const NANOS_OF_A_MILLI: i64 = 1_000_000;

/// The point `millis` after `point`.
pub(crate) fn after(point: Timestamp, millis: i64) -> Timestamp {
    let within = i64::from(point.subsecond_nanos())
        .saturating_add(millis.rem_euclid(SECOND).saturating_mul(NANOS_OF_A_MILLI));
    let seconds = point
        .unix_seconds()
        .saturating_add(millis.div_euclid(SECOND))
        .saturating_add(within.div_euclid(SECOND * NANOS_OF_A_MILLI));
    let nanos = u32::try_from(within.rem_euclid(SECOND * NANOS_OF_A_MILLI)).unwrap_or(0);
    Timestamp::from_unix(seconds, nanos)
}

/// How many milliseconds lie from `earlier` to `later`; 0 if it is not later.
pub(crate) fn millis_between(earlier: Timestamp, later: Timestamp) -> i64 {
    let seconds = later.unix_seconds().saturating_sub(earlier.unix_seconds());
    let nanos = i64::from(later.subsecond_nanos()) - i64::from(earlier.subsecond_nanos());
    // Rounded up, so that who waits so long does not come too early.
    let millis = nanos
        .saturating_add(NANOS_OF_A_MILLI - 1)
        .div_euclid(NANOS_OF_A_MILLI);
    seconds.saturating_mul(SECOND).saturating_add(millis).max(0)
}

/// The point as objects hold it.
pub(crate) fn to_value(point: Timestamp) -> Value {
    Value::string(point.to_string())
}

/// The point that stands under `key`.
pub(crate) fn read(object: &Value, key: &str) -> Option<Timestamp> {
    Timestamp::parse(object.str(key)?)
}

/// Reads a length of time as people write it: `5`, `1.5s`, `500ms`, `1m30s`, `2h`; a bare number is seconds.
///
/// `None` if it is none or longer than a hundred years.
pub(crate) fn parse_duration(text: &str) -> Option<i64> {
    const LONGEST: i64 = 100 * 365 * 24 * 3_600 * SECOND;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut total = 0_i64;
    while !rest.is_empty() {
        let unit_at = rest
            .find(|character: char| !character.is_ascii_digit() && character != '.')
            .unwrap_or(rest.len());
        let (number, after_number) = rest.split_at_checked(unit_at)?;
        let next_at = after_number
            .find(|character: char| character.is_ascii_digit())
            .unwrap_or(after_number.len());
        let (unit, after_unit) = after_number.split_at_checked(next_at)?;
        let factor = match unit {
            // Seconds without a unit stand alone.
            "" if rest.len() == text.trim().len() => SECOND,
            "ms" => 1,
            "s" => SECOND,
            "m" => 60 * SECOND,
            "h" => 3_600 * SECOND,
            "d" => 24 * 3_600 * SECOND,
            _ => return None,
        };
        total = total.checked_add(scaled(number, factor)?)?;
        rest = after_unit;
    }
    (total <= LONGEST).then_some(total)
}

/// `number` with an optional fraction, times `factor`, cut to milliseconds.
fn scaled(number: &str, factor: i64) -> Option<i64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let whole = match whole {
        "" => 0,
        digits => digits.parse::<i64>().ok()?,
    };
    let mut part = 0_i64;
    let mut weight = factor;
    for digit in fraction.chars() {
        weight = weight.checked_div(10)?;
        part = part.checked_add(i64::from(digit.to_digit(10)?).checked_mul(weight)?)?;
    }
    whole.checked_mul(factor)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_and_measures_milliseconds() {
        let start = Timestamp::from_unix(10, 900_000_000);
        assert_eq!(after(start, 250), Timestamp::from_unix(11, 150_000_000));
        assert_eq!(after(start, -900), Timestamp::from_unix(10, 0));
        assert_eq!(millis_between(start, after(start, 1_250)), 1_250);
        assert_eq!(millis_between(after(start, 1), start), 0);
        assert_eq!(
            millis_between(Timestamp::from_unix(1, 1), Timestamp::from_unix(2, 0)),
            1_000
        );
    }

    #[test]
    fn reads_lengths_of_time() {
        for (text, millis) in [
            ("5", Some(5_000)),
            ("0", Some(0)),
            ("1.5s", Some(1_500)),
            ("500ms", Some(500)),
            ("1m30s", Some(90_000)),
            ("2h", Some(7_200_000)),
            ("", None),
            ("s", None),
            ("-1s", None),
            ("1x", None),
            ("1m30", None),
            (".", None),
            ("1..5s", None),
            ("99999999999999999999s", None),
            ("200000d", None),
        ] {
            assert_eq!(parse_duration(text), millis, "{text}");
        }
    }

    #[test]
    fn leases_have_microseconds() {
        let point = Timestamp::from_unix(0, 1_234_000);
        assert_eq!(point.to_micro_time(), "1970-01-01T00:00:00.001234Z");
    }
}
