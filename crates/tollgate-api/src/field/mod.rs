//! Where in an object something is, and what is wrong there.
//!
//! Follows `k8s.io/apimachinery/pkg/util/validation/field`, 1.36.

mod error;
mod path;

pub use error::{Error, ErrorKind, Errors};
pub use path::{FieldPath, Path, Segment};
