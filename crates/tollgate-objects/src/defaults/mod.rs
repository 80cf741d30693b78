//! API defaulting: what `SetDefaults_*` does, kind by kind, in place.

mod container;
mod env;
mod image;
pub mod persistent_volume_claim;
pub mod pod;
mod pod_level_resources;
pub mod pod_spec;
mod probe;
mod resource_list;
mod set;
mod volume;
