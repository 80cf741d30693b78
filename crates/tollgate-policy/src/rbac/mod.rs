//! RBAC: who may do what.
//!
//! Roles and bindings are read once into [`Rbac`], which then answers any number of questions. What a question asks
//! is an [`Access`].
//!
//! ```
//! use tollgate_api::{UserInfo, json};
//! use tollgate_policy::rbac::{Access, Rbac, ResourceAccess};
//!
//! let role = json::from_str(r#"{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
//!     "metadata": {"name": "use-example"}, "rules": [{"apiGroups": ["policy"], "resources": ["podsecuritypolicies"],
//!     "resourceNames": ["example"], "verbs": ["use"]}]}"#)?;
//! let binding = json::from_str(r#"{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
//!     "metadata": {"name": "web", "namespace": "shop"}, "subjects": [{"kind": "ServiceAccount", "name": "default"}],
//!     "roleRef": {"kind": "ClusterRole", "name": "use-example"}}"#)?;
//! let rbac = Rbac::from_objects([&role, &binding]);
//!
//! let account = UserInfo::service_account("shop", "default");
//! let access = Access::Resource(ResourceAccess {
//!     verb: "use",
//!     group: "policy",
//!     resource: "podsecuritypolicies",
//!     namespace: "shop",
//!     name: "example",
//!     ..ResourceAccess::default()
//! });
//! assert!(rbac.allows(&account, &access));
//! assert_eq!(
//!     rbac.authorize(&account, &access).reason,
//!     r#"RBAC: allowed by RoleBinding "web/shop" of ClusterRole "use-example" to ServiceAccount "default/shop""#
//! );
//! # Ok::<(), tollgate_api::json::ParseError>(())
//! ```

mod access;
mod aggregate;
mod authorizer;
mod binding;
mod cover;
mod kind;
mod objects;
mod outdated;
mod rule;
#[cfg(test)]
mod tests;

pub use access::{Access, ResourceAccess};
pub use aggregate::aggregated_rules;
pub use authorizer::{Decision, PRIVILEGED_GROUP, Rbac};
pub use binding::{Binding, Subject};
pub use cover::{ATOMS_MAX, describe_missing, uncovered};
pub use kind::RbacKind;
pub use objects::RbacObjects;
pub use outdated::{Outdated, outdated};
pub use rule::Rule;
