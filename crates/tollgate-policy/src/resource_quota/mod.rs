//! ResourceQuota: how much the objects of a namespace may use together.
//!
//! A [`Quota`] is prepared once; [`admit`] decides about a request and returns [`Charges`] for a store to commit with
//! the object; [`settle`] keeps usage in line with what is stored otherwise; [`recalculate`] counts anew. [`demand`]
//! and [`Demand::room`] tell how many of many equal objects fit.
//!
//! ```
//! use tollgate_api::{Attributes, GroupResource, Operation, Timestamp, json};
//! use tollgate_policy::resource_quota::{Context, Quota, Quotas, admit};
//!
//! let quota = json::from_str(r#"{"metadata":{"name":"q","namespace":"ns"},
//!     "status":{"hard":{"pods":"1"},"used":{"pods":"0"}}}"#).unwrap();
//! let pod = json::from_str(r#"{"metadata":{"name":"web"},"spec":{"containers":[{"name":"c"}]}}"#).unwrap();
//! let request = Attributes {
//!     operation: Operation::Create,
//!     resource: &GroupResource::new("", "pods"),
//!     subresource: "",
//!     namespace: "ns",
//!     name: "web",
//!     user: None,
//!     object: Some(&pod),
//!     old_object: None,
//!     dry_run: false,
//! };
//! let context = Context::at(Timestamp::parse("2026-01-15T12:00:00Z").unwrap());
//! let mut quotas = Quotas::new([Quota::stored(&quota)]);
//! let charges = admit(&request, &quotas, &[], &context).unwrap();
//! quotas.apply(&charges);
//! let refusal = admit(&request, &quotas, &[], &context).unwrap_err();
//! assert_eq!(
//!     refusal.status.message,
//!     "pods \"web\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1"
//! );
//! assert_eq!(refusal.violations[0].control, "pods");
//! ```

mod admit;
mod charge;
mod context;
mod controls;
mod evaluators;
mod help;
mod limited_resources;
mod places;
mod quota;
mod recalculate;
mod refusal;
mod scopes;
mod settle;
mod usage;

#[cfg(test)]
mod tests;

pub use admit::{Demand, admit, demand};
pub use charge::{Change, Charges};
pub use context::Context;
pub use controls::{CONTROLS, control_of_key};
pub use evaluators::{
    DeviceClasses, Evaluator, ExtensionsKeys, ObjectCount, Others, counted_until,
};
pub use limited_resources::{LimitedResource, limited_resources};
pub use quota::{Quota, Quotas};
pub use recalculate::{Listing, Recalculated, recalculate};
pub use refusal::Refusal;
pub use scopes::{Scope, ScopeSelector, SelectorError};
pub use settle::{Transition, settle};
pub use usage::{Key, Usage};

use tollgate_api::{GroupResource, Value};

/// What an object of a resource uses, by quota key.
pub fn usage(resource: &GroupResource, object: &Value, context: &Context<'_>) -> Usage {
    Evaluator::of(resource, context).usage(object, context)
}
