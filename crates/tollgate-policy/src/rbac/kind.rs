//! The four kinds that RBAC is made of.

/// A kind of object that says who may do what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RbacKind {
    /// Rules for the whole cluster, or for any namespace that binds them.
    ClusterRole,
    /// Gives a ClusterRole in the whole cluster.
    ClusterRoleBinding,
    /// Rules for one namespace.
    Role,
    /// Gives a Role or a ClusterRole in one namespace.
    RoleBinding,
}

impl RbacKind {
    /// All of them, those of the cluster first.
    pub const ALL: [Self; 4] = [
        Self::ClusterRole,
        Self::ClusterRoleBinding,
        Self::Role,
        Self::RoleBinding,
    ];

    /// The API group of all four.
    pub const GROUP: &'static str = "rbac.authorization.k8s.io";

    /// The kind as objects say it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClusterRole => "ClusterRole",
            Self::ClusterRoleBinding => "ClusterRoleBinding",
            Self::Role => "Role",
            Self::RoleBinding => "RoleBinding",
        }
    }

    /// The plural, lower-case name of the resource.
    pub const fn resource(self) -> &'static str {
        match self {
            Self::ClusterRole => "clusterroles",
            Self::ClusterRoleBinding => "clusterrolebindings",
            Self::Role => "roles",
            Self::RoleBinding => "rolebindings",
        }
    }

    /// The kind whose objects are found under `resource`.
    pub fn of_resource(resource: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.resource() == resource)
    }
}
