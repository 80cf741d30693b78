//! Collects roles and bindings until all are known.

use super::aggregate::{self, ClusterRoles};
use super::authorizer::Rbac;
use super::binding::Binding;
use super::kind::RbacKind;
use compact_str::CompactString;
use std::collections::BTreeMap;
use tollgate_api::Value;

const GROUP: &str = "rbac.authorization.k8s.io/";

/// The roles and bindings of a cluster, on their way into an [`Rbac`]. An object replaces one of the same name.
#[derive(Debug, Clone, Default)]
pub struct RbacObjects {
    cluster_roles: ClusterRoles,
    roles: BTreeMap<(CompactString, CompactString), Value>,
    cluster_role_bindings: BTreeMap<CompactString, Binding>,
    role_bindings: BTreeMap<(CompactString, CompactString), Binding>,
}

impl RbacObjects {
    /// Adds an object of whatever kind; objects that are no part of RBAC are left out.
    pub fn add(&mut self, object: &Value) {
        if !object.str_or_empty("apiVersion").starts_with(GROUP) {
            return;
        }
        match object.str_or_empty("kind") {
            "ClusterRole" => self.add_cluster_role(object),
            "Role" => self.add_role(object),
            "ClusterRoleBinding" => self.add_cluster_role_binding(object),
            "RoleBinding" => self.add_role_binding(object),
            _ => {}
        }
    }

    /// Adds a ClusterRole, whether or not it says its kind.
    pub fn add_cluster_role(&mut self, role: &Value) {
        self.cluster_roles.insert(key(role).1, role.clone());
    }

    /// Adds a Role, whether or not it says its kind.
    pub fn add_role(&mut self, role: &Value) {
        self.roles.insert(key(role), role.clone());
    }

    /// Adds a ClusterRoleBinding, whether or not it says its kind.
    pub fn add_cluster_role_binding(&mut self, binding: &Value) {
        let binding = Binding::read(binding, "", &key(binding).1);
        self.cluster_role_bindings
            .insert(binding.name.clone(), binding);
    }

    /// Adds a RoleBinding, whether or not it says its kind.
    pub fn add_role_binding(&mut self, binding: &Value) {
        let key = key(binding);
        // Without a namespace it would read as one of the cluster.
        if !key.0.is_empty() {
            let binding = Binding::read(binding, &key.0, &key.1);
            self.role_bindings.insert(key, binding);
        }
    }

    /// Gathers the rules of aggregated roles and makes everything findable.
    pub fn build(self) -> Rbac {
        let mut rbac = Rbac::default();
        for (name, rules) in aggregate::rules_of(&self.cluster_roles) {
            rbac.put_rules(RbacKind::ClusterRole, "", &name, rules);
        }
        for ((namespace, name), role) in self.roles {
            rbac.put(RbacKind::Role, &namespace, &name, &role);
        }
        let bindings = self.cluster_role_bindings.into_values();
        for binding in bindings.chain(self.role_bindings.into_values()) {
            rbac.put_binding(binding);
        }
        rbac
    }
}

/// Namespace and name.
fn key(object: &Value) -> (CompactString, CompactString) {
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    (
        metadata.str_or_empty("namespace").into(),
        metadata.str_or_empty("name").into(),
    )
}
