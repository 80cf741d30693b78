//! Kubernetes' vocabulary as values.
//!
//! An object is a [`Value`]: a tree that keeps every field, known or not, in its written order. What a rule says
//! about a field is addressed with a [`field::Path`] and reported as a [`field::Error`]; what a client sees of a
//! failure is a [`Status`]. Amounts are [`Quantity`] values with upstream's exact arithmetic.
//!
//! Nothing here reads a clock, a file or the network, and nothing here decides anything.

pub mod attributes;
pub mod certificate_authority;
pub mod client;
pub mod daemon_pod;
pub mod duration;
pub mod field;
pub mod go_format;
pub mod json;
pub mod label_selector;
pub mod names;
pub mod node_agent;
pub mod pod_resources;
pub mod priority_class;
pub mod qos;
pub mod quantity;
pub mod release;
pub mod resource_list;
pub mod resource_name;
pub mod schedule;
pub mod seccomp;
pub mod spelling;
pub mod status;
pub mod time;
pub mod token_maker;
pub mod usage_source;
pub mod value;

pub use attributes::{Attributes, GroupResource, GroupVersionKind, Operation, UserInfo};
pub use qos::QosClass;
pub use quantity::Quantity;
pub use release::Release;
pub use status::{Reason, Status};
pub use time::Timestamp;
pub use value::{Number, Object, Value};
