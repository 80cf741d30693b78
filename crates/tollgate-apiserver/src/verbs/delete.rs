//! `delete`: the end of an object, at once or in steps: a grace period, finalizers, dependents.

use super::answer::Answer;
use super::call::Call;
use super::commit::{Committed, Plan, begin, commit};
use super::grace::{Grace, grace_of, set_end};
use super::metadata;
use super::options::{DeleteOptions, Propagation};
use super::record::{self, Encoded};
use super::rules::{Collection, Rules};
use super::services::{self, Allocation};
use super::update::other_than_demanded;
use crate::crd;
use crate::error;
use crate::storage::{Key, Record};
use bytes::Bytes;
use tollgate_api::status::Details;
use tollgate_api::{Operation, Status, Value};

const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";
/// How often a deletion is decided anew because somebody was faster.
const ATTEMPTS_MAX: usize = 64;

/// Deletes the object of the request.
pub async fn delete(call: &Call<'_>, options: &DeleteOptions) -> Result<Answer, Status> {
    warn(call, options);
    let outcome = remove(call, options).await?;
    let rules = Rules::of(call.resource);
    let is_namespace = call.resource.group().is_empty() && call.resource.plural() == "namespaces";
    let waits = !outcome.gone && options.orphan_dependents == Some(false);
    let code = if waits { 202 } else { 200 };
    if rules.returns_deleted || is_namespace || !outcome.gone {
        return Ok(Answer::object(code, call.resource, outcome.object));
    }
    let object = outcome.object.parse()?;
    let resource = call.group_resource();
    let details = Details {
        name: metadata::name(&object).to_owned(),
        group: resource.group.to_string(),
        kind: resource.resource.to_string(),
        uid: metadata::text(&object, "uid").to_owned(),
        ..Details::default()
    };
    Ok(Answer::status(code, error::success_object(&details)))
}

/// What a deletion left.
#[derive(Debug)]
pub struct Removed {
    /// The object as it was last.
    pub object: Encoded,
    /// Whether it is gone.
    pub gone: bool,
}

/// Deletes an object, or begins to.
pub async fn remove(call: &Call<'_>, options: &DeleteOptions) -> Result<Removed, Status> {
    let key = call.key(call.name);
    let mut found = call.api.store.snapshot().get(key.as_str()).cloned();
    for _ in 0..ATTEMPTS_MAX {
        let record = found.ok_or_else(|| error::not_found(call.group_resource(), call.name))?;
        let stored = record::parse(&record.value, record.revision)?;
        admit(call, options, &stored).await?;
        let step = decide(call, options, stored.clone())?;
        if step.value.is_none() && !step.gone {
            let object = encoded(&record.value, record.revision);
            return Ok(Removed {
                object,
                gone: false,
            });
        }
        let last = step.value.clone().unwrap_or_else(|| record.value.clone());
        if options.is_dry_run() {
            let object = encoded(&last, record.revision);
            return Ok(Removed {
                object,
                gone: step.gone,
            });
        }
        let outcome = if step.gone {
            end(call, &key, &record, &stored, &step).await?
        } else {
            let plan = Plan {
                key: key.clone(),
                expected: Some(record.revision),
                old: Some(&stored),
                new: step.object.as_ref(),
                value: step.value.clone(),
                enforced: false,
                allocation: Allocation::default(),
            };
            commit(call, &plan).await?
        };
        match outcome {
            Committed::Done(revision, _) => {
                let object = encoded(&last, revision);
                return Ok(Removed {
                    object,
                    gone: step.gone,
                });
            }
            Committed::Moved(now) => found = now,
            Committed::Taken => found = Some(record),
        }
    }
    Err(error::modified(call.group_resource(), call.name))
}

