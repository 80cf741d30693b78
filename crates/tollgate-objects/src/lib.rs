//! What an API server does to an object before any policy looks at it: decode strictly, default, prepare, validate.
//!
//! One kind, one file. Nothing here knows a policy.

#[cfg(test)]
mod arbitrary;
mod canonical;
pub mod conversion;
pub mod defaults;
pub mod encode;
pub mod protobuf;
pub mod schema;
pub mod strategy;
pub mod structural;
pub mod validation;
pub mod warnings;
pub mod workloads;
