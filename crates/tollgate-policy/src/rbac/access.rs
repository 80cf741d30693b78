//! What somebody wants to do.

/// A question to an authorizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access<'a> {
    /// About objects of the API.
    Resource(ResourceAccess<'a>),
    /// About any other path of the server, such as `/healthz`.
    NonResource {
        /// The verb, a lower-case HTTP method.
        verb: &'a str,
        /// The path.
        path: &'a str,
    },
}

/// A question about objects of the API; empty texts are what does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ResourceAccess<'a> {
    /// Such as `get`, `create`, `use`.
    pub verb: &'a str,
    /// The API group; empty is the core group.
    pub group: &'a str,
    /// The plural name.
    pub resource: &'a str,
    /// Such as `scale`.
    pub subresource: &'a str,
    /// The namespace; empty for objects of the cluster and for questions about all namespaces.
    pub namespace: &'a str,
    /// The object's name; empty where none is known, as in lists.
    pub name: &'a str,
    /// The field selector as it was written; empty where there is none. Roles do not look at it.
    pub field_selector: &'a str,
}

impl Access<'_> {
    /// The namespace in which bindings count, besides those of the cluster.
    pub(super) const fn namespace(&self) -> &str {
        match self {
            Self::Resource(access) => access.namespace,
            Self::NonResource { .. } => "",
        }
    }
}
