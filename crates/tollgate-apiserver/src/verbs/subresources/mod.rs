//! Subresources whose objects are of another kind than the resource's.

mod binding;
pub mod connect;
mod eviction;
mod log;
pub mod proxy;
mod scale;
pub mod target;
mod token;

pub use binding::bind;
pub use eviction::evict;
pub use log::check_log_options;
pub use scale::{apply_scale, get_scale, patch_scale, replace_scale};
pub use token::token;

use super::answer::Answer;
use super::call::Call;
use crate::error;
use tollgate_api::status::Details;
use tollgate_api::{Operation, Status, Value};

/// Lets plugins change and judge what is sent to a subresource, before that looks at it.
async fn admit(call: &Call<'_>, object: &Value, dry_run: bool) -> Result<Value, Status> {
    let snapshot = call.api.store.snapshot();
    let review = call.review(&snapshot, Operation::Create, call.name, None, dry_run);
    let mut object = object.clone();
    call.api.admission.mutate(&review, &mut object).await?;
    let judged = review.with_object(&object);
    call.api.admission.validate(&judged).await?;
    Ok(object)
}

/// `{"status":"Success","code":201}`
fn success() -> Answer {
    let mut object = error::success_object(&Details::default());
    object.remove("details");
    object.set("code", 201_i64);
    Answer::status(201, object)
}
