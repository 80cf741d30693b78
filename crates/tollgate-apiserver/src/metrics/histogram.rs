//! Amounts in buckets.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of buckets, and how upstream prints them.
pub type Bounds = &'static [(f64, &'static str)];

const NANOS_PER_SECOND: f64 = 1e9;

/// Amounts in buckets. Observing takes no lock; a reader may see an amount counted and not yet summed up.
#[derive(Debug)]
pub struct Histogram {
    bounds: Bounds,
    /// How many amounts are in each bucket; the last one has no bound.
    buckets: Vec<AtomicU64>,
    /// In billionths.
    sum: AtomicU64,
}

impl Histogram {
    /// One with these buckets.
    pub fn new(bounds: Bounds) -> Self {
        let buckets = bounds.len().saturating_add(1);
        Self {
            bounds,
            buckets: (0..buckets).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }
    }

    /// Takes a duration in.
    pub fn observe(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.add(duration.as_secs_f64(), nanos);
    }

    /// Takes a size in.
    #[expect(clippy::cast_precision_loss, reason = "bounds are far apart")]
    pub fn observe_size(&self, bytes: u64) {
        self.add(bytes as f64, bytes.saturating_mul(1_000_000_000));
    }

    fn add(&self, amount: f64, billionths: u64) {
        let bounds = self.bounds.iter();
        let place = bounds.take_while(|(bound, _)| amount > *bound).count();
        if let Some(bucket) = self.buckets.get(place) {
            bucket.fetch_add(1, Ordering::Relaxed);
            self.sum.fetch_add(billionths, Ordering::Relaxed);
        }
    }

    /// How many amounts are not larger than each bound, in order, and at last how many there are.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let names = self.bounds.iter().map(|(_, name)| *name).chain(["+Inf"]);
        let mut total = 0_u64;
        names.zip(&self.buckets).map(move |(name, bucket)| {
            total = total.saturating_add(bucket.load(Ordering::Relaxed));
            (name, total)
        })
    }

    /// All amounts together.
    #[expect(clippy::cast_precision_loss, reason = "the sum is told as a float")]
    pub fn sum(&self) -> f64 {
        self.sum.load(Ordering::Relaxed) as f64 / NANOS_PER_SECOND
    }
}
