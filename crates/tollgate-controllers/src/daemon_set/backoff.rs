//! How long a failed pod is left alone on a node before it is deleted, so that a pod which fails always does not keep
//! everybody busy.

use std::collections::BTreeMap;
use tollgate_api::Timestamp;
use tollgate_api::value::CompactString;

/// After the first failure, in seconds.
const FIRST: i64 = 1;
/// However often it failed.
const LONGEST: i64 = 15 * 60;

/// The set by its unique id, the generation that was observed, and the node.
pub(super) type Place = (CompactString, i64, CompactString);

#[derive(Debug, Clone, Copy)]
struct Entry {
    wait: i64,
    since: Timestamp,
}

/// Failed pods that were deleted.
#[derive(Debug, Default)]
pub(super) struct Failures {
    entries: BTreeMap<Place, Entry>,
}

impl Failures {
    /// How many seconds a failed pod at a place has to be left alone from now on; none if it may be deleted.
    pub(super) fn remaining(&self, place: &Place, now: Timestamp) -> Option<i64> {
        let entry = self.entries.get(place)?;
        let until = entry.since.saturating_add_seconds(entry.wait);
        let seconds = until.unix_seconds().saturating_sub(now.unix_seconds());
        (until > now).then_some(seconds.max(1))
    }

    /// Notes that a failed pod at a place is deleted now.
    pub(super) fn deleted(&mut self, place: Place, now: Timestamp) {
        // What has not failed for long begins anew.
        self.entries.retain(|_, entry| {
            let forgotten = LONGEST.saturating_mul(2);
            entry.since.saturating_add_seconds(forgotten) > now
        });
        let wait = match self.entries.get(&place) {
            Some(entry) => entry.wait.saturating_mul(2).min(LONGEST),
            None => FIRST,
        };
        self.entries.insert(place, Entry { wait, since: now });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_are_forgotten() {
        let at = |seconds| Timestamp::from_unix_seconds(seconds);
        let place: Place = ("uid".into(), 1, "node".into());
        let mut failures = Failures::default();
        assert_eq!(failures.remaining(&place, at(0)), None);
        failures.deleted(place.clone(), at(0));
        assert_eq!(failures.remaining(&place, at(0)), Some(1));
        assert_eq!(failures.remaining(&place, at(1)), None);
        failures.deleted(place.clone(), at(1));
        failures.deleted(place.clone(), at(3));
        assert_eq!(failures.remaining(&place, at(5)), Some(2));
        let other: Place = ("uid".into(), 2, "node".into());
        assert_eq!(failures.remaining(&other, at(5)), None);
        for _ in 0..20 {
            failures.deleted(place.clone(), at(10));
        }
        assert_eq!(failures.remaining(&place, at(10)), Some(LONGEST));
        failures.deleted(place.clone(), at(10 + 2 * LONGEST));
        assert_eq!(failures.remaining(&place, at(10 + 2 * LONGEST)), Some(1));
    }
}
