//! What nobody but fuzz targets reaches from outside.

use super::clockwork::Clockwork;
use tollgate_api::Timestamp;

/// The first times of a schedule after a moment, `most` at most; the error is the parser's.
pub fn times(
    text: &str,
    zone: Option<&str>,
    after: Timestamp,
    most: usize,
) -> Result<Vec<Timestamp>, String> {
    let clockwork = Clockwork::new(text, zone)?;
    let first = clockwork.next(after);
    let times = std::iter::successors(first, |time| clockwork.next(*time));
    Ok(times.take(most).collect())
}
