//! RoleBinding and ClusterRoleBinding.

use super::set::{if_empty, structure, structures};
use tollgate_api::Value;

const GROUP: &str = "rbac.authorization.k8s.io";

/// Sets the defaults of a binding: users, groups and roles are RBAC's own.
pub fn set_defaults(binding: &mut Value) {
    if let Some(role) = structure(binding, "roleRef") {
        if_empty(role, "apiGroup", GROUP);
    }
    for subject in structures(binding, "subjects") {
        if matches!(subject.str_or_empty("kind"), "User" | "Group") {
            if_empty(subject, "apiGroup", GROUP);
        }
    }
}
