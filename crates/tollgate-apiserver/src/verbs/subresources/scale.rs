//! `scale`: how many, of whatever kind.

use crate::crd;
use crate::error;
use crate::patch::field_set::PathElement;
use crate::patch::managed_fields::{scale_from_parent, scale_to_parent};
use crate::table::selector;
use crate::verbs::apply::read_applied;
use crate::verbs::managers;
use crate::verbs::options::WriteOptions;
use crate::verbs::patch::{PatchType, patched_document};
use crate::verbs::update::check_name;
use crate::verbs::{Answer, Call, Update, convert, record, update};
use tollgate_api::field::{Error, Path};
use tollgate_api::{GroupVersionKind, Status, Value};
use tollgate_objects::schema;

fn kind() -> GroupVersionKind {
    GroupVersionKind::new("autoscaling/v1", "Scale")
}

/// The scale of an object: where its numbers are, the definition of a custom kind says.
fn scale_of(call: &Call<'_>, object: &Value) -> Value {
    let custom = crd::custom_of(call.resource).and_then(|custom| custom.scale.as_ref());
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    let mut scale = Value::object();
    scale.set("kind", "Scale");
    scale.set("apiVersion", "autoscaling/v1");
    for key in [
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "creationTimestamp",
    ] {
        if let Some(value) = metadata.get(key) {
            scale.child_mut("metadata").set(key, value.clone());
        }
    }
    let (wanted, found) = match custom {
        Some(paths) => (paths.wanted(object), paths.found(object)),
        None => (
            object.at(&["spec", "replicas"]),
            object.at(&["status", "replicas"]),
        ),
    };
    let number = |found: Option<&Value>| found.cloned().unwrap_or_else(|| 0_i64.into());
    scale.child_mut("spec").set("replicas", number(wanted));
    scale.child_mut("status").set("replicas", number(found));
    let selector = match custom {
        Some(paths) => paths.selector(object).unwrap_or_default().to_owned(),
        None => selector_text(object.at(&["spec", "selector"]).unwrap_or(&Value::Null)),
    };
    if !selector.is_empty() {
        scale.child_mut("status").set("selector", selector);
    }
    scale
}

/// The selector of a built-in kind as text; that of a replication controller is plain labels.
fn selector_text(selector: &Value) -> String {
    let is_set =
        selector.get("matchLabels").is_some() || selector.get("matchExpressions").is_some();
    if is_set {
        // What is no selector was refused when it was written.
        return selector::text(selector).unwrap_or_default();
    }
    selector::of_labels(Some(selector))
}

fn answer(scale: Value) -> Answer {
    Answer::Other {
        code: 200,
        kind: kind(),
        object: scale,
    }
}

/// Upstream has no scale of a custom object that does not say how many are wanted.
fn checked(call: &Call<'_>, object: &Value) -> Result<(), Status> {
    let custom = crd::custom_of(call.resource).and_then(|custom| custom.scale.as_ref());
    match custom {
        Some(paths) if paths.wanted(object).is_none() => Err(Status::internal(format!(
            "the spec replicas field \"{}\" does not exist",
            paths.wanted_path()
        ))),
        _ => Ok(()),
    }
}

/// `get`
pub async fn get_scale(call: &Call<'_>) -> Result<Answer, Status> {
    let snapshot = call.api.store.snapshot();
    let record = snapshot
        .get(call.key(call.name).as_str())
        .ok_or_else(|| error::not_found(call.group_resource(), call.name))?;
    let stored = record::parse(&record.value, record.revision)?;
    let object = convert::served(call.api, call.resource, stored).await?;
    checked(call, &object)?;
    Ok(answer(scale_of(call, &object)))
}

/// `update`
pub async fn replace_scale(
    call: &Call<'_>,
    scale: &Value,
    options: &WriteOptions,
) -> Result<Answer, Status> {
    check_name(call, scale)?;
    write(call, options, &mut |_| Ok(scale.clone())).await
}

