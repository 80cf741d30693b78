//! Lists of a strategic merge patch.

use super::lookup::{FieldSchema, Schema};
use super::order::{Key, arrange, places, places_in};
use super::{DIRECTIVE, PatchError, merge_object, unknown_directive, unmergeable};
use crate::patch::go_value::{PrintedList, PrintedMap};
use std::collections::BTreeSet;
use tollgate_api::{Number, Object, Value};

/// What the members of a list are, as Go types.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        Value::Bool(_) => "bool",
        Value::Number(Number::Int(_)) => "int64",
        Value::Number(Number::Float(_)) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// Whether the members of both lists are objects; an error if they differ, are lists, or if there are none.
fn members_are_objects(lists: [&[Value]; 2]) -> Result<bool, PatchError> {
    let mut members = lists.iter().copied().flatten();
    let Some(first) = members.next() else {
        return Err(unmergeable("no elements in any of the given slices".into()));
    };
    if first.as_array().is_some() {
        return Err(PatchError::Inapplicable(
            "lists of lists are not supported".into(),
        ));
    }
    if first.is_null() || members.any(|member| go_type(member) != go_type(first)) {
        let [original, patch] = lists.map(PrintedList);
        return Err(unmergeable(format!(
            "list element types are not identical: [{original} {patch}]"
        )));
    }
    Ok(first.as_object().is_some())
}

/// Merges `patch` into the list `original`, or takes its members out.
pub(super) fn merge(
    original: Vec<Value>,
    patch: &[Value],
    field: &FieldSchema,
    deletes: bool,
) -> Result<Vec<Value>, PatchError> {
    if original.is_empty() && patch.is_empty() {
        return Ok(original);
    }
    if !members_are_objects([&original, patch])? {
        if deletes {
            let gone: BTreeSet<Key> = patch.iter().filter_map(Key::of).collect();
            let mut kept = original;
            kept.retain(|member| Key::of(member).is_none_or(|key| !gone.contains(&key)));
            return Ok(kept);
        }
        let live = places_in(&original, "");
        let merged = distinct(original, patch);
        // Where a merge key is declared, members that have none cannot be ordered.
        if let (false, Some(first)) = (field.merge_key.is_empty(), merged.first()) {
            return Err(expected_map(first));
        }
        return Ok(arrange(merged, &places_in(patch, ""), &live, ""));
    }
    let key = field.merge_key;
    if key.is_empty() {
        return Err(unmergeable(format!(
            "cannot merge lists without merge key for {}",
            field.schema.kind()
        )));
    }
    let (mut merged, members) = without_directives(original, patch, key)?;
    let live = places_in(&merged, key);
    merge_members(&mut merged, &members, key, field.schema)?;
    for member in &merged {
        require_key(member, key)?;
    }
    if members.is_empty() {
        return Ok(merged);
    }
    let wanted = places(members.iter().map(|member| Key::of_object(member, key)));
    Ok(arrange(merged, &wanted, &live, key))
}

/// Both lists, each text once.
fn distinct(mut original: Vec<Value>, patch: &[Value]) -> Vec<Value> {
    original.extend(patch.iter().cloned());
    let mut seen = BTreeSet::new();
    let firsts: Vec<bool> = original
        .iter()
        .map(|member| Key::of(member).is_none_or(|key| seen.insert(key)))
        .collect();
    let mut firsts = firsts.into_iter();
    original.retain(|_| firsts.next().unwrap_or(true));
    original
}

/// Carries out the `$patch` directives of members; what is left of both lists.
fn without_directives<'p>(
    mut original: Vec<Value>,
    patch: &'p [Value],
    merge_key: &str,
) -> Result<(Vec<Value>, Vec<&'p Object>), PatchError> {
    let (mut members, mut gone, mut replaces) = (Vec::new(), BTreeSet::new(), false);
    for member in patch.iter().filter_map(Value::as_object) {
        let Some(directive) = member.get_or_null(DIRECTIVE) else {
            members.push(member);
            continue;
        };
        match directive.as_str() {
            Some("delete") => match member.get_or_null(merge_key) {
                Some(key) => gone.extend(Key::of(key)),
                None => return Err(no_merge_key(member, merge_key)),
            },
            Some("replace") => replaces = true,
            Some("merge") => {
                let text = "merging lists cannot yet be specified in the patch";
                return Err(unmergeable(text.into()));
            }
            _ => return Err(unknown_directive(directive, member)),
        }
    }
    if replaces {
        let all = members.into_iter().cloned().map(Value::Object).collect();
        return Ok((all, Vec::new()));
    }
    if !gone.is_empty() {
        original.retain(|member| {
            Key::of_member(member, merge_key).is_none_or(|key| !gone.contains(&key))
        });
    }
    Ok((original, members))
}

