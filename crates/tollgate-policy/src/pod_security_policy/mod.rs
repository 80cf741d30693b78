//! PodSecurityPolicy, as it was up to 1.24.
//!
//! A policy object is read once into a [`PodSecurityPolicy`]; [`PodSecurityPolicies`] holds those of a cluster and
//! does what the admission plugin does: it picks the policy for a pod, fills in what the policy defaults, and refuses
//! a pod that no policy allows. Who may use which policy is asked of an [`Authorizer`].
//!
//! ```
//! use tollgate_api::{Attributes, GroupResource, Operation, UserInfo, json};
//! use tollgate_policy::pod_security_policy::{Context, PodSecurityPolicies, Wording};
//!
//! let policy = json::from_str(r#"{"metadata": {"name": "example"}, "spec": {
//!     "fsGroup": {"rule": "RunAsAny"}, "runAsUser": {"rule": "RunAsAny"},
//!     "seLinux": {"rule": "RunAsAny"}, "supplementalGroups": {"rule": "RunAsAny"},
//!     "readOnlyRootFilesystem": true}}"#)?;
//! let policies = PodSecurityPolicies::from_objects([&policy]);
//! let may_use = |_: &UserInfo, _namespace: &str, _group: &str, policy: &str| policy == "example";
//! let context = Context { authorizer: &may_use, wording: Wording::Documented };
//!
//! let mut pod = json::from_str(r#"{"metadata": {"name": "web"}, "spec": {"containers": [{"name": "web"}]}}"#)?;
//! let user = UserInfo { name: "alice".into(), ..UserInfo::default() };
//! let attributes = Attributes {
//!     operation: Operation::Create,
//!     resource: &GroupResource::new("", "pods"),
//!     subresource: "",
//!     namespace: "default",
//!     name: "web",
//!     user: Some(&user),
//!     object: None,
//!     old_object: None,
//!     dry_run: false,
//! };
//! let admitted = policies.admit(&attributes, &mut pod, &context).unwrap().unwrap();
//! assert_eq!(admitted.policy, "example");
//! assert_eq!(pod.at(&["metadata", "annotations"]).unwrap().str("kubernetes.io/psp"), Some("example"));
//!
//! let stored = Attributes { object: Some(&pod), ..attributes };
//! policies.validate(&stored, &context).unwrap();
//! # Ok::<(), tollgate_api::json::ParseError>(())
//! ```

mod authorizer;
mod collected;
mod controls;
mod edit;
mod evaluate;
mod finding;
mod pod;
mod refusal;
mod select;
#[cfg(test)]
mod tests;
mod types;
mod wording;

pub use authorizer::Authorizer;
pub use controls::CONTROLS;
pub use edit::Edit;
pub use finding::Finding;
pub use refusal::Refusal;
pub use select::{Admitted, Context, PodSecurityPolicies, VALIDATED_ANNOTATION};
pub use types::{PodSecurityPolicy, UnusablePolicy};
pub use wording::Wording;
