//! Bindings: to whom a role is given.

use compact_str::{CompactString, format_compact};
use std::fmt;
use tollgate_api::go_format::quote;
use tollgate_api::{UserInfo, Value};

/// Somebody to whom a role is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A user by name.
    User(CompactString),
    /// All users of a group.
    Group(CompactString),
    /// A service account.
    ServiceAccount {
        /// Its namespace: of the binding, if the subject names none.
        namespace: CompactString,
        /// Its name.
        name: CompactString,
        /// The name as which it makes requests.
        user: CompactString,
    },
}

impl Subject {
    /// Reads a member of a binding's `subjects`; `namespace` is that of the binding. None if it can be nobody.
    fn read(subject: &Value, namespace: &str) -> Option<Self> {
        let name = subject.str_or_empty("name");
        match subject.str_or_empty("kind") {
            "User" => Some(Self::User(name.into())),
            "Group" => Some(Self::Group(name.into())),
            "ServiceAccount" => {
                let own = subject.str_or_empty("namespace");
                let namespace = if own.is_empty() { namespace } else { own };
                (!namespace.is_empty()).then(|| Self::ServiceAccount {
                    namespace: namespace.into(),
                    name: name.into(),
                    user: format_compact!("system:serviceaccount:{namespace}:{name}"),
                })
            }
            _ => None,
        }
    }

    /// Whether `user` is meant.
    pub fn is(&self, user: &UserInfo) -> bool {
        match self {
            Self::User(name) | Self::ServiceAccount { user: name, .. } => *name == user.name,
            Self::Group(name) => user.groups.contains(name),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => write!(f, "User {}", quote(name)),
            Self::Group(name) => write!(f, "Group {}", quote(name)),
            Self::ServiceAccount {
                namespace, name, ..
            } => write!(
                f,
                "ServiceAccount {}",
                quote(&format!("{name}/{namespace}"))
            ),
        }
    }
}

/// A RoleBinding, or a ClusterRoleBinding, which has no namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Empty for a ClusterRoleBinding.
    pub namespace: CompactString,
    /// Its name.
    pub name: CompactString,
    /// `Role` or `ClusterRole`.
    pub role_kind: CompactString,
    /// The name of the role that is given.
    pub role_name: CompactString,
    /// To whom.
    pub subjects: Vec<Subject>,
}

impl Binding {
    /// Reads a binding; `namespace` is empty for one of the cluster.
    pub(super) fn read(binding: &Value, namespace: &str, name: &str) -> Self {
        let role = binding.get("roleRef").unwrap_or(&Value::Null);
        let subjects = binding.items("subjects").iter();
        Self {
            namespace: namespace.into(),
            name: name.into(),
            role_kind: role.str_or_empty("kind").into(),
            role_name: role.str_or_empty("name").into(),
            subjects: subjects
                .filter_map(|subject| Subject::read(subject, namespace))
                .collect(),
        }
    }

    /// Upstream's description of the grant to `user`: `RoleBinding "web/shop" of Role "r" to User "sam"`.
    pub fn describe(&self, user: &UserInfo) -> String {
        let (kind, name) = if self.namespace.is_empty() {
            ("ClusterRoleBinding", self.name.to_string())
        } else {
            ("RoleBinding", format!("{}/{}", self.name, self.namespace))
        };
        let mut text = format!(
            "{kind} {} of {} {}",
            quote(&name),
            self.role_kind,
            quote(&self.role_name)
        );
        if let Some(subject) = self.subjects.iter().find(|subject| subject.is(user)) {
            text.push_str(" to ");
            text.push_str(&subject.to_string());
        }
        text
    }
}