/// Merges each member into the one with its key, or appends it.
fn merge_members(
    merged: &mut Vec<Value>,
    members: &[&Object],
    merge_key: &str,
    schema: Schema,
) -> Result<(), PatchError> {
    let mut known = places_in(merged, merge_key);
    for member in members {
        let key = member
            .get_or_null(merge_key)
            .ok_or_else(|| no_merge_key(member, merge_key))?;
        let key = Key::of(key);
        let place = key.as_ref().and_then(|key| known.get(key).copied());
        let existing = place.and_then(|place| merged.get_mut(place));
        if let Some(Value::Object(existing)) = existing {
            merge_object(existing, member, schema)?;
            continue;
        }
        if let Some(key) = key {
            known.insert(key, merged.len());
        }
        merged.push(Value::Object((*member).clone()));
    }
    Ok(())
}

/// Carries out `$setElementOrder/name`: merges the list `name` and puts it in order.
pub(super) fn merge_ordered(
    original: &mut Object,
    patch: &Object,
    name: &str,
    order: &Value,
    schema: Schema,
) -> Result<(), PatchError> {
    let order = list_of(order)?;
    original.get_or_null(name).map(list_of).transpose()?;
    let change = patch.get_or_null(name).map(list_of).transpose()?;
    let field = schema.list_field(name)?;
    let key = field.merge_key;
    validate_order(change.unwrap_or_default(), order, key)?;
    let existing = match original.get_mut(name) {
        Some(Value::Array(items)) => Some(std::mem::take(items)),
        _ if change.is_none() => return Ok(()),
        _ => None,
    };
    let is_empty =
        existing.as_ref().is_none_or(Vec::is_empty) && change.unwrap_or_default().is_empty();
    let mut live = places_in(existing.as_deref().unwrap_or_default(), key);
    let merged = match (existing, change) {
        (Some(existing), None) => existing,
        (None, change) => change
            .unwrap_or_default()
            .iter()
            .filter_map(taken_with_nulls)
            .collect(),
        (Some(existing), Some(change)) if field.strategy == Some("merge") => {
            let before: Vec<Option<Key>> = existing
                .iter()
                .map(|member| Key::of_member(member, key))
                .collect();
            let merged = merge(existing, change, &field, false)?;
            live = places(live_after(before, change, key));
            merged
        }
        (Some(_), Some(change)) => change.to_vec(),
    };
    if !key.is_empty() {
        require_found(&merged, order, key)?;
    }
    if is_empty {
        return Err(unmergeable("no elements in any of the given slices".into()));
    }
    if !key.is_empty() {
        order
            .iter()
            .try_for_each(|member| require_key(member, key))?;
    }
    original.insert(
        name,
        Value::Array(arrange(merged, &places_in(order, key), &live, key)),
    );
    Ok(())
}

fn list_of(value: &Value) -> Result<&[Value], PatchError> {
    value
        .as_array()
        .ok_or_else(|| expected("[]interface {}", value))
}

/// The order of live members that counts after a merge: upstream deletes and appends in place, so that new members
/// count as live ones where others made room for them.
fn live_after(before: Vec<Option<Key>>, change: &[Value], merge_key: &str) -> Vec<Option<Key>> {
    let is_delete = |member: &&Value| member.str(DIRECTIVE) == Some("delete");
    let keys = |members: &mut dyn Iterator<Item = &Value>| -> BTreeSet<Key> {
        members
            .filter_map(|member| Key::of_member(member, merge_key))
            .collect()
    };
    let deleted = keys(&mut change.iter().filter(is_delete));
    let room = before.len();
    let mut after = before;
    after.retain(|key| key.as_ref().is_none_or(|key| !deleted.contains(key)));
    let known: BTreeSet<Key> = after.iter().flatten().cloned().collect();
    let added = change
        .iter()
        .filter(|member| member.get(DIRECTIVE).is_none());
    for key in added.filter_map(|member| Key::of_member(member, merge_key)) {
        if after.len() < room && !known.contains(&key) {
            after.push(Some(key));
        }
    }
    after
}

