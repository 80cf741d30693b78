//! What the server is given from outside: the time, and chance.

use std::fmt::{Debug, Write as _};
use std::time::Duration;
use tollgate_api::Timestamp;
use tollgate_api::names::GENERATED_LETTERS;

/// How many of them a generated name ends in.
const SUFFIX_LENGTH: usize = 5;

/// The time and chance. The binary reads them from the system, a test makes them up.
pub trait Environment: Send + Sync + Debug + 'static {
    /// The time of day.
    fn now(&self) -> Timestamp;

    /// A clock that nobody sets: time since some moment.
    fn elapsed(&self) -> Duration;

    /// A number that nobody can foresee.
    fn random(&self) -> u64;

    /// A new unique id, a random UUID.
    fn uid(&self) -> String {
        let (high, low) = (self.random(), self.random());
        let mut text = String::with_capacity(36);
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            (low >> 48) & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff,
        );
        text
    }

    /// What is added to a `generateName`.
    fn suffix(&self) -> String {
        let mut number = self.random();
        let mut text = String::with_capacity(SUFFIX_LENGTH);
        for _ in 0..SUFFIX_LENGTH {
            let place = usize::try_from(number % 27).unwrap_or_default();
            number /= 27;
            text.push(char::from(
                GENERATED_LETTERS.get(place).copied().unwrap_or(b'x'),
            ));
        }
        text
    }
}

/// An environment for tests: the time stands still until it is set, and chance is a sequence of numbers.
#[cfg(test)]
pub(crate) mod fixed {
    use super::{Duration, Environment, Timestamp};
    use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

    /// An environment that a test controls.
    #[derive(Debug)]
    pub(crate) struct Fixed {
        seconds: AtomicI64,
        numbers: AtomicU64,
    }

    impl Default for Fixed {
        fn default() -> Self {
            Self {
                seconds: AtomicI64::new(1_768_478_400),
                numbers: AtomicU64::new(0),
            }
        }
    }

    impl Environment for Fixed {
        fn now(&self) -> Timestamp {
            Timestamp::from_unix_seconds(self.seconds.load(Ordering::Relaxed))
        }

        fn elapsed(&self) -> Duration {
            Duration::from_secs(self.seconds.load(Ordering::Relaxed).unsigned_abs())
        }

        fn random(&self) -> u64 {
            // Odd multiples of a large odd number spread over all bits.
            let number = self.numbers.fetch_add(1, Ordering::Relaxed);
            number
                .wrapping_mul(2)
                .wrapping_add(1)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fixed::Fixed;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn uids_are_random_uuids_of_version_4() {
        let environment = Fixed::default();
        let uids: BTreeSet<String> = (0..1_000).map(|_| environment.uid()).collect();
        assert_eq!(uids.len(), 1_000);
        for uid in uids {
            let parts: Vec<usize> = uid.split('-').map(str::len).collect();
            assert_eq!(parts, [8, 4, 4, 4, 12], "{uid}");
            assert_eq!(uid.as_bytes()[14], b'4', "{uid}");
            assert!(b"89ab".contains(&uid.as_bytes()[19]), "{uid}");
        }
    }

    #[test]
    fn suffixes_are_five_letters_of_the_alphabet() {
        let environment = Fixed::default();
        for _ in 0..1_000 {
            let suffix = environment.suffix();
            assert_eq!(suffix.len(), SUFFIX_LENGTH);
            assert!(
                suffix
                    .bytes()
                    .all(|letter| GENERATED_LETTERS.contains(&letter)),
                "{suffix}"
            );
        }
    }
}
