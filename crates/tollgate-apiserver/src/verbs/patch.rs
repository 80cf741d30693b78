//! `patch`: the object that is there, changed by a document that says how.

use super::answer::Answer;
use super::call::Call;
use super::decode;
use super::metadata;
use super::options::{FieldValidation, WriteOptions};
use super::update::{check_name, update};
use crate::patch::{self, PatchError};
use tollgate_api::field::{Error, Path};
use tollgate_api::{Status, Value, json};
use tollgate_objects::schema::type_of;

/// The sorts of patches, by their media types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchType {
    /// `application/json-patch+json`
    Json,
    /// `application/merge-patch+json`
    Merge,
    /// `application/strategic-merge-patch+json`
    Strategic,
}

/// Patches the object of the request.
pub async fn patch(
    call: &Call<'_>,
    body: &[u8],
    patch_type: PatchType,
    options: &WriteOptions,
) -> Result<Answer, Status> {
    let document = json::from_slice(body).map_err(|error| {
        Status::bad_request(match patch_type {
            PatchType::Strategic => error.message,
            PatchType::Json | PatchType::Merge => format!("error decoding patch: {}", error.message),
        })
    })?;
    let validation = options.validation();
    let noted = noted(&document, patch_type);
    let mut make = |old: &Value| {
        if old.is_null() {
            return Err(crate::error::not_found(call.group_resource(), call.name));
        }
        let mut object = old.clone();
        apply(call, &mut object, &document, patch_type)?;
        finish(call, object, &document, patch_type, validation, &noted)
    };
    update(call, options, &mut make).await
}

/// What strict field validation says of the patch itself.
fn noted(document: &Value, patch_type: PatchType) -> Vec<String> {
    let mut noted = patch::duplicate_fields(document);
    if patch_type == PatchType::Json {
        noted.extend(patch::json::unknown_fields(document));
    }
    noted
}

fn apply(
    call: &Call<'_>,
    object: &mut Value,
    document: &Value,
    patch_type: PatchType,
) -> Result<(), Status> {
    let applied = match patch_type {
        PatchType::Json => patch::json::apply(object, document),
        PatchType::Merge => patch::merge::apply(object, document),
        PatchType::Strategic => match type_of(&call.resource.kind) {
            Some(of) => patch::strategic::apply(object, document, of),
            None => return Err(crate::error::unknown_patch_type()),
        },
    };
    applied.map_err(|error: PatchError| error.status())
}

/// From what the patch made to an object of the kind.
fn finish(
    call: &Call<'_>,
    mut object: Value,
    document: &Value,
    patch_type: PatchType,
    validation: FieldValidation,
    noted: &[String],
) -> Result<Value, Status> {
    let shown = match patch_type {
        PatchType::Strategic => patch::strategic::printed(document),
        PatchType::Json | PatchType::Merge => object.to_string(),
    };
    let refuse = |why: &str| {
        let error = Error::invalid(&Path::root("patch"), shown.as_str(), why);
        Status::invalid("", "", "", &[error])
    };
    decode::patched(call, &mut object, validation, noted).map_err(|why| refuse(&why))?;
    check_name(call, &object)?;
    metadata::settle_namespace(call, &mut object)?;
    Ok(object)
}
