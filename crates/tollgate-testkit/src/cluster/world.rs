//! Time and chance of a simulated cluster.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use tollgate_api::Timestamp;
use tollgate_apiserver::environment::Environment;
use tollgate_controllers::clock::Clock;

/// When clusters begin: 2026-01-15T12:00:00Z.
const BEGINNING: i64 = 1_768_478_400;

/// A clock that is moved by hand, and chance that comes from a seed.
#[derive(Debug)]
pub struct World {
    /// Nanoseconds since the beginning.
    elapsed: AtomicU64,
    /// How far the time of day is from where it should be, in seconds.
    jumped: AtomicI64,
    /// Of the cluster: names, unique ids.
    random: AtomicU64,
    /// Of the simulation: the order of steps, faults.
    chance: AtomicU64,
}

/// The next number of a sequence (Steele, Lea, Flood: `SplitMix64`).
fn next(state: &AtomicU64) -> u64 {
    let mut number = state
        .fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed)
        .wrapping_add(0x9e37_79b9_7f4a_7c15);
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

impl World {
    /// The world of a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            elapsed: AtomicU64::new(0),
            jumped: AtomicI64::new(0),
            random: AtomicU64::new(seed.wrapping_mul(3)),
            chance: AtomicU64::new(seed.wrapping_mul(5).wrapping_add(1)),
        }
    }

    /// A number for the simulation itself.
    pub fn chance(&self) -> u64 {
        next(&self.chance)
    }

    /// Whether something happens that happens `of` a thousand times.
    pub fn happens(&self, of: u64) -> bool {
        self.chance() % 1000 < of
    }

    /// Time since the beginning.
    pub fn elapsed_now(&self) -> Duration {
        Duration::from_nanos(self.elapsed.load(Ordering::Relaxed))
    }

    /// Moves the clock to a later moment; it never goes back.
    pub fn move_to(&self, elapsed: Duration) {
        let nanos = u64::try_from(elapsed.as_nanos()).expect("centuries are not simulated");
        self.elapsed.fetch_max(nanos, Ordering::Relaxed);
    }

    /// Sets the time of day forth or back, as somebody with an administrator's rights can.
    pub fn jump(&self, seconds: i64) {
        self.jumped.fetch_add(seconds, Ordering::Relaxed);
    }

    fn time(&self) -> Timestamp {
        let elapsed = self.elapsed_now();
        let seconds = i64::try_from(elapsed.as_secs()).expect("centuries are not simulated");
        let seconds = BEGINNING + seconds + self.jumped.load(Ordering::Relaxed);
        Timestamp::from_unix(seconds, elapsed.subsec_nanos())
    }
}

impl Environment for World {
    fn now(&self) -> Timestamp {
        self.time()
    }

    fn elapsed(&self) -> Duration {
        self.elapsed_now()
    }

    fn random(&self) -> u64 {
        next(&self.random)
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        self.time()
    }

    fn elapsed(&self) -> Duration {
        self.elapsed_now()
    }

    fn random(&self) -> u64 {
        next(&self.random)
    }
}
