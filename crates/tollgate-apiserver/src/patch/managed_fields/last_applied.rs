//! What client-side apply left behind: the annotation with the last applied configuration.

use super::entries;
use crate::patch::field_set::Set;
use crate::patch::typed::Schema;
use crate::patch::typed::compare::compare;
use crate::patch::typed::members::members;
use crate::patch::typed::node::Node;
use crate::patch::typed::validate::misfits;
use tollgate_api::{Object, Value, json};

/// Only kubectl's own server-side apply takes over from client-side apply.
pub(super) const KUBECTL: &str = "kubectl";

const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The most bytes of all annotations together.
const ANNOTATIONS_SIZE_MAX: usize = 256 << 10;

fn annotation(object: &Value) -> Option<&str> {
    let annotations = object.at(&["metadata", "annotations"])?;
    annotations.str(ANNOTATION).filter(|text| !text.is_empty())
}

/// The fields that client-side apply wrote and nobody changed since: those may be taken without force.
pub(super) fn untouched(live: &Value, api_version: &str, schema: Schema<'_>) -> Option<Set> {
    let applied = json::from_str(annotation(live)?).ok()?;
    let fits = applied.str("apiVersion") == Some(api_version)
        && misfits(&applied, schema.sent(), false).is_empty();
    if !fits {
        return None;
    }
    let mut live = live.clone();
    entries::clear(&mut live);
    let live = crate::patch::typed::node::tree(Node::Value(&live), schema.held());
    let changed = compare(Node::Value(&applied), Node::Value(&live), schema.sent());
    let fields = members(&applied, schema.sent());
    Some(
        fields
            .difference(&changed.modified)
            .difference(&changed.added)
            .difference(&changed.removed),
    )
}

/// Keeps the annotation, where there is one, in step with what was applied.
pub(super) fn keep(object: &mut Value, applied: &Value) {
    if annotation(object).is_none() {
        return;
    }
    let mut applied = applied.clone();
    if let Some(annotations) = applied
        .get_mut("metadata")
        .and_then(|metadata| metadata.get_mut("annotations"))
    {
        annotations.remove(ANNOTATION);
    }
    sort(&mut applied);
    let mut text = json::to_string(&applied);
    text.push('\n');
    let annotations = object.child_mut("metadata").child_mut("annotations");
    annotations.set(ANNOTATION, text);
    let size: usize = annotations
        .as_object()
        .into_iter()
        .flat_map(Object::iter)
        .map(|(key, value)| {
            key.len()
                .saturating_add(value.as_str().unwrap_or_default().len())
        })
        .sum();
    if size > ANNOTATIONS_SIZE_MAX {
        annotations.remove(ANNOTATION);
    }
}

/// Keys in the order in which Go writes maps.
fn sort(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.sort_by_key();
            object.iter_mut().for_each(|(_, child)| sort(child));
        }
        Value::Array(items) => items.iter_mut().for_each(sort),
        _ => {}
    }
}
