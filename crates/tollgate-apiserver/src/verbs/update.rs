//! `update`: another object in the place of one. Patches come here, too, once they have made the object.

use super::answer::Answer;
use super::call::Call;
use super::commit::{Committed, Plan, commit, rehearse};
use super::metadata;
use super::options::{WriteOptions, parse_resource_version};
use super::record::{self, Encoded};
use super::rules::Rules;
use super::{managers, owners, prepare, services, validate};
use crate::error;
use crate::patch::managed_fields::same_but_for_times;
use crate::quota;
use crate::storage::Record;
use std::sync::Arc;
use tollgate_api::field::{Error, Path};
use tollgate_api::{Operation, Status, Value};
use tollgate_objects::warnings;

/// How often a change is made anew because somebody was faster.
const ATTEMPTS_MAX: usize = 64;

/// How an update is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Update {
    /// Whether the change is noted in the managed fields.
    pub tracks: bool,
    /// Whether an object that is not there is made, whatever its kind.
    pub creates: bool,
}

impl Update {
    /// A change by a client.
    pub const TRACKED: Self = Self {
        tracks: true,
        creates: false,
    };
    /// A change by the server, or one whose managed fields are settled.
    pub const PLAIN: Self = Self {
        tracks: false,
        creates: false,
    };
}

/// What makes the new object from the one that is there.
pub(super) type Make<'m> = dyn FnMut(&Value) -> Result<Value, Status> + Send + 'm;

/// Replaces an object by one that the client sends whole (PUT).
pub async fn replace(
    call: &Call<'_>,
    mut object: Value,
    options: &WriteOptions,
) -> Result<Answer, Status> {
    metadata::settle_namespace(call, &mut object)?;
    check_name(call, &object)?;
    let uid = metadata::text(&object, "uid").to_owned();
    let mut make = |old: &Value| {
        let found = metadata::text(old, "uid");
        if !uid.is_empty() && uid != found {
            return Err(other_uid(call, &uid, found, options.is_dry_run()));
        }
        Ok(object.clone())
    };
    update(call, options, Update::TRACKED, &mut make).await
}

/// The name in the body must be that of the path.
pub(super) fn check_name(call: &Call<'_>, object: &Value) -> Result<(), Status> {
    let (wanted, found) = (call.name, metadata::name(object));
    if found.is_empty() {
        return Err(Status::bad_request(format!(
            "the name of the object ({wanted} based on URL) was undeterminable: name must be provided"
        )));
    }
    if found != wanted {
        return Err(Status::bad_request(format!(
            "the name of the object ({found}) does not match the name on the URL ({wanted})"
        )));
    }
    Ok(())
}

/// Where the store of upstream has the objects of a resource, if not under the name of the resource.
const FOLDERS: &[(&str, &str, &str)] = &[
    ("", "nodes", "minions"),
    ("", "services", "services/specs"),
    ("", "endpoints", "services/endpoints"),
    ("", "replicationcontrollers", "controllers"),
    ("networking.k8s.io", "ingresses", "ingress"),
    (
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        "apiextensions.k8s.io/customresourcedefinitions",
    ),
    (
        "apiregistration.k8s.io",
        "apiservices",
        "apiregistration.k8s.io/apiservices",
    ),
];

fn other_uid(call: &Call<'_>, wanted: &str, found: &str, dry_run: bool) -> Status {
    let storage = &call.resource.storage;
    let known = FOLDERS
        .iter()
        .find(|(group, name, _)| storage.group == *group && storage.resource == *name);
    let folder = match known {
        Some((_, _, folder)) => (*folder).to_owned(),
        None if call.resource.is_custom() => format!("{}/{}", storage.group, storage.resource),
        None => storage.resource.to_string(),
    };
    let key = if call.resource.namespaced {
        format!("{folder}/{}/{}", call.namespace, call.name)
    } else {
        format!("{folder}/{}", call.name)
    };
    // A dry run is refused before the root of the store is known.
    let root = if dry_run { "" } else { "/registry" };
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: {root}/{key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {wanted}, UID in object meta: {found}"
    );
    error::conflict(call.group_resource(), call.name, &why)
}

