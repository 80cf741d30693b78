//! `patch`: the object that is there, changed by a document that says how.

use super::answer::Answer;
use super::call::Call;
use super::metadata;
use super::options::{FieldValidation, WriteOptions};
use super::owners;
use super::patched::{Made, patched};
use super::update::{Update, check_name, update};
use crate::patch::{self, PatchError};
use tollgate_api::field::{Error, Path};
use tollgate_api::{GroupVersionKind, Status, Value, json};
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

/// A patch that has been read.
#[derive(Debug)]
pub(super) struct Document {
    value: Value,
    patch_type: PatchType,
}

/// Reads the body of a patch.
pub(super) fn patched_document(body: &[u8], patch_type: PatchType) -> Result<Document, Status> {
    let value = json::from_slice(body).map_err(|error| {
        Status::bad_request(match patch_type {
            PatchType::Strategic => error.message,
            PatchType::Json | PatchType::Merge => {
                format!("error decoding patch: {}", error.message)
            }
        })
    })?;
    Ok(Document { value, patch_type })
}

impl Document {
    /// Changes an object of `kind`.
    pub(super) fn apply(&self, object: &mut Value, kind: &GroupVersionKind) -> Result<(), Status> {
        let document = &self.value;
        let applied = match self.patch_type {
            PatchType::Json => patch::json::apply(object, document),
            PatchType::Merge => patch::merge::apply(object, document),
            PatchType::Strategic => match type_of(kind) {
                Some(of) => patch::strategic::apply(object, document, of),
                None => return Err(crate::error::unknown_patch_type()),
            },
        };
        applied.map_err(|error: PatchError| error.status())
    }

    /// What strict field validation says of the patch itself.
    fn noted(&self) -> Vec<String> {
        let mut noted = patch::duplicate_fields(&self.value);
        if self.patch_type == PatchType::Json {
            noted.extend(patch::json::unknown_fields(&self.value));
        }
        noted
    }
}

/// Patches the object of the request.
pub async fn patch(
    call: &Call<'_>,
    body: &[u8],
    patch_type: PatchType,
    options: &WriteOptions,
) -> Result<Answer, Status> {
    let document = patched_document(body, patch_type)?;
    let noted = document.noted();
    let mut make = |old: &Value| {
        if old.is_null() {
            return Err(crate::error::not_found(call.group_resource(), call.name));
        }
        let mut object = old.clone();
        document.apply(&mut object, &call.resource.kind)?;
        finish(call, object, &document, options.validation(), &noted)
    };
    update(call, options, Update::TRACKED, &mut make).await
}

/// From what the patch made to an object of the kind.
fn finish(
    call: &Call<'_>,
    mut object: Value,
    document: &Document,
    validation: FieldValidation,
    noted: &[String],
) -> Result<Value, Status> {
    let shown = match document.patch_type {
        PatchType::Strategic => patch::strategic::printed(&document.value),
        PatchType::Json | PatchType::Merge => object.to_string(),
    };
    let refuse = |why: &str| {
        let error = Error::invalid(&Path::root("patch"), shown.as_str(), why);
        Status::invalid("", "", "", &[error])
    };
    let made = match document.patch_type {
        PatchType::Strategic => Made::Tree,
        PatchType::Json | PatchType::Merge => Made::Text,
    };
    patched(call, &mut object, made, validation, noted).map_err(|why| refuse(&why))?;
    check_name(call, &object)?;
    owners::settle_patched(call, &mut object);
    metadata::settle_namespace(call, &mut object)?;
    Ok(object)
}
