//! `get`: one object.

use super::answer::Answer;
use super::call::Call;
use super::measured;
use super::options::parse_resource_version;
use super::record::Encoded;
use crate::error;
use tollgate_api::Status;

/// Finds the object. A resourceVersion asks for a state that is not older.
pub fn get(call: &Call<'_>, resource_version: &str) -> Result<Answer, Status> {
    if let Some(measured) = measured::of(call) {
        return measured::get(call, measured);
    }
    let wanted = parse_resource_version(resource_version).map_err(|why| {
        let quoted = tollgate_api::go_format::quote(resource_version);
        Status::plain(format!("resourceVersion: Invalid value: {quoted}: {why}"))
    })?;
    let snapshot = call.api.store.snapshot();
    if wanted > snapshot.revision() {
        return Err(error::too_large_resource_version(
            wanted,
            snapshot.revision(),
        ));
    }
    let record = snapshot
        .get(call.key(call.name).as_str())
        .ok_or_else(|| error::not_found(call.group_resource(), call.name))?;
    let object = Encoded {
        value: record.value.clone(),
        revision: record.revision,
    };
    Ok(Answer::object(200, call.resource, object))
}
