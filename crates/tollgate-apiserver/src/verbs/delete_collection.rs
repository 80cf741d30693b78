//! `deletecollection`: the end of every object that a list would show.

use super::answer::{Answer, Listing};
use super::call::Call;
use super::delete::remove;
use super::list::list;
use super::options::{DeleteOptions, ListOptions};
use crate::storage::{Mark, Record};
use std::sync::Arc;
use tollgate_api::Status;
use tollgate_api::status::Reason;

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
    for (key, _) in &listing.items {
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
                items.push((key.clone(), Arc::new(record)));
            }
            // Somebody else was faster.
            Err(status) if status.reason == Reason::NotFound => {}
            Err(status) => return Err(status),
        }
    }
    Ok(Answer::List(Listing { items, ..listing }))
}
