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
pub use scale::{get_scale, patch_scale, replace_scale};
pub use token::token;

use super::answer::Answer;
use crate::error;
use tollgate_api::status::Details;

/// `{"status":"Success","code":201}`
fn success() -> Answer {
    let mut object = error::success_object(&Details::default());
    object.remove("details");
    object.set("code", 201_i64);
    Answer::status(201, object)
}
