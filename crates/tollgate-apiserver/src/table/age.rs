//! How long ago something was, as people read it.

use tollgate_api::{Timestamp, Value};

/// How long before `now` the time under `key` lies; `<unknown>` if there is none.
pub(super) fn since(object: &Value, key: &str, now: Timestamp) -> String {
    since_time(object.str(key).and_then(Timestamp::parse), now)
}

/// How long before `now` a time lies; `<unknown>` if there is none.
pub(super) fn since_time(time: Option<Timestamp>, now: Timestamp) -> String {
    time.map_or_else(
        || "<unknown>".to_owned(),
        |time| human(seconds_between(time, now)),
    )
}

/// Whole seconds from one point to another, cut towards zero as Go does.
pub(super) fn seconds_between(from: Timestamp, to: Timestamp) -> i64 {
    let nanos = |time: Timestamp| {
        i128::from(time.unix_seconds()) * 1_000_000_000 + i128::from(time.subsecond_nanos())
    };
    let seconds = (nanos(to) - nanos(from)) / 1_000_000_000;
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

/// A span in at most two units, the smaller one left out where it does not matter (`duration.HumanDuration`).
pub(super) fn human(seconds: i64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    let (days, years) = (hours / 24, hours / 24 / 365);
    match seconds {
        ..=-2 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        _ if minutes < 10 => two(minutes, "m", seconds % 60, "s"),
        _ if minutes < 180 => format!("{minutes}m"),
        _ if hours < 8 => two(hours, "h", minutes % 60, "m"),
        _ if hours < 48 => format!("{hours}h"),
        _ if hours < 24 * 8 => two(days, "d", hours % 24, "h"),
        _ if hours < 24 * 365 * 2 => format!("{days}d"),
        _ if hours < 24 * 365 * 8 => two(years, "y", days % 365, "d"),
        _ => format!("{years}y"),
    }
}

fn two(big: i64, big_unit: &str, small: i64, small_unit: &str) -> String {
    if small == 0 {
        format!("{big}{big_unit}")
    } else {
        format!("{big}{big_unit}{small}{small_unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_as_short_as_people_say_them() {
        const HOUR: i64 = 3_600;
        const DAY: i64 = 24 * HOUR;
        for (seconds, text) in [
            (-2, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (121, "2m1s"),
            (599, "9m59s"),
            (600, "10m"),
            (179 * 60 + 59, "179m"),
            (3 * HOUR, "3h"),
            (3 * HOUR + 60, "3h1m"),
            (8 * HOUR - 1, "7h59m"),
            (8 * HOUR, "8h"),
            (48 * HOUR - 1, "47h"),
            (48 * HOUR, "2d"),
            (8 * DAY - 1, "7d23h"),
            (8 * DAY, "8d"),
            (2 * 365 * DAY - 1, "729d"),
            (2 * 365 * DAY, "2y"),
            (2 * 365 * DAY + DAY, "2y1d"),
            (8 * 365 * DAY, "8y"),
        ] {
            assert_eq!(human(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn a_fraction_of_a_second_is_cut_towards_zero() {
        let now = Timestamp::from_unix(100, 500_000_000);
        assert_eq!(seconds_between(Timestamp::from_unix_seconds(99), now), 1);
        assert_eq!(seconds_between(Timestamp::from_unix_seconds(102), now), -1);
        assert_eq!(since_time(None, now), "<unknown>");
    }
}
