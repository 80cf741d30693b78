//! What holds for every store.

mod conformance;
