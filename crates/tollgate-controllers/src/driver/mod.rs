//! What drives controllers: the cache, the work queues, and two ways to run them.

mod backoff;
mod cache;
mod cached;
mod machine;
mod pod_state;
mod queue;
mod run;
mod step;

pub use cache::Cache;
pub use cached::{Cached, Meta, Owner};
pub use machine::Machine;
pub use pod_state::{Phase, PodState, condition};
pub(crate) use queue::Written;
pub use run::run;
pub use step::{Step, Stepper};
