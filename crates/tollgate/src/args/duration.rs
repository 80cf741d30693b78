//! Durations as Go writes them: `1h0m0s`, `90s`, `1.5h`.

use std::time::Duration;
use tollgate_api::duration;

/// Reads a duration.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let nanos = duration::parse(text).ok();
    let nanos = nanos.and_then(|nanos| u64::try_from(nanos).ok());
    nanos
        .map(Duration::from_nanos)
        .ok_or_else(|| format!("`{text}` is no duration; write it like 1h30m or 90s"))
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
