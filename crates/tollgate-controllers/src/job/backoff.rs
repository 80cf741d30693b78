//! How long a Job waits before it replaces failed pods: ten seconds, then twice as long each time, at most ten minutes.

use crate::moment::until;
use std::time::Duration;
use tollgate_api::Timestamp;

/// After the first failure, in seconds.
const FIRST: i64 = 10;
/// However many failed.
const LONGEST: i64 = 10 * 60;

/// The failures since the last success.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Record {
    failures: i64,
    last: Option<Timestamp>,
}

impl Record {
    /// With pods that have ended since: when those that succeeded did, and those that failed.
    pub(super) fn with(self, succeeded: &[Timestamp], failed: &[Timestamp]) -> Self {
        let last_success = succeeded.iter().max();
        let counted = failed
            .iter()
            .filter(|end| last_success.is_none_or(|success| *end > success));
        let count = i64::try_from(counted.clone().count()).unwrap_or(i64::MAX);
        let before = if last_success.is_some() {
            Self::default()
        } else {
            self
        };
        Self {
            failures: before.failures.saturating_add(count),
            last: counted.max().copied().or(before.last),
        }
    }

    /// How long to wait still; none if there is nothing to wait for.
    pub(super) fn remaining(self, now: Timestamp) -> Option<Duration> {
        remaining(self.failures, self.last?, now)
    }
}

/// How long to wait still after that many failures, the last of which was then.
pub(super) fn remaining(failures: i64, last: Timestamp, now: Timestamp) -> Option<Duration> {
    let doublings = u32::try_from(failures.checked_sub(1)?).ok()?;
    let factor = 1_i64.checked_shl(doublings).filter(|factor| *factor > 0);
    let wait = factor.map_or(LONGEST, |factor| FIRST.saturating_mul(factor).min(LONGEST));
    let due = last.saturating_add_seconds(wait);
    (due > now).then(|| until(due, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    #[test]
    fn waits_double_up_to_a_limit() {
        for (failures, expected) in [
            (1, 10),
            (2, 20),
            (3, 40),
            (6, 320),
            (7, 600),
            (8, 600),
            (90, 600),
        ] {
            let wait = remaining(failures, at(0), at(0));
            assert_eq!(wait, Some(Duration::from_secs(expected)), "{failures}");
        }
        assert_eq!(remaining(0, at(0), at(0)), None);
        assert_eq!(remaining(1, at(0), at(10)), None);
        let later = Timestamp::from_unix(4, 250_000_000);
        assert_eq!(
            remaining(1, at(0), later),
            Some(Duration::from_millis(5750))
        );
    }

    #[test]
    fn a_success_forgives_what_failed_before_it() {
        let record = Record::default().with(&[], &[at(5), at(3)]);
        assert_eq!(
            record,
            Record {
                failures: 2,
                last: Some(at(5))
            }
        );
        assert_eq!(record.with(&[], &[]), record);
        assert_eq!(
            record.with(&[], &[at(9)]),
            Record {
                failures: 3,
                last: Some(at(9))
            }
        );
        assert_eq!(record.with(&[at(7)], &[]), Record::default());
        assert_eq!(
            record.with(&[at(7)], &[at(6), at(8)]),
            Record {
                failures: 1,
                last: Some(at(8))
            }
        );
    }
}
