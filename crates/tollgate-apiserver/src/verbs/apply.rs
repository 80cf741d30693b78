//! Server-side apply: the object with all that the client says of it, made if it is not there.

use super::answer::Answer;
use super::call::Call;
use super::managers;
use super::metadata;
use super::options::{FieldValidation, WriteOptions};
use super::patched::{Made, patched};
use super::update::{Update, check_name, update};
use crate::error;
use crate::patch::managed_fields;
use tollgate_api::{Status, Value};

/// Reads the configuration in a body, and tells of keys that stand in it twice.
pub(super) fn read_applied(
    call: &Call<'_>,
    body: &[u8],
    options: &WriteOptions,
) -> Result<Value, Status> {
    let read = (call.api.read_yaml)(body).map_err(|why| {
        Status::bad_request(format!(
            "error decoding YAML: error converting YAML to JSON: {why}"
        ))
    })?;
    if options.validation() == FieldValidation::Strict && !read.duplicates.is_empty() {
        let why = read.duplicates.join(", ");
        return Err(Status::bad_request(format!(
            "error strict decoding YAML: {why}"
        )));
    }
    if options.validation() == FieldValidation::Warn {
        for duplicate in read.duplicates {
            call.warnings.add(duplicate);
        }
    }
    Ok(read.tree)
}

/// Applies the configuration in the body.
pub async fn apply(call: &Call<'_>, body: &[u8], options: &WriteOptions) -> Result<Answer, Status> {
    let applied = read_applied(call, body, options)?;
    let mut make = |old: &Value| make(call, options, old, &applied);
    let how = Update {
        tracks: false,
        creates: call.subresource.is_empty(),
    };
    update(call, options, how, &mut make).await
}

fn make(
    call: &Call<'_>,
    options: &WriteOptions,
    old: &Value,
    applied: &Value,
) -> Result<Value, Status> {
    let live = (!old.is_null()).then_some(old);
    let uid = metadata::text(applied, "uid");
    if live.is_none() && !uid.is_empty() {
        let why = format!(
            "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
        );
        return Err(error::conflict(call.group_resource(), call.name, &why));
    }
    let mut object = managers::apply(call, options, live, applied)?;
    // Only then: what is applied to an object that is there need not say its name.
    check_name(call, &object)?;
    if live.is_none() {
        let metadata = object.child_mut("metadata");
        metadata.set("name", call.name);
        metadata.remove("resourceVersion");
    }
    let validation = options.validation();
    patched(call, &mut object, Made::Tree, validation, &[]).map_err(|why| {
        let kind = &call.resource.kind;
        let name = managed_fields::name_of(applied, kind);
        let (kind, version) = (&kind.kind, kind.api_version());
        Status::plain(format!(
            "failed to convert new object ({name}) to proper version: unable to convert unstructured object to {version}, Kind={kind}: {why}"
        ))
    })?;
    metadata::settle_namespace(call, &mut object)?;
    Ok(object)
}
