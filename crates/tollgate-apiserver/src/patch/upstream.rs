//! Test data: what upstream's own code answers, packed in `data`.

use flate2::read::GzDecoder;
use std::io::Read as _;
use tollgate_api::{Value, json};

/// The lines of a packed file.
pub(super) fn lines(packed: &[u8]) -> Vec<Value> {
    let mut text = String::new();
    GzDecoder::new(packed).read_to_string(&mut text).unwrap();
    text.lines()
        .map(|line| json::from_str(line).unwrap())
        .collect()
}