/// Replaces an object by what `make` makes of it.
pub async fn update(
    call: &Call<'_>,
    options: &WriteOptions,
    how: Update,
    make: &mut Make<'_>,
) -> Result<Answer, Status> {
    let key = call.key(call.name);
    let mut found = call.api.store.snapshot().get(key.as_str()).cloned();
    for _ in 0..ATTEMPTS_MAX {
        let Some(record) = found else {
            return create_in_place(call, options, how, make).await;
        };
        match attempt(call, options, how, make, &record).await? {
            Attempt::Done(answer) => return Ok(answer),
            Attempt::Again(now) => found = now,
        }
    }
    Err(error::modified(call.group_resource(), call.name))
}

enum Attempt {
    Done(Answer),
    Again(Option<Arc<Record>>),
}

async fn create_in_place(
    call: &Call<'_>,
    options: &WriteOptions,
    how: Update,
    make: &mut Make<'_>,
) -> Result<Answer, Status> {
    let may_create = how.creates || Rules::of(call.resource).create_on_update;
    if !may_create || !call.subresource.is_empty() {
        return Err(error::not_found(call.group_resource(), call.name));
    }
    let mut object = make(&Value::Null)?;
    object.child_mut("metadata").remove("resourceVersion");
    super::create::create_as(call, object, options, how.tracks).await
}

/// Warns of what is accepted and doubtful. Of subresources the registry takes the scale for a change of the whole.
fn warn(call: &Call<'_>, new: &Value, old: &Value) {
    if !matches!(call.subresource, "" | "scale") {
        return;
    }
    for warning in warnings::on_update(&call.resource.kind, new, old, call.api.release) {
        call.warnings.add(warning);
    }
}

async fn attempt(
    call: &Call<'_>,
    options: &WriteOptions,
    how: Update,
    make: &mut Make<'_>,
    record: &Arc<Record>,
) -> Result<Attempt, Status> {
    let resource = call.resource;
    let stored = record::parse(&record.value, record.revision)?;
    let old = super::convert::served(call.api, resource, stored.clone()).await?;
    let mut new = make(&old)?;
    settle_version(call, &mut new, record.revision)?;
    owners::settle(call, &mut new);
    metadata::keep_identity(&mut new, &old);
    // What is stored has none; an answer that is not stored shows what was sent.
    if !options.is_dry_run() {
        new.child_mut("metadata").remove("selfLink");
    }
    if how.tracks {
        managers::track(call, options, Some(&old), &mut new);
    }
    let snapshot = call.api.store.snapshot();
    let review = call.review(
        &snapshot,
        Operation::Update,
        call.name,
        Some(&old),
        options.is_dry_run(),
    );
    call.api.admission.mutate(&review, &mut new).await?;
    settle_form(call, &mut new);
    super::grants::check(call, &new, Some(&old))?;
    prepare::for_update(call, &mut new, &old);
    services::check_addresses(call, &new, Some(&old))?;
    validate::replacement(call, &new, &old)?;
    warn(call, &new, &old);
    let judged = review.with_object(&new);
    call.api.admission.validate(&judged).await?;
    let gone = leaves(call, &new, &old);
    let kept = (!gone).then_some(&mut new);
    let allocation = services::allocate(call, kept, Some(&old), options.is_dry_run())?;
    super::convert::store(call.api, resource, &mut new).await?;
    let counted = counted(call, &new)?;
    let whole = counted.as_ref().unwrap_or(&new);
    let value = record::encode(&resource.storage_kind, whole);
    let answer = |revision| {
        let value = value.clone();
        Attempt::Done(Answer::object(200, resource, Encoded { value, revision }))
    };
    if value == record.value || same_but_for_times(&stored, whole) {
        return Ok(answer(record.revision));
    }
    let plan = Plan {
        key: call.key(call.name),
        expected: Some(record.revision),
        old: Some(&stored),
        new: (!gone).then_some(&new),
        value: (!gone).then(|| value.clone()),
        enforced: !gone,
        allocation,
    };
    if options.is_dry_run() {
        rehearse(call, &plan)?;
        return Ok(answer(record.revision));
    }
    Ok(match commit(call, &plan).await? {
        // What was counted for a quota shows from the next look on, as it does upstream.
        Committed::Done(revision, _) => answer(revision),
        Committed::Moved(found) => Attempt::Again(found),
        Committed::Taken => Attempt::Again(Some(Arc::clone(record))),
    })
}

