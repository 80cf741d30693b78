//! Who is exempt from Pod Security.

use compact_str::CompactString;
use std::collections::BTreeSet;

/// The users, namespaces and runtime classes that no policy applies to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exemptions {
    /// The names of users.
    pub usernames: BTreeSet<CompactString>,
    /// The names of namespaces.
    pub namespaces: BTreeSet<CompactString>,
    /// The names of runtime classes.
    pub runtime_classes: BTreeSet<CompactString>,
}

/// Why a request is exempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exemption {
    /// The namespace is.
    Namespace,
    /// The user is.
    User,
    /// The runtime class of the pod is.
    RuntimeClass,
}

impl Exemption {
    /// The text of the audit annotation `exempt`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Namespace => "namespace",
            Self::User => "user",
            Self::RuntimeClass => "runtimeClass",
        }
    }
}

impl Exemptions {
    /// Whether a namespace is exempt.
    pub fn has_namespace(&self, name: &str) -> bool {
        has(&self.namespaces, name)
    }

    /// Whether a user is exempt.
    pub fn has_user(&self, name: &str) -> bool {
        has(&self.usernames, name)
    }

    /// Whether a runtime class is exempt.
    pub fn has_runtime_class(&self, name: &str) -> bool {
        has(&self.runtime_classes, name)
    }
}

/// The empty name is nobody's.
fn has(names: &BTreeSet<CompactString>, name: &str) -> bool {
    !name.is_empty() && names.contains(name)
}
