//! The entries of `metadata.managedFields`.

use crate::patch::field_set::Set;
use std::collections::BTreeMap;
use thiserror::Error;
use tollgate_api::value::CompactString;
use tollgate_api::{Timestamp, Value, json};

/// What an entry came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    Apply,
    Update,
}

impl Operation {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Update => "Update",
        }
    }
}

/// One manager and its fields.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) manager: CompactString,
    pub(super) operation: Operation,
    /// The version at which the fields are named.
    pub(super) api_version: CompactString,
    pub(super) subresource: CompactString,
    pub(super) time: Option<CompactString>,
    pub(super) fields: Set,
}

impl Entry {
    /// What tells entries apart and orders them where nothing else does: upstream's text, which is JSON. For those who
    /// apply, the version does not matter.
    pub(super) fn id(&self) -> String {
        let mut id = Value::object();
        if !self.manager.is_empty() {
            id.set("manager", self.manager.clone());
        }
        id.set("operation", self.operation.as_str());
        if self.operation == Operation::Update {
            id.set("apiVersion", self.api_version.clone());
        }
        if !self.subresource.is_empty() {
            id.set("subresource", self.subresource.clone());
        }
        json::to_string(&id)
    }

    pub(super) fn seconds(&self) -> i64 {
        let time = self.time.as_deref().and_then(Timestamp::parse);
        time.map_or(0, Timestamp::unix_seconds)
    }

    fn value(&self) -> Value {
        let mut value = Value::object();
        if !self.manager.is_empty() {
            value.set("manager", self.manager.clone());
        }
        value.set("operation", self.operation.as_str());
        value.set("apiVersion", self.api_version.clone());
        if let Some(time) = &self.time {
            value.set("time", time.clone());
        }
        value.set("fieldsType", "FieldsV1");
        value.set("fieldsV1", self.fields.to_fields());
        if !self.subresource.is_empty() {
            value.set("subresource", self.subresource.clone());
        }
        value
    }
}

/// All entries of an object, by [`Entry::id`].
pub(super) type Entries = BTreeMap<String, Entry>;

/// Entries that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum EntriesError {
    #[error("operation must be `Apply` or `Update`")]
    Operation,
    #[error("apiVersion must not be empty")]
    Version,
    #[error("missing fieldsType in managed fields entry {0}")]
    NoFieldsType(usize),
    #[error("invalid fieldsType {fields_type} in managed fields entry {index}")]
    FieldsType { fields_type: String, index: usize },
    #[error("error decoding versioned set: error decoding set: {0}")]
    Fields(String),
}

/// The list `metadata.managedFields`, if there is one.
pub(super) fn list_of(object: &Value) -> Option<&[Value]> {
    object.at(&["metadata", "managedFields"])?.as_array()
}

/// Reads the entries of an object.
pub(super) fn read(object: &Value) -> Result<Entries, EntriesError> {
    let mut entries = Entries::new();
    for (index, value) in list_of(object).unwrap_or_default().iter().enumerate() {
        let operation = match value.str_or_empty("operation") {
            "Apply" => Operation::Apply,
            "Update" => Operation::Update,
            _ => return Err(EntriesError::Operation),
        };
        let api_version = value.str_or_empty("apiVersion");
        if api_version.is_empty() {
            return Err(EntriesError::Version);
        }
        match value.str_or_empty("fieldsType") {
            "FieldsV1" => {}
            "" => return Err(EntriesError::NoFieldsType(index)),
            other => {
                let fields_type = tollgate_api::go_format::quote(other);
                return Err(EntriesError::FieldsType { fields_type, index });
            }
        }
        let fields = match value.get("fieldsV1") {
            Some(fields) => {
                Set::from_fields(fields).map_err(|error| EntriesError::Fields(error.to_string()))?
            }
            None => Set::default(),
        };
        let entry = Entry {
            manager: value.str_or_empty("manager").into(),
            operation,
            api_version: api_version.into(),
            subresource: value.str_or_empty("subresource").into(),
            time: value.str("time").map(CompactString::from),
            fields,
        };
        entries.insert(entry.id(), entry);
    }
    Ok(entries)
}

/// Writes the entries into an object in upstream's order; none leave no list.
pub(super) fn write(object: &mut Value, entries: Entries) {
    let mut entries: Vec<Entry> = entries.into_values().collect();
    entries.sort_by(|a, b| {
        let key = |entry: &Entry| (entry.operation, entry.seconds());
        key(a)
            .cmp(&key(b))
            .then_with(|| a.manager.cmp(&b.manager))
            .then_with(|| a.api_version.cmp(&b.api_version))
            .then_with(|| a.subresource.cmp(&b.subresource))
    });
    if entries.is_empty() {
        clear(object);
        return;
    }
    let list: Vec<Value> = entries.iter().map(Entry::value).collect();
    object.child_mut("metadata").set("managedFields", list);
}

/// Takes the entries out of an object.
pub(super) fn clear(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata") {
        metadata.remove("managedFields");
    }
}
