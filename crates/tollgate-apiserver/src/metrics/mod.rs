//! What is counted, under upstream's names, as text for Prometheus.
//!
//! Counters stand where things happen; a [`Page`] is what they are written on. No label is a text that a client made up.

mod histogram;
mod page;
mod requests;
mod watches;

pub use histogram::{Bounds, Histogram};
pub use page::Page;
pub use requests::{InFlight, LongRunning, Metrics, RequestLabels};
pub use watches::{WatchCounts, WatchMetrics};
