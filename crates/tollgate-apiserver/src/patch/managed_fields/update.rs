//! Who manages what after a creation, an update or a patch.

use super::cap::cap;
use super::entries::{self, Entries, Entry, Operation};
use super::{Conflict, Request};
use crate::patch::field_set::{PathElement, Set};
use crate::patch::typed::Schema;
use crate::patch::typed::compare::{Comparison, compare};
use crate::patch::typed::node::Node;
use crate::patch::typed::reconcile::reconcile;
use crate::patch::typed::types::Type;
use crate::patch::typed::validate::misfits;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use tollgate_api::Value;
use tollgate_api::value::CompactString;
use tollgate_objects::schema::ShapeRef;

/// Brings `metadata.managedFields` of `new` up to date after a request that was no server-side apply.
///
/// `live` is the object before the request, none on creation; `new` is decoded and defaulted, before admission, with
/// the managed fields that the client sent: none or broken ones leave those of `live`, an empty list or one empty entry
/// ends the tracking, any others count.
pub fn updated(live: Option<&Value>, new: &mut Value, request: &Request<'_>) {
    let sent = entries::list_of(new).map(<[Value]>::to_vec);
    let known = sent_or_live(live, new, sent.as_deref(), request);
    entries::clear(new);
    // An object that is not tracked stays so.
    if known.is_empty() && live.is_some() {
        return;
    }
    // What was decoded as a built-in kind fits it, but for members of lists without their keys.
    if !misfits(new, request.schema.held(), true).is_empty() {
        return;
    }
    let tracked = track(live, new, known, request.manager, request);
    entries::write(new, cap(tracked));
}

fn sent_or_live(
    live: Option<&Value>,
    new: &Value,
    sent: Option<&[Value]>,
    request: &Request<'_>,
) -> Entries {
    let of_live = || {
        live.map(entries::read)
            .and_then(Result::ok)
            .unwrap_or_default()
    };
    if !request.subresource.is_empty() {
        return of_live();
    }
    match sent {
        None => of_live(),
        Some([]) => Entries::new(),
        Some([Value::Object(only)]) if only.iter().all(|(_, value)| value.is_null()) => {
            Entries::new()
        }
        Some(_) => match entries::read(new) {
            Ok(entries) if !entries.is_empty() => entries,
            _ => of_live(),
        },
    }
}

