//! Tests of the whole: decisions, and what holds for every pod.

mod decisions;
mod generate;
mod properties;
