//! The create strategy of a kind: what the registry changes on an object that is about to be stored, after the
//! mutating admission and before validation.

pub mod pod;
