//! The end of objects whose time is over: without admission, as nobody asks for it.

use super::call::Call;
use super::commit::{Plan, commit};
use super::record;
use super::services::Allocation;
use crate::storage::Revision;
use tollgate_api::Status;

/// Removes the object of the request if it is still at that revision. What it cost is given back.
pub async fn expire(call: &Call<'_>, revision: Revision) -> Result<(), Status> {
    let key = call.key(call.name);
    let snapshot = call.api.store.snapshot();
    let found = snapshot.get(key.as_str());
    let Some(found) = found.filter(|found| found.revision == revision) else {
        return Ok(());
    };
    let stored = record::parse(&found.value, revision)?;
    let plan = Plan {
        key,
        expected: Some(revision),
        old: Some(&stored),
        new: None,
        value: None,
        enforced: false,
        allocation: Allocation::default(),
    };
    commit(call, &plan).await.map(|_| ())
}
