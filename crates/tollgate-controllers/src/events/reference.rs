//! What an event is about.

use crate::driver::Cached;
use tollgate_api::Value;
use tollgate_api::value::CompactString;

/// A reference to an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Its `apiVersion`.
    pub api_version: CompactString,
    /// Its kind.
    pub kind: CompactString,
    /// Its namespace; empty if cluster-scoped.
    pub namespace: CompactString,
    /// Its name.
    pub name: CompactString,
    /// Its unique id.
    pub uid: CompactString,
    /// Its resourceVersion.
    pub resource_version: CompactString,
    /// A part of it: `spec.containers{web}`; mostly empty.
    pub field_path: CompactString,
}

impl Reference {
    /// A reference to a whole object that knows its kind.
    pub fn of(object: &Value) -> Self {
        let metadata = object.get("metadata").unwrap_or(&Value::Null);
        let text = |value: &Value, key: &str| CompactString::new(value.str_or_empty(key));
        Self {
            api_version: text(object, "apiVersion"),
            kind: text(object, "kind"),
            namespace: text(metadata, "namespace"),
            name: text(metadata, "name"),
            uid: text(metadata, "uid"),
            resource_version: text(metadata, "resourceVersion"),
            field_path: CompactString::default(),
        }
    }

    /// A reference to an object in the cache.
    pub fn to(api_version: &str, kind: &str, object: &Cached) -> Self {
        Self {
            api_version: api_version.into(),
            kind: kind.into(),
            namespace: object.meta.namespace.clone(),
            name: object.meta.name.clone(),
            uid: object.meta.uid.clone(),
            resource_version: object.revision.to_string().into(),
            field_path: CompactString::default(),
        }
    }

    /// A part of the object.
    #[must_use]
    pub fn part(mut self, field_path: impl Into<CompactString>) -> Self {
        self.field_path = field_path.into();
        self
    }

    /// As events hold it.
    pub fn to_value(&self) -> Value {
        let mut value = Value::object();
        let fields = [
            ("kind", &self.kind),
            ("namespace", &self.namespace),
            ("name", &self.name),
            ("uid", &self.uid),
            ("apiVersion", &self.api_version),
            ("resourceVersion", &self.resource_version),
            ("fieldPath", &self.field_path),
        ];
        for (key, text) in fields {
            if !text.is_empty() {
                value.set(key, text.clone());
            }
        }
        value
    }
}
