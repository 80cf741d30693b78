//! Server-side apply.

use super::entries::{self, Entries, Entry, Operation};
use super::update::{NEVER_MANAGED, contested, named, nothing, reconciled, track};
use super::{ApplyError, Conflict, Request, last_applied};
use crate::patch::field_set::Set;
use crate::patch::typed::Schema;
use crate::patch::typed::compare::compare;
use crate::patch::typed::members::{members, with_named_fields};
use crate::patch::typed::merge::merge;
use crate::patch::typed::node::{Node, tree};
use crate::patch::typed::remove::remove;
use crate::patch::typed::validate::{misfits, printed};
use std::collections::BTreeMap;
use tollgate_api::value::CompactString;
use tollgate_api::{GroupVersionKind, Value};

/// Who managed the fields of an object on which nothing was applied yet.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// Applies a configuration: the object with everything it says, without what this manager applied before, says no more
/// and nobody else manages; with managed fields brought up to date.
///
/// `live` is the object as it is, none if it is to be made; `applied` is what the client sent. The outcome is yet to be
/// decoded and defaulted: of a built-in kind it holds nulls and zero values where a Go struct would.
pub fn apply(
    live: Option<&Value>,
    applied: &Value,
    force: bool,
    request: &Request<'_>,
) -> Result<Value, ApplyError> {
    check_kind(applied, request)?;
    let known = live.map(entries::read).transpose();
    let known = known
        .map_err(|why| ApplyError::Untyped(format!("failed to decode managed fields: {why}")))?;
    let known = known.unwrap_or_default();
    let first = attempt(live, applied, known.clone(), force, request);
    let outcome = match first {
        // kubectl takes over what it wrote by client-side apply.
        Err(ApplyError::Conflicts(conflicts)) if request.manager == last_applied::KUBECTL => {
            let api_version = request.kind.api_version();
            let untouched =
                live.and_then(|live| last_applied::untouched(live, &api_version, request.schema));
            let left: Vec<Conflict> = match &untouched {
                Some(untouched) => {
                    let is_left = |conflict: &Conflict| !untouched.has(&conflict.path);
                    conflicts.into_iter().filter(is_left).collect()
                }
                None => conflicts,
            };
            if !left.is_empty() {
                return Err(ApplyError::Conflicts(left));
            }
            attempt(live, applied, known, true, request)
        }
        first => first,
    };
    let (mut object, entries) = outcome?;
    if request.manager == last_applied::KUBECTL {
        last_applied::keep(&mut object, applied);
    }
    entries::write(&mut object, entries);
    Ok(object)
}

fn check_kind(applied: &Value, request: &Request<'_>) -> Result<(), ApplyError> {
    let wanted = request.kind;
    let api_version = applied.str_or_empty("apiVersion");
    let kind = applied.str_or_empty("kind");
    if wanted.api_version() != api_version || wanted.kind != kind {
        let (group, version, kind) = match api_version.split('/').collect::<Vec<_>>().as_slice() {
            [version] => ("", *version, kind),
            [group, version] => (*group, *version, kind),
            _ => ("", "", ""),
        };
        return Err(ApplyError::BadRequest(format!(
            "invalid object type: {group}/{version}, Kind={kind}"
        )));
    }
    if entries::list_of(applied).is_some() {
        return Err(ApplyError::BadRequest(
            "metadata.managedFields must be nil".to_owned(),
        ));
    }
    Ok(())
}

/// How messages name an object of the kind.
pub fn name_of(object: &Value, kind: &GroupVersionKind) -> String {
    let metadata = object.get("metadata");
    let text = |key: &str| metadata.map_or("", |metadata| metadata.str_or_empty(key));
    let (group, version, kind) = (&kind.group, &kind.version, &kind.kind);
    format!(
        "{}/{}; {group}/{version}, Kind={kind}",
        text("namespace"),
        text("name")
    )
}