/// The object of which nothing is known yet.
pub(super) fn nothing(schema: Schema<'_>) -> Node<'static> {
    static EMPTY: Value = Value::Object(tollgate_api::Object::new());
    match schema.held() {
        Type::Table(table) => match table.shape() {
            ShapeRef::Struct(_) => Node::Zero,
            _ => Node::Value(&EMPTY),
        },
        _ => Node::Value(&EMPTY),
    }
}

/// The entries after `manager` wrote `new` over `live`.
pub(super) fn track(
    live: Option<&Value>,
    new: &Value,
    known: Entries,
    manager: &str,
    request: &Request<'_>,
) -> Entries {
    let of = request.schema.held();
    let nothing = nothing(request.schema);
    let comparison = compare(live.map_or(nothing, Node::Value), Node::Value(new), of);
    let known = reconciled(known, live, request);
    let (mut entries, comparison, _) = contested(known, None, comparison, live, new, request);
    let mut fields = comparison.modified;
    fields.absorb(comparison.added);
    fields.take_out(&NEVER_MANAGED, false);
    if fields.is_empty() {
        return entries;
    }
    let mut entry = Entry {
        manager: named(manager),
        operation: Operation::Update,
        api_version: request.kind.api_version().as_str().into(),
        subresource: request.subresource.into(),
        time: Some(request.now.to_string().into()),
        fields,
    };
    let id = entry.id();
    if let Some(previous) = entries.get(&id) {
        entry.fields.absorb(previous.fields.clone());
    }
    entries.insert(id, entry);
    entries
}

pub(super) fn named(manager: &str) -> CompactString {
    if manager.is_empty() {
        "unknown".into()
    } else {
        manager.into()
    }
}

/// Fields that nobody manages, because the server does.
pub(super) static NEVER_MANAGED: LazyLock<Set> = LazyLock::new(|| {
    let mut set = Set::default();
    for name in ["apiVersion", "kind", "metadata"] {
        set.insert(&[PathElement::field(name)]);
    }
    for name in [
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "clusterName",
        "generation",
        "managedFields",
        "resourceVersion",
    ] {
        set.insert(&[PathElement::field("metadata"), PathElement::field(name)]);
    }
    set
});

/// The entries as the schemas of today would have them; those at versions that are gone are left out.
pub(super) fn reconciled(known: Entries, live: Option<&Value>, request: &Request<'_>) -> Entries {
    let current = request.kind.api_version();
    let mut types: BTreeMap<CompactString, Option<Schema<'_>>> = BTreeMap::new();
    types.insert(current.as_str().into(), Some(request.schema));
    let mut all = Entries::new();
    for (id, mut entry) in known {
        let schema = *types.entry(entry.api_version.clone()).or_insert_with(|| {
            let empty = Value::object();
            let converted = request
                .versions
                .convert(live.unwrap_or(&empty), &entry.api_version);
            converted.map(|(_, schema)| schema)
        });
        let Some(schema) = schema else {
            continue;
        };
        if let Some(fields) = reconcile(&entry.fields, schema.held()) {
            entry.fields = fields;
        }
        all.insert(id, entry);
    }
    all
}

/// What a write changed: what has another value, and what is gone.
struct Changed {
    written: Set,
    removed: Set,
}

impl Changed {
    fn of(comparison: &Comparison) -> Self {
        Self {
            written: comparison.modified.union(&comparison.added),
            removed: comparison.removed.clone(),
        }
    }
}

fn filtered(comparison: Comparison, request: &Request<'_>) -> Comparison {
    Comparison {
        removed: request.resets.filter(comparison.removed),
        modified: request.resets.filter(comparison.modified),
        added: request.resets.filter(comparison.added),
    }
}

/// The entries without what changed, what changed, and the conflicts in it.
pub(super) fn contested(
    known: Entries,
    own: Option<&str>,
    comparison: Comparison,
    live: Option<&Value>,
    new: &Value,
    request: &Request<'_>,
) -> (Entries, Comparison, Vec<Conflict>) {
    let current = request.kind.api_version();
    let comparison = filtered(comparison, request);
    // Of a new object nobody else has fields.
    if known.is_empty() {
        return (known, comparison, Vec::new());
    }
    let changed = Changed::of(&comparison);
    let mut others: BTreeMap<CompactString, Option<Changed>> = BTreeMap::new();
    let (mut entries, mut conflicts) = (Entries::new(), Vec::new());
    for (id, mut entry) in known {
        if own != Some(id.as_str()) {
            let at_version = if entry.api_version == current.as_str() {
                Some(&changed)
            } else {
                let compared = others.entry(entry.api_version.clone()).or_insert_with(|| {
                    let compared = at(live, new, &entry.api_version, request);
                    compared.as_ref().map(Changed::of)
                });
                compared.as_ref()
            };
            let Some(changed) = at_version else {
                continue;
            };
            let lost = entry.fields.intersection(&changed.written);
            for path in lost.paths() {
                conflicts.push(Conflict::new(&entry, path));
            }
            entry.fields.take_out(&lost, false);
            entry.fields.take_out(&changed.removed, false);
        }
        if !entry.fields.is_empty() {
            entries.insert(id, entry);
        }
    }
    (entries, comparison, conflicts)
}

/// What changed, as another version sees it.
fn at(
    live: Option<&Value>,
    new: &Value,
    api_version: &str,
    request: &Request<'_>,
) -> Option<Comparison> {
    let (new, schema) = request.versions.convert(new, api_version)?;
    let live = match live {
        Some(live) => Some(request.versions.convert(live, api_version)?.0),
        None => None,
    };
    let nothing = nothing(schema);
    let live = live.as_ref().map_or(nothing, Node::Value);
    Some(filtered(
        compare(live, Node::Value(&new), schema.held()),
        request,
    ))
}
