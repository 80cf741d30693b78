//! Who may use which policy.

use crate::rbac::{Access, Rbac, ResourceAccess};
use tollgate_api::UserInfo;

/// Answers who may use which policy.
pub trait Authorizer {
    /// Whether `user` has the verb `use` on the podsecuritypolicy `policy` of `api_group`, in `namespace`.
    fn may_use(&self, user: &UserInfo, namespace: &str, api_group: &str, policy: &str) -> bool;
}

impl<F: Fn(&UserInfo, &str, &str, &str) -> bool> Authorizer for F {
    fn may_use(&self, user: &UserInfo, namespace: &str, api_group: &str, policy: &str) -> bool {
        self(user, namespace, api_group, policy)
    }
}

impl Authorizer for Rbac {
    fn may_use(&self, user: &UserInfo, namespace: &str, api_group: &str, policy: &str) -> bool {
        let access = Access::Resource(ResourceAccess {
            verb: "use",
            group: api_group,
            resource: "podsecuritypolicies",
            subresource: "",
            namespace,
            name: policy,
            field_selector: "",
        });
        self.allows(user, &access)
    }
}
