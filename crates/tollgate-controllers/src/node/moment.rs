//! Arithmetic on points in time, in milliseconds: objects hold seconds, stages are shorter.

use tollgate_api::duration::{self, Unit};
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

/// Reads a length of time as people write it: `5`, `1.5s`, `500ms`, `1m30s`, `2h`, `1d`; a bare number is seconds.
///
/// `None` if it is none or longer than a hundred years.
pub(crate) fn parse_duration(text: &str) -> Option<i64> {
    const DAY: Unit = ("d", 24 * 3_600 * 1_000_000_000);
    const LONGEST: i64 = 100 * 365 * 24 * 3_600 * SECOND;
    let text = text.trim();
    if text.starts_with(['-', '+']) {
        return None;
    }
    let is_bare = text.ends_with(|last: char| last == '.' || last.is_ascii_digit());
    let nanos = if is_bare {
        duration::parse(&format!("{text}s")).ok().filter(|_| {
            text.bytes()
                .all(|byte| byte == b'.' || byte.is_ascii_digit())
        })
    } else {
        duration::parse_with(text, &[DAY]).ok()
    };
    let millis = nanos?.div_euclid(NANOS_OF_A_MILLI);
    (millis <= LONGEST).then_some(millis)
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
            (" 1d ", Some(86_400_000)),
            ("1.5", Some(1_500)),
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
