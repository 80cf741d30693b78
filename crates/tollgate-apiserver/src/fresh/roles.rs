//! The roles and bindings that every cluster has.

use super::wanted::{Writer, put};
use crate::auth::rbac::bootstrap::{self, Reconciled};
use crate::storage::{Key, Snapshot, Write};
use crate::verbs::record;
use tollgate_api::Value;
use tollgate_policy::rbac::RbacKind;

/// All of them.
pub(super) fn objects() -> Vec<(RbacKind, Value)> {
    bootstrap::objects()
}

/// What is to be written so that a role or binding has at least what it has by default.
pub(super) fn settle(
    writer: &Writer<'_>,
    head: &Snapshot,
    kind: RbacKind,
    expected: &Value,
) -> Option<Write> {
    let resource = writer
        .catalog
        .resource(RbacKind::GROUP, "v1", kind.resource())?;
    let metadata = expected.get("metadata")?;
    let namespace = metadata.str_or_empty("namespace");
    let name = metadata.str_or_empty("name");
    let key = Key::new(RbacKind::GROUP, kind.resource(), namespace, name);
    let existing = head
        .get(key.as_str())
        .and_then(|record| record::parse(&record.value, 0).ok());
    match bootstrap::reconcile(kind, expected, existing.as_ref()) {
        Reconciled::Keep => None,
        Reconciled::Update(object) => Some(put(resource, key, &object)),
        Reconciled::Create(object) | Reconciled::Recreate(object) => {
            Some(writer.create(resource, key, object))
        }
    }
}
