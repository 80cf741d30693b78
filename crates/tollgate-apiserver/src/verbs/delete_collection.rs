//! `deletecollection`: the end of every object that a list would show.

use super::answer::Answer;
use super::call::Call;
use super::delete::{remove, warn};
use super::list::list;
use super::options::{DeleteOptions, ListOptions};
use crate::storage::Key;
use futures_util::future::join_all;
use tollgate_api::Status;
use tollgate_api::status::Reason;

/// How many objects are deleted at once: they wait for the disk together. A failure leaves what comes after its batch.
const BATCH_MAX: usize = 256;

/// Deletes what the options select, and answers with it as it was listed.
pub async fn delete_collection(
    call: &Call<'_>,
    selection: &ListOptions,
    options: &DeleteOptions,
) -> Result<Answer, Status> {
    warn(call, options);
    let Answer::List(listing) = list(call, selection)? else {
        return Err(Status::internal("a list is no list"));
    };
    for batch in listing.items.chunks(BATCH_MAX) {
        let batch = batch.iter().map(|(key, _)| delete_one(call, key, options));
        for removed in join_all(batch).await {
            removed?;
        }
    }
    Ok(Answer::List(listing))
}

/// Deletes one object; it is well if somebody else was faster.
async fn delete_one(call: &Call<'_>, key: &Key, options: &DeleteOptions) -> Result<(), Status> {
    let one = Call {
        namespace: key.namespace(),
        name: key.name(),
        ..*call
    };
    match remove(&one, options).await {
        Err(status) if status.reason != Reason::NotFound => Err(status),
        Ok(_) | Err(_) => Ok(()),
    }
}
