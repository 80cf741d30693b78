//! How much of the past is kept, for watches and for states of the past.

/// Events that are kept for watches and states of the past.
const WINDOW_EVENTS_MAX: usize = 100_000;
/// Bytes of keys and values that these may hold.
const WINDOW_BYTES_MAX: usize = 128 << 20;
/// Events that are kept for watchers that are behind: all that happens while ten thousand pods come and go.
const SLOW_EVENTS_MAX: usize = 300_000;
/// Bytes that these may hold.
const SLOW_BYTES_MAX: usize = 384 << 20;

/// How much of the past is kept.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// How many events.
    pub events_max: usize,
    /// How many bytes of keys and values.
    pub bytes_max: usize,
    /// How many events for watchers that are behind.
    pub slow_events_max: usize,
    /// How many bytes for these.
    pub slow_bytes_max: usize,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            events_max: WINDOW_EVENTS_MAX,
            bytes_max: WINDOW_BYTES_MAX,
            slow_events_max: SLOW_EVENTS_MAX,
            slow_bytes_max: SLOW_BYTES_MAX,
        }
    }
}
