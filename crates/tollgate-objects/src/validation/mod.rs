//! Validation: field errors in upstream's words and order, kind by kind.

pub mod label_selector;
pub mod limit_range;
pub mod object_meta;
pub mod object_meta_update;
pub mod pod_security_policy;
pub mod priority_class;
