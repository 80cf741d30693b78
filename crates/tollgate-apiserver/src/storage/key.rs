//! Keys: `<group>/<resource>/<namespace>/<name>`, in the order in which upstream lists.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// Where a record is. Group and namespace may be empty: `/pods/shop/web`, `apps/deployments/shop/web`, `/nodes//n1`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

impl Key {
    /// The key of an object.
    pub fn new(group: &str, resource: &str, namespace: &str, name: &str) -> Self {
        Self(format!("{group}/{resource}/{namespace}/{name}").into())
    }

    /// The prefix of all objects of a resource: in all namespaces if `namespace` is none.
    pub fn prefix(group: &str, resource: &str, namespace: Option<&str>) -> String {
        match namespace {
            Some(namespace) => format!("{group}/{resource}/{namespace}/"),
            None => format!("{group}/{resource}/"),
        }
    }

    /// The key that is written so.
    pub fn from_text(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part at `place`: group, resource, namespace, name.
    fn part(&self, place: usize) -> &str {
        self.0.splitn(4, '/').nth(place).unwrap_or_default()
    }

    /// The API group.
    pub fn group(&self) -> &str {
        self.part(0)
    }

    /// The plural of the resource.
    pub fn resource(&self) -> &str {
        self.part(1)
    }

    /// The namespace, or empty.
    pub fn namespace(&self) -> &str {
        self.part(2)
    }

    /// The object's name.
    pub fn name(&self) -> &str {
        self.part(3)
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
