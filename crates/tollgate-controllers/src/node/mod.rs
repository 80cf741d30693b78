//! Simulated nodes: each registers, keeps its lease, and lives the lives of the pods that are bound to it.
//!
//! Nothing runs. What a container would do is taken from annotations of its pod, its command and its restart policy; how
//! it reads in the API is a kubelet's doing to the letter.

pub mod addresses;
mod agent;
pub mod command;
pub mod config;
pub mod exec;
mod following;
mod identity;
mod image;
mod kubelet_api;
mod kubelets;
pub mod lease;
pub mod logs;
pub mod metrics;
mod moment;
pub mod node_object;
pub mod pod_lifecycle;
pub mod resources;
mod state;
mod usage;

pub use agent::SimulatedAgent;
pub use kubelets::{DOWN, Kubelets};
pub use usage::SimulatedUsage;
