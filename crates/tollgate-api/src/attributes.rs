//! What a request is about: the attributes that admission and authorization look at.

use crate::value::Value;
use compact_str::CompactString;
use std::collections::BTreeMap;
use std::fmt;

/// The operation of a request, as admission sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// `CREATE`
    Create,
    /// `UPDATE`, which patches are, too
    Update,
    /// `DELETE`
    Delete,
    /// `CONNECT`
    Connect,
}

impl Operation {
    /// Upstream's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
        }
    }

    /// The operation that is spelt so.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Create, Self::Update, Self::Delete, Self::Connect]
            .into_iter()
            .find(|operation| operation.as_str() == text)
    }
}

/// A resource in its group: `pods`, `deployments.apps`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct GroupResource {
    /// The API group; empty is the core group.
    pub group: CompactString,
    /// The plural, lower-case name.
    pub resource: CompactString,
}

impl GroupResource {
    /// The resource `resource` of `group`.
    pub fn new(group: impl Into<CompactString>, resource: impl Into<CompactString>) -> Self {
        Self {
            group: group.into(),
            resource: resource.into(),
        }
    }
}

impl fmt::Display for GroupResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.resource)?;
        if self.group.is_empty() {
            Ok(())
        } else {
            write!(f, ".{}", self.group)
        }
    }
}

/// A kind in its group and version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct GroupVersionKind {
    /// The API group; empty is the core group.
    pub group: CompactString,
    /// Such as `v1`.
    pub version: CompactString,
    /// Such as `Pod`.
    pub kind: CompactString,
}

impl GroupVersionKind {
    /// The kind `kind` of what `apiVersion` says (`v1`, `apps/v1`).
    pub fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self {
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
        }
    }

    /// The kind of an object, from its `apiVersion` and `kind`.
    pub fn of(object: &Value) -> Self {
        Self::new(
            object.str_or_empty("apiVersion"),
            object.str_or_empty("kind"),
        )
    }

    /// The text of an object's `apiVersion` field.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserInfo {
    /// The user's name; a service account is `system:serviceaccount:<namespace>:<name>`.
    pub name: CompactString,
    /// The user's unique id, or empty.
    pub uid: CompactString,
    /// The groups the user is in.
    pub groups: Vec<CompactString>,
    /// What else the authenticator knows of the user, such as the id of the credential.
    pub extra: BTreeMap<CompactString, Vec<CompactString>>,
}

impl UserInfo {
    /// A service account with the groups that every service account is in.
    pub fn service_account(namespace: &str, name: &str) -> Self {
        Self {
            name: format!("system:serviceaccount:{namespace}:{name}").into(),
            uid: CompactString::default(),
            groups: vec![
                "system:serviceaccounts".into(),
                format!("system:serviceaccounts:{namespace}").into(),
                "system:authenticated".into(),
            ],
            extra: BTreeMap::new(),
        }
    }
}

/// One request as admission sees it. Everything is borrowed: a review copies nothing.
#[derive(Debug, Clone, Copy)]
pub struct Attributes<'a> {
    /// What is to be done.
    pub operation: Operation,
    /// To which resource.
    pub resource: &'a GroupResource,
    /// To which subresource, or `""`.
    pub subresource: &'a str,
    /// In which namespace; `""` for cluster-scoped resources.
    pub namespace: &'a str,
    /// The object's name; `""` while only `generateName` is known.
    pub name: &'a str,
    /// Who asks; none in some internal requests.
    pub user: Option<&'a UserInfo>,
    /// The object as it would be stored; none on delete.
    pub object: Option<&'a Value>,
    /// The object as it is stored; none on create.
    pub old_object: Option<&'a Value>,
    /// Whether nothing is to be written.
    pub dry_run: bool,
}

impl<'a> Attributes<'a> {
    /// The name under which a refusal speaks of the object: its own, else what it is to be generated from, else
    /// `Unknown`.
    pub fn printed_name(&self) -> &'a str {
        if !self.name.is_empty() {
            return self.name;
        }
        let metadata = self.object.and_then(|object| object.get("metadata"));
        ["name", "generateName"]
            .into_iter()
            .filter_map(|key| metadata?.str(key))
            .find(|name| !name.is_empty())
            .unwrap_or("Unknown")
    }
}