/// Removes an object. What the deletion changes on it is written first, so that watchers see how it went; both wait for
/// the disk once.
async fn end(
    call: &Call<'_>,
    key: &Key,
    record: &Record,
    stored: &Value,
    step: &Step,
) -> Result<Committed, Status> {
    let mut plan = Plan {
        key: key.clone(),
        expected: Some(record.revision),
        old: Some(stored),
        new: step.object.as_ref(),
        value: step.value.clone(),
        enforced: false,
        allocation: Allocation::default(),
    };
    let mut last = record.revision;
    if step.value.is_some() {
        match begin(call, &plan)? {
            (Committed::Done(revision, _), _) => {
                last = revision;
                plan.expected = Some(revision);
                plan.old = step.object.as_ref();
            }
            (other, _) => return Ok(other),
        }
    }
    plan.new = None;
    plan.value = None;
    plan.allocation = services::allocate(call, None, Some(stored), false)?;
    let (committed, receipt) = begin(call, &plan)?;
    // Somebody saw the mark and was faster: what was asked for came true.
    let was_faster = matches!(committed, Committed::Moved(None)) && step.value.is_some();
    if !was_faster && !matches!(committed, Committed::Done(..)) {
        return Ok(committed);
    }
    let durable = receipt.durable().await;
    durable.map_err(|error| error::unwritable(&error))?;
    Ok(Committed::Done(last, None))
}

/// Asks the plugins.
async fn admit(call: &Call<'_>, options: &DeleteOptions, stored: &Value) -> Result<(), Status> {
    let snapshot = call.api.store.snapshot();
    let name = call.name;
    let old = super::convert::served(call.api, call.resource, stored.clone()).await?;
    let review = call.review(
        &snapshot,
        Operation::Delete,
        name,
        Some(&old),
        options.is_dry_run(),
    );
    call.api.admission.validate(&review).await
}

fn encoded(value: &Bytes, revision: u64) -> Encoded {
    Encoded {
        value: value.clone(),
        revision,
    }
}

/// What is to be done with the object as it is now.
struct Step {
    /// The object with what the deletion changes on it; none if it changes nothing.
    value: Option<Bytes>,
    /// The same as a tree.
    object: Option<Value>,
    /// Whether the object goes.
    gone: bool,
}

impl Step {
    /// Nothing changes.
    const NONE: Self = Self {
        value: None,
        object: None,
        gone: false,
    };

    fn new(call: &Call<'_>, object: Value, changed: bool, gone: bool) -> Self {
        let value = changed.then(|| record::encode(&call.resource.storage_kind, &object));
        Self {
            value,
            object: changed.then_some(object),
            gone,
        }
    }
}

/// Warns of pods that stay behind: the jobs of `batch/v1` keep them, for the sake of old clients.
pub(super) fn warn(call: &Call<'_>, options: &DeleteOptions) {
    let is_job = (call.resource.group(), call.resource.plural()) == ("batch", "jobs");
    if is_job && options.propagation().is_none() {
        call.warnings.add("child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning".to_owned());
    }
}

fn decide(call: &Call<'_>, options: &DeleteOptions, mut object: Value) -> Result<Step, Status> {
    check_preconditions(call, options, &object)?;
    let resource = call.resource;
    if resource.group().is_empty() && resource.plural() == "namespaces" {
        return Ok(end_namespace(call, options, object));
    }
    let is_pod = resource.group().is_empty() && resource.plural() == "pods";
    let mut changed = false;
    let mut grace = None;
    if is_pod {
        match grace_of(call.now, options, &mut object) {
            Grace::Pending => {
                return Ok(Step::NONE);
            }
            Grace::Given(seconds) => {
                changed = true;
                grace = Some(seconds);
            }
            Grace::None => {}
        }
    }
    changed |= settle_finalizers(call, options, &mut object);
    changed |= hold_definition(call, &mut object);
    let waits = !metadata::finalizers(&object).is_empty();
    if waits && grace.is_none() {
        changed |= mark(call, &mut object);
    }
    let gone = !waits && grace.unwrap_or_default() == 0;
    Ok(Step::new(call, object, changed, gone))
}

