//! Writing: one transaction that checks again what the request relied on, and carries all that belongs together: the
//! object, and the usage of every quota that it touches.

use super::call::Call;
use super::record;
use super::services::Allocation;
use crate::error;
use crate::quota::{Charged, Entry};
use crate::storage::{Key, Receipt, Record, Revision, Snapshot, Write};
use bytes::Bytes;
use std::sync::Arc;
use tollgate_api::{Attributes, Operation, Status, Value};

/// A change of one object.
#[derive(Debug)]
pub(super) struct Plan<'p> {
    /// Where.
    pub(super) key: Key,
    /// The revision on which the change is built; none if nothing may be there.
    pub(super) expected: Option<Revision>,
    /// The object as it is, in the stored version.
    pub(super) old: Option<&'p Value>,
    /// The object as it is to be, in the stored version; none for a deletion.
    pub(super) new: Option<&'p Value>,
    /// The bytes of the new object.
    pub(super) value: Option<Bytes>,
    /// Whether a quota may refuse the change.
    pub(super) enforced: bool,
    /// What a service takes and gives back.
    pub(super) allocation: Allocation,
}

/// What came of a change.
#[derive(Debug)]
pub(super) enum Committed {
    /// It is durable: the object as it was written, if one was.
    Done(Revision, Option<Bytes>),
    /// Somebody was faster; this is there now.
    Moved(Option<Arc<Record>>),
    /// Somebody has the address or the port that was to be taken.
    Taken,
}

/// Writes the change, unless something else is there than expected or a quota has no room for it.
pub(super) async fn commit(call: &Call<'_>, plan: &Plan<'_>) -> Result<Committed, Status> {
    let (committed, receipt) = begin(call, plan)?;
    match committed {
        Committed::Done(_, value) => {
            let revision = receipt.durable().await;
            let revision = revision.map_err(|error| error::unwritable(&error))?;
            Ok(Committed::Done(revision, value))
        }
        other => Ok(other),
    }
}

/// The same without waiting: the change is in order, but may not be durable yet.
pub(super) fn begin(call: &Call<'_>, plan: &Plan<'_>) -> Result<(Committed, Receipt), Status> {
    let mut outcome = Err(Status::internal("nothing was decided"));
    let mut decide = |head: &Snapshot| {
        let (writes, decided) = decide(call, plan, head);
        outcome = decided;
        writes
    };
    let receipt = call
        .api
        .store
        .transact(&mut decide)
        .map_err(|error| error::unwritable(&error))?;
    let committed = match outcome? {
        Committed::Done(_, value) => Committed::Done(receipt.revision(), value),
        other => other,
    };
    Ok((committed, receipt))
}

fn decide(
    call: &Call<'_>,
    plan: &Plan<'_>,
    head: &Snapshot,
) -> (Vec<Write>, Result<Committed, Status>) {
    let found = head.get(plan.key.as_str());
    if plan.expected.is_some() && found.map(|record| record.revision) != plan.expected {
        return (Vec::new(), Ok(Committed::Moved(found.cloned())));
    }
    if !plan.allocation.holds(head, &plan.key) {
        return (Vec::new(), Ok(Committed::Taken));
    }
    // A quota is heard before the store says that the name is taken.
    let charged = match charge(call, plan, head, false) {
        Ok(charged) => charged,
        Err(status) => return (Vec::new(), Err(status)),
    };
    if plan.expected.is_none() && found.is_some() {
        call.api.quotas.forget(call.namespace);
        return (Vec::new(), Ok(Committed::Moved(found.cloned())));
    }
    let mut value = plan.value.clone();
    if let Some(object) = charged.object {
        value = Some(record::encode(&call.resource.storage_kind, &object));
    }
    let key = plan.key.clone();
    let mut writes = charged.writes;
    writes.extend(plan.allocation.writes.iter().cloned());
    writes.push(match &value {
        Some(value) => Write::Put {
            key,
            value: value.clone(),
        },
        None => Write::Delete { key },
    });
    (writes, Ok(Committed::Done(0, value)))
}

/// Whether quotas would let a change pass that is not written.
pub(super) fn rehearse(call: &Call<'_>, plan: &Plan<'_>) -> Result<(), Status> {
    let head = call.api.store.snapshot();
    charge(call, plan, &head, true).map(|_| ())
}

fn charge(
    call: &Call<'_>,
    plan: &Plan<'_>,
    head: &Snapshot,
    dry_run: bool,
) -> Result<Charged, Status> {
    if !call.resource.namespaced || !call.api.admission.resource_quota {
        return Ok(Charged::default());
    }
    let operation = match (plan.old, plan.new) {
        (None, _) => Operation::Create,
        (Some(_), Some(_)) => Operation::Update,
        (Some(_), None) => Operation::Delete,
    };
    let entry = Entry {
        attributes: Attributes {
            operation,
            resource: &call.resource.storage,
            subresource: call.subresource,
            namespace: call.namespace,
            name: plan.key.name(),
            user: Some(call.user),
            object: plan.new,
            old_object: plan.old,
            dry_run,
        },
        enforced: plan.enforced,
    };
    let catalog = call.api.catalog.load();
    call.api
        .quotas
        .charge(head, &catalog, &entry, call.api.release)
}
