//! Writing: one transaction that checks again what the request relied on, and carries all that belongs together.

use super::call::Call;
use crate::error;
use crate::storage::{Key, Record, Revision, Snapshot, Write};
use bytes::Bytes;
use std::sync::Arc;
use tollgate_api::Status;

/// A change of one object.
#[derive(Debug)]
pub(super) struct Plan {
    /// Where.
    pub(super) key: Key,
    /// The revision on which the change is built; none if nothing may be there.
    pub(super) expected: Option<Revision>,
    /// What is to be there; none for a deletion.
    pub(super) value: Option<Bytes>,
}

/// What came of a change.
#[derive(Debug)]
pub(super) enum Committed {
    /// It is durable.
    Done(Revision),
    /// Somebody was faster; this is there now.
    Moved(Option<Arc<Record>>),
}

/// Writes the change, unless something else is there than expected.
pub(super) async fn commit(call: &Call<'_>, plan: &Plan) -> Result<Committed, Status> {
    let mut moved = None;
    let mut decide = |head: &Snapshot| {
        moved = None;
        let found = head.get(plan.key.as_str());
        if found.map(|record| record.revision) != plan.expected {
            moved = Some(found.cloned());
            return Vec::new();
        }
        let key = plan.key.clone();
        vec![match &plan.value {
            Some(value) => Write::Put {
                key,
                value: value.clone(),
            },
            None => Write::Delete { key },
        }]
    };
    let receipt = call
        .api
        .store
        .transact(&mut decide)
        .map_err(|error| error::unwritable(&error))?;
    if let Some(found) = moved {
        return Ok(Committed::Moved(found));
    }
    let revision = receipt
        .durable()
        .await
        .map_err(|error| error::unwritable(&error))?;
    Ok(Committed::Done(revision))
}