/// The object and its entries after the configuration is applied, or why it cannot be.
fn attempt(
    live: Option<&Value>,
    applied: &Value,
    known: Entries,
    force: bool,
    request: &Request<'_>,
) -> Result<(Value, Entries), ApplyError> {
    let untyped = |what: &str, object: &Value, why: String| {
        ApplyError::Untyped(format!(
            "failed to create typed {what} object ({}): {why}",
            name_of(object, request.kind)
        ))
    };
    let (held, sent) = (request.schema.held(), request.schema.sent());
    let found = misfits(applied, sent, false);
    if !found.is_empty() {
        return Err(untyped("patch", applied, printed(&found)));
    }
    let bare = live.map(|live| {
        let mut live = live.clone();
        entries::clear(&mut live);
        live
    });
    if let Some(bare) = &bare {
        let found = misfits(bare, held, true);
        if !found.is_empty() {
            return Err(untyped("live", bare, printed(&found)));
        }
    }
    let known = match &bare {
        Some(bare) if known.is_empty() => track(None, bare, known, BEFORE_FIRST_APPLY, request),
        _ => known,
    };
    let known = reconciled(known, bare.as_ref(), request);
    let before = tree(
        bare.as_ref().map_or(nothing(request.schema), Node::Value),
        held,
    );
    let merged = merge(&before, applied, sent).unwrap_or_default();
    let mut own = own_entry(request);
    own.fields = request.resets.filter(members(applied, sent));
    let id = own.id();
    let mut managers = known;
    let last = managers.insert(id.clone(), own);
    if let Some(last) = &last {
        own_time(&mut managers, &id, last.time.clone());
    }
    let after = match last.filter(|last| !last.fields.is_empty()) {
        Some(last) => prune(merged, &managers, &last, request),
        None => merged,
    };
    let comparison = compare(Node::Value(&before), Node::Value(&after), sent);
    let (mut managers, _, conflicts) = contested(
        managers,
        Some(&id),
        comparison,
        Some(&before),
        &after,
        request,
    );
    if !force && !conflicts.is_empty() {
        return Err(ApplyError::Conflicts(conflicts));
    }
    if let Some(mut own) = managers.remove(&id) {
        own.fields.take_out(&NEVER_MANAGED, false);
        if !own.fields.is_empty() {
            managers.insert(id.clone(), own);
        }
    }
    match bare {
        // Nothing but managers changed: times stay.
        Some(bare) if after == before => Ok((bare, managers)),
        _ => {
            own_time(&mut managers, &id, Some(request.now.to_string().into()));
            Ok((after, managers))
        }
    }
}

fn own_entry(request: &Request<'_>) -> Entry {
    Entry {
        manager: named(request.manager),
        operation: Operation::Apply,
        api_version: request.kind.api_version().as_str().into(),
        subresource: request.subresource.into(),
        time: None,
        fields: Set::default(),
    }
}

fn own_time(managers: &mut Entries, id: &str, time: Option<CompactString>) {
    if let Some(own) = managers.get_mut(id) {
        own.time = time;
    }
}

/// An object at one of its versions.
#[derive(Clone)]
struct At<'s> {
    object: Value,
    schema: Schema<'s>,
    version: CompactString,
}

impl<'s> At<'s> {
    fn to<'r: 's>(&self, version: &str, request: &Request<'r>) -> Option<At<'s>> {
        if self.version == version {
            return Some(self.clone());
        }
        let (object, schema) = request.versions.convert(&self.object, version)?;
        Some(At {
            object: tree(Node::Value(&object), schema.held()),
            schema,
            version: version.into(),
        })
    }

    fn fields(&self) -> Set {
        with_named_fields(
            &members(&self.object, self.schema.sent()),
            Some(self.schema.sent()),
        )
    }

    fn named(&self, set: &Set) -> Set {
        with_named_fields(set, Some(self.schema.sent()))
    }

    fn without(&self, fields: &Set) -> Self {
        Self {
            object: remove(&self.object, fields, self.schema.sent()),
            ..self.clone()
        }
    }
}

/// Takes out of `merged` what the manager applied last time, does not apply now, and nobody else manages.
fn prune(merged: Value, managers: &Entries, last: &Entry, request: &Request<'_>) -> Value {
    let current = At {
        object: merged,
        schema: request.schema,
        version: request.kind.api_version().as_str().into(),
    };
    let Some(merged) = current.to(&last.api_version, request) else {
        return current.object;
    };
    let pruned = merged.without(&merged.named(&last.fields));
    let pruned = add_back_managed(&merged, pruned, managers, request);
    let Some(pruned) = pruned.to(&last.api_version, request) else {
        return current.object;
    };
    // What nobody manages stays, unless it was this manager's.
    let gone = merged.fields().difference(&pruned.fields());
    let left = merged.without(&gone.intersection(&merged.named(&last.fields)));
    left.to(&current.version, request)
        .map_or(current.object, |left| left.object)
}

fn add_back_managed<'s, 'r: 's>(
    merged: &At<'s>,
    pruned: At<'s>,
    managers: &Entries,
    request: &Request<'r>,
) -> At<'s> {
    let mut managed: BTreeMap<CompactString, Set> = BTreeMap::new();
    for entry in managers.values() {
        let set = managed.entry(entry.api_version.clone()).or_default();
        *set = set.union(&entry.fields);
    }
    let at_first = managed
        .remove(&merged.version)
        .map(|set| (merged.version.clone(), set));
    let (mut merged, mut pruned) = (merged.clone(), pruned);
    for (version, set) in at_first.into_iter().chain(managed) {
        let (Some(merged_there), Some(pruned_there)) =
            (merged.to(&version, request), pruned.to(&version, request))
        else {
            continue;
        };
        let kept = pruned_there.fields().union(&merged_there.named(&set));
        pruned = merged_there.without(&merged_there.fields().difference(&kept));
        merged = merged_there;
    }
    pruned
}
