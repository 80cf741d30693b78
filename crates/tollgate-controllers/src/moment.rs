//! From one moment to another.

use std::time::Duration;
use tollgate_api::Timestamp;

/// The time from now to a later moment; none if it is past.
pub(crate) fn until(due: Timestamp, now: Timestamp) -> Duration {
    let seconds = due.unix_seconds().saturating_sub(now.unix_seconds());
    let Ok(seconds) = u64::try_from(seconds) else {
        return Duration::ZERO;
    };
    let nanos = |time: Timestamp| Duration::from_nanos(time.subsecond_nanos().into());
    Duration::from_secs(seconds)
        .saturating_add(nanos(due))
        .saturating_sub(nanos(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_count() {
        let now = Timestamp::from_unix(10, 750_000_000);
        assert_eq!(
            until(Timestamp::from_unix(12, 0), now),
            Duration::from_millis(1250)
        );
        assert_eq!(until(Timestamp::from_unix(10, 0), now), Duration::ZERO);
        assert_eq!(until(Timestamp::from_unix(9, 0), now), Duration::ZERO);
    }
}
