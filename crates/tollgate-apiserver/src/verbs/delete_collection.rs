//! `deletecollection`: the end of every object that a list would show.

use super::answer::{Answer, Listing};
use super::call::Call;
use super::delete::remove;
use super::list::list;
use super::options::{DeleteOptions, ListOptions};
use crate::storage::{Key, Mark, Record};
use futures_util::future::join_all;
use std::sync::Arc;
use tollgate_api::Status;
use tollgate_api::status::Reason;

/// How many objects are deleted at once: they wait for the disk together. A failure leaves what comes after its batch.
const BATCH_MAX: usize = 256;

/// Deletes what the options select, and answers with it.
pub async fn delete_collection(
    call: &Call<'_>,
    selection: &ListOptions,
    options: &DeleteOptions,
) -> Result<Answer, Status> {
    let Answer::List(listing) = list(call, selection)? else {
        return Err(Status::internal("a list is no list"));
    };
    let mut items = Vec::with_capacity(listing.items.len());
    for batch in listing.items.chunks(BATCH_MAX) {
        let batch = batch.iter().map(|(key, _)| delete_one(call, key, options));
        for removed in join_all(batch).await {
            items.extend(removed?);
        }
    }
    Ok(Answer::List(Listing { items, ..listing }))
}

/// Deletes one object and gives it as it was last; none if somebody else was faster.
async fn delete_one(
    call: &Call<'_>,
    key: &Key,
    options: &DeleteOptions,
) -> Result<Option<(Key, Arc<Record>)>, Status> {
    let one = Call {
        namespace: key.namespace(),
        name: key.name(),
        ..*call
    };
    match remove(&one, options).await {
        Ok(removed) => {
            let record = Record {
                value: removed.object.value,
                revision: removed.object.revision,
                created: removed.object.revision,
                mark: Mark::default(),
            };
            Ok(Some((key.clone(), Arc::new(record))))
        }
        Err(status) if status.reason == Reason::NotFound => Ok(None),
        Err(status) => Err(status),
    }
}
