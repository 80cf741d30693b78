//! How long a key waits after a failure: upstream's default for controllers.

use std::time::Duration;

/// After the first failure.
const FIRST: Duration = Duration::from_millis(5);
/// However often it failed.
const LONGEST: Duration = Duration::from_secs(1000);

/// The wait after that many failures in a row.
pub(super) fn after(failures: u32) -> Duration {
    let factor = 1_u32.checked_shl(failures.saturating_sub(1));
    factor
        .and_then(|factor| FIRST.checked_mul(factor))
        .map_or(LONGEST, |wait| wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        assert_eq!(after(1), FIRST);
        assert_eq!(after(2), FIRST * 2);
        assert_eq!(after(11), Duration::from_millis(5 * 1024));
        assert_eq!(after(19), LONGEST);
        assert_eq!(after(200), LONGEST);
    }
}
