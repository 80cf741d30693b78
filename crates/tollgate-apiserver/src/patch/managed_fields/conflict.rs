//! Refusals of server-side apply.

use super::entries::{Entry, Operation};
use crate::patch::field_set::Path;
use std::fmt;
use tollgate_api::go_format::quote;
use tollgate_api::status::{Cause, Details};
use tollgate_api::{Reason, Status};

/// A field that somebody else manages and has another value for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The other manager, as messages name it: `"kubectl" using v1`.
    pub manager: String,
    /// The field.
    pub path: Path,
    /// Orders managers.
    id: String,
}

impl Conflict {
    pub(super) fn new(entry: &Entry, path: Path) -> Self {
        let mut manager = quote(&entry.manager);
        if !entry.subresource.is_empty() {
            manager.push_str(&format!(" with subresource {}", quote(&entry.subresource)));
        }
        if entry.operation == Operation::Update {
            manager.push_str(&format!(" using {}", entry.api_version));
        }
        Self {
            manager,
            path,
            id: entry.id(),
        }
    }

    fn field(&self) -> String {
        self.path.iter().map(ToString::to_string).collect()
    }
}

/// Why a configuration cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplyError {
    /// 400: of another kind, or with managed fields in it.
    BadRequest(String),
    /// 500: it does not fit the schema, or the object does not.
    Untyped(String),
    /// 409: fields that others manage.
    Conflicts(Vec<Conflict>),
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let conflicts = match self {
            Self::BadRequest(text) | Self::Untyped(text) => return f.write_str(text),
            Self::Conflicts(conflicts) => conflicts,
        };
        if let [conflict] = conflicts.as_slice() {
            let (manager, field) = (&conflict.manager, conflict.field());
            return write!(
                f,
                "Apply failed with 1 conflict: conflict with {manager}: {field}"
            );
        }
        write!(f, "Apply failed with {} conflicts: ", conflicts.len())?;
        let mut managers: Vec<(&str, &str)> = conflicts
            .iter()
            .map(|conflict| (conflict.id.as_str(), conflict.manager.as_str()))
            .collect();
        managers.sort_unstable();
        managers.dedup();
        for (place, (id, manager)) in managers.into_iter().enumerate() {
            let line = if place == 0 { "" } else { "\n" };
            write!(f, "{line}conflicts with {manager}:")?;
            for conflict in conflicts.iter().filter(|conflict| conflict.id == id) {
                write!(f, "\n- {}", conflict.field())?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for ApplyError {}

impl ApplyError {
    /// The answer of the server.
    pub fn status(&self) -> Status {
        match self {
            Self::BadRequest(text) => Status::bad_request(text.clone()),
            Self::Untyped(text) => Status::plain(text.clone()),
            Self::Conflicts(conflicts) => {
                let cause = |conflict: &Conflict| Cause {
                    reason: "FieldManagerConflict".to_owned(),
                    message: format!("conflict with {}", conflict.manager),
                    field: conflict.field(),
                };
                Status {
                    code: 409,
                    reason: Reason::Conflict,
                    message: self.to_string(),
                    details: Some(Box::new(Details {
                        causes: conflicts.iter().map(cause).collect(),
                        ..Details::default()
                    })),
                }
            }
        }
    }
}