/// Every member has its key; and the order list consists of objects up to where the last of them is found.
fn require_found(members: &[Value], order: &[Value], merge_key: &str) -> Result<(), PatchError> {
    let no_map = order.iter().position(|member| member.as_object().is_none());
    let places = places_in(
        order
            .get(..no_map.unwrap_or(order.len()))
            .unwrap_or_default(),
        merge_key,
    );
    for member in members {
        require_key(member, merge_key)?;
        let found = Key::of_member(member, merge_key).is_some_and(|key| places.contains_key(&key));
        if let (false, Some(place)) = (found, no_map) {
            return Err(unmergeable(format!("value for key {place} is not a map")));
        }
    }
    Ok(())
}

/// New members without those that carry a directive; nulls stay.
fn taken_with_nulls(value: &Value) -> Option<Value> {
    match value {
        Value::Object(object) if object.get_or_null(DIRECTIVE).is_some() => None,
        Value::Object(object) => Some(Value::Object(
            object
                .iter()
                .filter_map(|(key, value)| Some((key, taken_with_nulls(value)?)))
                .collect(),
        )),
        Value::Array(items) => Some(Value::Array(
            items.iter().filter_map(taken_with_nulls).collect(),
        )),
        other => Some(other.clone()),
    }
}

/// The members of the patch must stand in the order list, in its order.
fn validate_order(change: &[Value], order: &[Value], merge_key: &str) -> Result<(), PatchError> {
    if change.is_empty() || order.is_empty() {
        return Ok(());
    }
    if !merge_key.is_empty()
        && let Some(member) = change.iter().find(|member| member.as_object().is_none())
    {
        return Err(expected_map(member));
    }
    let directive = |member: &Value| {
        member
            .as_object()
            .and_then(|member| member.get_or_null(DIRECTIVE))
            .is_some()
    };
    let is_delete =
        |member: &&Value| !merge_key.is_empty() && member.str(DIRECTIVE) == Some("delete");
    let mut members = change.iter().filter(|member| !is_delete(member)).peekable();
    let mut wanted = order.iter();
    // A directive passes, but not behind the end of the order list.
    while members.peek().is_some() && !wanted.as_slice().is_empty() {
        if members.next_if(|member| directive(member)).is_none()
            && let (Some(member), Some(place)) = (members.peek(), wanted.next())
            && same_key(member, place, merge_key)?
        {
            members.next();
        }
    }
    if members.peek().is_some() {
        let (change, order) = (PrintedList(change), PrintedList(order));
        return Err(unmergeable(format!(
            "The order in patch list:\n{change}\n doesn't match $setElementOrder list:\n{order}\n"
        )));
    }
    Ok(())
}

fn same_key(left: &Value, right: &Value, merge_key: &str) -> Result<bool, PatchError> {
    if merge_key.is_empty() {
        return Ok(Key::of(left).is_some_and(|key| Key::of(right) == Some(key)));
    }
    require_key(left, merge_key)?;
    require_key(right, merge_key)?;
    let key = Key::of_member(left, merge_key);
    Ok(key.is_some() && key == Key::of_member(right, merge_key))
}

fn require_key(member: &Value, merge_key: &str) -> Result<(), PatchError> {
    match member {
        Value::Object(object) if object.get_or_null(merge_key).is_some() => Ok(()),
        Value::Object(object) => Err(no_merge_key(object, merge_key)),
        other => Err(expected_map(other)),
    }
}

fn no_merge_key(member: &Object, merge_key: &str) -> PatchError {
    let member = PrintedMap(member);
    unmergeable(format!(
        "map: {member} does not contain declared merge key: {merge_key}"
    ))
}

fn expected_map(found: &Value) -> PatchError {
    expected("map[string]interface {}", found)
}

fn expected(wanted: &str, found: &Value) -> PatchError {
    unmergeable(format!(
        "expected a {wanted}, but received a {}",
        go_type(found)
    ))
}