fn check_preconditions(
    call: &Call<'_>,
    options: &DeleteOptions,
    object: &Value,
) -> Result<(), Status> {
    let uid = metadata::text(object, "uid");
    if let Some(wanted) = options.uid.as_deref().filter(|wanted| *wanted != uid) {
        let outcome = "deleted and then recreated";
        return Err(other_than_demanded(call, "UID", wanted, uid, outcome));
    }
    let version = metadata::text(object, "resourceVersion");
    let wanted = options.resource_version.as_deref();
    if let Some(wanted) = wanted.filter(|wanted| *wanted != version) {
        return Err(other_than_demanded(
            call,
            "ResourceVersion",
            wanted,
            version,
            "modified",
        ));
    }
    Ok(())
}

/// Marks an object that only finalizers still hold.
fn mark(call: &Call<'_>, object: &mut Value) -> bool {
    if metadata::is_being_deleted(object) {
        return false;
    }
    set_end(object, call.now, 0);
    if object.at(&["metadata", "generation"]).is_some() {
        metadata::raise_generation(object);
    }
    true
}

/// Puts the finalizers that say what becomes of dependents; tells whether that changed any.
fn settle_finalizers(call: &Call<'_>, options: &DeleteOptions, object: &mut Value) -> bool {
    let collection = Rules::of(call.resource).collection;
    let old: Vec<String> = metadata::finalizers(object)
        .into_iter()
        .map(str::to_owned)
        .collect();
    let has = |name: &str| old.iter().any(|known| known == name);
    if metadata::is_being_deleted(object) && options.propagation().is_none() {
        return false;
    }
    let supported = collection != Collection::Unsupported;
    let orphan = supported
        && match options.propagation() {
            Some(policy) => policy == Propagation::Orphan,
            None if has(ORPHAN) => true,
            None => !has(FOREGROUND) && collection == Collection::Orphan,
        };
    let foreground = supported
        && match options.propagation() {
            Some(policy) => policy == Propagation::Foreground,
            None => has(FOREGROUND),
        };
    let mut new: Vec<String> = old
        .iter()
        .filter(|name| *name != ORPHAN && *name != FOREGROUND)
        .cloned()
        .collect();
    new.extend(orphan.then(|| ORPHAN.to_owned()));
    new.extend(foreground.then(|| FOREGROUND.to_owned()));
    if same_set(&new, &old) {
        return false;
    }
    object.child_mut("metadata").set("finalizers", new);
    true
}

/// A definition stays until its objects are gone.
fn hold_definition(call: &Call<'_>, object: &mut Value) -> bool {
    if !crd::is_definition(call.resource)
        || metadata::is_being_deleted(object)
        || metadata::finalizers(object).contains(&crd::CLEANUP)
    {
        return false;
    }
    let metadata = object.child_mut("metadata");
    let mut finalizers = metadata.items("finalizers").to_vec();
    finalizers.push(crd::CLEANUP.into());
    metadata.set("finalizers", Value::Array(finalizers));
    true
}

fn same_set(a: &[String], b: &[String]) -> bool {
    a.len() == b.len() && a.iter().all(|name| b.contains(name))
}

/// A namespace stays, terminating, until its content and its finalizers are gone.
fn end_namespace(call: &Call<'_>, options: &DeleteOptions, mut namespace: Value) -> Step {
    let mut changed = false;
    if !metadata::is_being_deleted(&namespace) {
        settle_finalizers(call, options, &mut namespace);
        let metadata = namespace.child_mut("metadata");
        metadata.set("deletionTimestamp", call.time());
        namespace.child_mut("status").set("phase", "Terminating");
        changed = true;
    }
    let spec = namespace.get("spec");
    let held = spec.is_some_and(|spec| !spec.items("finalizers").is_empty());
    let gone = !held && metadata::finalizers(&namespace).is_empty();
    Step::new(call, namespace, changed, gone)
}