/// `patch`
pub async fn patch_scale(
    call: &Call<'_>,
    body: &[u8],
    patch_type: PatchType,
    options: &WriteOptions,
) -> Result<Answer, Status> {
    let document = patched_document(body, patch_type)?;
    write(call, options, &mut |scale| {
        let mut scale = scale.clone();
        document.apply(&mut scale, &kind())?;
        let shown = scale.to_string();
        let problems = schema::decode(&kind(), &mut scale);
        let fatal = problems
            .iter()
            .find(|problem| problem.kind == schema::ProblemKind::Undecodable);
        if let Some(problem) = fatal {
            let path = Path::root("patch");
            let error = Error::invalid(&path, shown.as_str(), problem.message.as_str());
            return Err(Status::invalid("", "", "", &[error]));
        }
        Ok(scale)
    })
    .await
}

/// Server-side apply: who manages the number of replicas manages it in the resource itself, too.
pub async fn apply_scale(
    call: &Call<'_>,
    body: &[u8],
    options: &WriteOptions,
) -> Result<Answer, Status> {
    let applied = read_applied(call, body, options)?;
    let custom = crd::custom_of(call.resource).and_then(|custom| custom.scale.as_ref());
    let path: Vec<PathElement> = match custom {
        Some(paths) => paths.wanted_names().map(PathElement::field).collect(),
        None => ["spec", "replicas"].map(PathElement::field).to_vec(),
    };
    let replicas = |_: &str| Some(path.clone());
    let mut change = |parent: &mut Value, mut scale: Value| {
        scale_from_parent(parent, &mut scale, &replicas);
        let scale = managers::apply_scale(call, options, &kind(), &scale, &applied)?;
        check_name(call, &scale)?;
        scale_to_parent(parent, &scale, &call.resource.kind.api_version(), &replicas);
        Ok(scale)
    };
    write_tracked(call, options, Update::PLAIN, &mut change).await
}

/// What makes the new scale of the old one, and may change its object.
type Change<'c> = dyn FnMut(&mut Value, Value) -> Result<Value, Status> + Send + 'c;

async fn write(
    call: &Call<'_>,
    options: &WriteOptions,
    change: &mut (dyn FnMut(&Value) -> Result<Value, Status> + Send),
) -> Result<Answer, Status> {
    let mut change = |_: &mut Value, scale: Value| change(&scale);
    write_tracked(call, options, Update::TRACKED, &mut change).await
}

async fn write_tracked(
    call: &Call<'_>,
    options: &WriteOptions,
    how: Update,
    change: &mut Change<'_>,
) -> Result<Answer, Status> {
    let of_parent = Call {
        subresource: "scale",
        ..*call
    };
    let mut make = |object: &Value| {
        if object.is_null() {
            return Err(error::not_found(call.group_resource(), call.name));
        }
        let mut changed = object.clone();
        let scale = change(&mut changed, scale_of(call, object))?;
        let replicas = scale
            .at(&["spec", "replicas"])
            .and_then(Value::as_i64)
            .unwrap_or_default();
        // Custom kinds say so of their own field.
        if replicas < 0 && !call.resource.is_custom() {
            let path = Path::root("spec");
            let why = "must be greater than or equal to 0";
            let error = Error::invalid(&path.child("replicas"), replicas, why);
            return Err(Status::invalid("autoscaling", "Scale", call.name, &[error]));
        }
        let mut object = changed;
        match crd::custom_of(call.resource).and_then(|custom| custom.scale.as_ref()) {
            Some(paths) => paths.set_wanted(&mut object, replicas),
            None => object.child_mut("spec").set("replicas", replicas),
        }
        let version = scale.at(&["metadata", "resourceVersion"]).cloned();
        object.child_mut("metadata").set("resourceVersion", version);
        Ok(object)
    };
    let done = update(&of_parent, options, how, &mut make).await?;
    match done {
        Answer::Object { object, .. } => {
            let object = convert::served(call.api, call.resource, object.parse()?).await?;
            Ok(answer(scale_of(call, &object)))
        }
        other => Ok(other),
    }
}
