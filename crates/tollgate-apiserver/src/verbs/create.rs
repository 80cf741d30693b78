//! `create`: a new object.

use super::answer::Answer;
use super::call::Call;
use super::commit::{Committed, Plan, commit, rehearse};
use super::metadata;
use super::options::WriteOptions;
use super::record::{self, Encoded};
use super::rules::Rules;
use super::{owners, services, validate};
use crate::error;
use crate::storage::Record;
use std::sync::Arc;
use tollgate_api::status::Reason;
use tollgate_api::{Operation, Status, Value};
use tollgate_objects::{conversion, defaults, warnings};

/// How often a generated name that is taken is replaced by another.
const GENERATED_NAMES_MAX: usize = 8;
/// How long a name may be before its suffix.
const GENERATED_BASE_BYTES_MAX: usize = 58;

/// Creates an object that has been decoded and defaulted.
pub async fn create(
    call: &Call<'_>,
    object: Value,
    options: &WriteOptions,
) -> Result<Answer, Status> {
    create_as(call, object, options, true).await
}

/// Creates an object; `tracks` says whether that is noted in its managed fields.
pub(super) async fn create_as(
    call: &Call<'_>,
    mut object: Value,
    options: &WriteOptions,
    tracks: bool,
) -> Result<Answer, Status> {
    metadata::settle_namespace(call, &mut object)?;
    metadata::begin(call, &mut object);
    owners::settle(call, &mut object);
    if tracks {
        super::managers::track(call, options, None, &mut object);
    }
    let base = metadata::text(&object, "generateName").to_owned();
    if base.is_empty() || !metadata::name(&object).is_empty() {
        return store(call, object, options, None).await;
    }
    for _ in 1..GENERATED_NAMES_MAX {
        match store(call, object.clone(), options, Some(&base)).await {
            Err(status) if status.reason == Reason::AlreadyExists => {}
            other => return other,
        }
    }
    store(call, object, options, Some(&base)).await
}

async fn store(
    call: &Call<'_>,
    mut object: Value,
    options: &WriteOptions,
    base: Option<&str>,
) -> Result<Answer, Status> {
    let snapshot = call.api.store.snapshot();
    let name = metadata::name(&object).to_owned();
    let review = call.review(
        &snapshot,
        Operation::Create,
        &name,
        None,
        options.is_dry_run(),
    );
    call.api.admission.mutate(&review, &mut object).await?;
    // What plugins added is defaulted as anything else.
    defaults::set_defaults(&call.resource.kind, &mut object);
    conversion::convert(&call.resource.kind, &mut object);
    super::grants::check(call, &object, None)?;
    if let Some(base) = base {
        let name = generated_name(call, base);
        object.child_mut("metadata").set("name", name);
    }
    prepare(call, &mut object);
    services::check_addresses(call, &object, None)?;
    validate::creation(call, &object)?;
    super::prepare::after_validation(call, &mut object);
    let resource = call.resource;
    for warning in warnings::on_create(&resource.kind, &object, call.api.release) {
        call.warnings.add(warning);
    }
    if !options.is_dry_run() && is_revision(metadata::text(&object, "resourceVersion")) {
        return Err(Status::plain(
            "resourceVersion should not be set on objects to be created",
        ));
    }
    let judged = review.with_object(&object);
    call.api.admission.validate(&judged).await?;
    let name = metadata::name(&object).to_owned();
    let named = Call {
        name: &name,
        ..*call
    };
    let allocation = services::allocate(&named, Some(&mut object), None, options.is_dry_run())?;
    let key = call.key(&name);
    super::convert::store(call.api, call.resource, &mut object).await?;
    let value = record::encode(&call.resource.storage_kind, &object);
    let plan = Plan {
        key: key.clone(),
        expected: None,
        old: None,
        new: Some(&object),
        value: Some(value.clone()),
        enforced: true,
        allocation,
    };
    if options.is_dry_run() {
        rehearse(call, &plan)?;
        if let Some(found) = call.api.store.snapshot().get(key.as_str()) {
            return Err(exists(call, &name, found));
        }
        let object = Encoded { value, revision: 0 };
        return Ok(Answer::object(201, call.resource, object));
    }
    match commit(call, &plan).await? {
        // What was counted for a quota shows from the next look on, as it does upstream.
        Committed::Done(revision, _) => {
            let object = Encoded { value, revision };
            Ok(Answer::object(201, call.resource, object))
        }
        Committed::Moved(Some(found)) => Err(exists(call, &name, &found)),
        Committed::Moved(None) | Committed::Taken => {
            Err(error::modified(call.group_resource(), &name))
        }
    }
}

/// Whether the store would take a text for the revision of something stored.
fn is_revision(text: &str) -> bool {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    is_number && text.parse::<u64>().is_ok_and(|revision| revision > 0)
}

/// 409; upstream says so if what has the name is on its way out.
fn exists(call: &Call<'_>, name: &str, found: &Arc<Record>) -> Status {
    let mut status = error::already_exists(call.group_resource(), name);
    let deleted =
        record::parse(&found.value, 0).is_ok_and(|found| metadata::is_being_deleted(&found));
    if deleted {
        status.message = format!("object is being deleted: {}", status.message);
    }
    status
}

/// What the registry changes on an object before it is validated.
fn prepare(call: &Call<'_>, object: &mut Value) {
    let rules = Rules::of(call.resource);
    if rules.generation {
        object.child_mut("metadata").set("generation", 1_i64);
    }
    super::prepare::for_create(call, object);
}

fn generated_name(call: &Call<'_>, base: &str) -> String {
    let mut end = base.len().min(GENERATED_BASE_BYTES_MAX);
    while !base.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    let base = base.get(..end).unwrap_or(base);
    format!("{base}{}", call.api.environment.suffix())
}
