//! The time and chance, given from outside: the binary reads them from the system, a test moves them by hand.

use std::fmt::Debug;
use std::time::Duration;
use tollgate_api::Timestamp;

/// The time and chance.
pub trait Clock: Send + Sync + Debug + 'static {
    /// The time of day.
    fn now(&self) -> Timestamp;

    /// A clock that nobody sets: time since some moment. Work that is to be done later is due by it.
    fn elapsed(&self) -> Duration;

    /// A number that nobody can foresee.
    fn random(&self) -> u64;
}
