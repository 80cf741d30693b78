//! What built-in mutating plugins make of an object, as pure functions: a server and `tollgate check` ask them alike.

mod default_storage_class;
mod runtime_class;
mod service_account;

pub use default_storage_class::{
    default_ingress_class, default_of as default_storage_class, set_default_storage_class,
};
pub use runtime_class::apply_runtime_class;
pub use service_account::apply_service_account;