/// Gives an object the form in which it would be stored: what means the same as what is there is then no change, which
/// counts where there is a generation.
fn settle_form(call: &Call<'_>, object: &mut Value) {
    let resource = call.resource;
    let is_counted = !resource.is_custom() && Rules::of(resource).generation;
    // What a pod may not change is shown as it was sent.
    let is_pod = resource.group().is_empty() && resource.plural() == "pods";
    if !is_counted || is_pod || !call.subresource.is_empty() {
        return;
    }
    let metadata = object.remove("metadata").unwrap_or_default();
    if let Ok(settled) = record::parse(&record::encode(&resource.kind, object), 0) {
        *object = settled;
    }
    object.set("metadata", metadata);
}

/// The quota whose status is written without limits, with a status that was counted.
fn counted(call: &Call<'_>, new: &Value) -> Result<Option<Value>, Status> {
    let storage = &call.resource.storage;
    if storage.resource != "resourcequotas" || !storage.group.is_empty() {
        return Ok(None);
    }
    if call.subresource != "status" {
        return Ok(None);
    }
    let catalog = call.api.catalog.load();
    quota::counted(&call.api.store.snapshot(), &catalog, new, call.api.release)
}

/// Holds the resourceVersion that the client sends against that of the object.
fn settle_version(call: &Call<'_>, new: &mut Value, revision: u64) -> Result<(), Status> {
    let text = metadata::text(new, "resourceVersion").to_owned();
    let given = parse_resource_version(&text).map_err(Status::plain)?;
    if given == 0 {
        // The scale has no version of its own.
        if !Rules::of(call.resource).unconditional_update && call.subresource != "scale" {
            let path = Path::root("metadata");
            let path = path.child("resourceVersion");
            let why = "must be specified for an update";
            let errors = vec![Error::invalid(&path, 0_i64, why)];
            let group = call.group_resource();
            return Err(Status::invalid(
                &group.group,
                &group.resource,
                call.name,
                &errors,
            ));
        }
        new.child_mut("metadata")
            .set("resourceVersion", revision.to_string());
    } else if given != revision {
        return Err(error::modified(call.group_resource(), call.name));
    }
    Ok(())
}

/// Whether the last finalizer of an object that is being deleted goes, and the object with it.
fn leaves(call: &Call<'_>, new: &Value, old: &Value) -> bool {
    if !metadata::is_being_deleted(new) || !metadata::finalizers(new).is_empty() {
        return false;
    }
    if call.resource.plural() == "namespaces" && call.resource.group().is_empty() {
        return new
            .get("spec")
            .is_none_or(|spec| spec.items("finalizers").is_empty());
    }
    let grace = new
        .at(&["metadata", "deletionGracePeriodSeconds"])
        .and_then(Value::as_i64);
    !metadata::finalizers(old).is_empty() && grace.unwrap_or_default() == 0
}

/// 409 for a precondition of a deletion that does not hold.
pub(super) fn other_than_demanded(
    call: &Call<'_>,
    what: &str,
    wanted: &str,
    found: &str,
    outcome: &str,
) -> Status {
    let kind = &call.resource.kind;
    let resource = tollgate_api::GroupResource::new(kind.group.clone(), kind.kind.clone());
    error::conflict(
        &resource,
        call.name,
        &format!(
            "the {what} in the precondition ({wanted}) does not match the {what} in record ({found}). The object might have been {outcome}"
        ),
    )
}
