//! Durations as Go writes them: `1h0m0s`, `90s`, `1.5h`.

use std::time::Duration;

/// The units, the longer name before one that it begins with.
const UNITS: [(&str, f64); 7] = [
    ("ns", 1e-9),
    ("us", 1e-6),
    ("\u{b5}s", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("m", 60.0),
    ("h", 3600.0),
];

/// Reads a duration.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let invalid = || format!("`{text}` is no duration; write it like 1h30m or 90s");
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = text;
    let mut seconds = 0.0;
    if rest.is_empty() {
        return Err(invalid());
    }
    while !rest.is_empty() {
        let unit = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
        let (number, after) = rest.split_at(unit.ok_or_else(invalid)?);
        let number: f64 = number.parse().map_err(|_| invalid())?;
        let mut units = UNITS.iter();
        let (after, factor) = units
            .find_map(|(unit, factor)| Some((after.strip_prefix(unit)?, factor)))
            .ok_or_else(invalid)?;
        seconds += number * factor;
        rest = after;
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        assert_eq!(parse("1h0m0s"), Ok(Duration::from_hours(1)));
        assert_eq!(parse("1.5h"), Ok(Duration::from_mins(90)));
        assert_eq!(parse("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse("0"), Ok(Duration::ZERO));
        for wrong in ["", "1", "h", "-1h", "1d", "1h2", "1e3s"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
