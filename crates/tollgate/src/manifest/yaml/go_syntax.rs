//! Values as Go's `%#v` prints them, which kubectl's errors about map keys show.
//!
//! The commonest of these errors comes from a template that was not rendered: `{{ .Values.name }}` is a mapping whose
//! key is a mapping.

use super::arena::{Arena, NodeId, NodeKind};
use super::build::meaning;
use super::scalar::Scalar;
use tollgate_api::go_format::quote;

/// How much of a value an error shows.
const SHOWN_BYTES_MAX: usize = 500;

/// How many nodes of a value an error looks at.
const SHOWN_NODES_MAX: usize = 100;

/// A null inside a value.
const NIL: &str = "interface {}(nil)";

/// A key that is no scalar.
pub(super) fn invalid_key(arena: &Arena, key: NodeId) -> String {
    format!("yaml: invalid map key: {}", shown(arena, key))
}

/// A key that JSON cannot have: null or an integer beyond 64 bits.
pub(super) fn unsupported_key(arena: &Arena, meaning: Scalar, value: NodeId) -> String {
    let (kind, key) = match meaning {
        Scalar::Uint(key) => ("uint64", format!("{key:#x}")),
        _ => ("%!s(<nil>)", "<nil>".to_owned()),
    };
    let value = shown(arena, value);
    format!("unsupported map key of type: {kind}, key: {key}, value: {value}")
}

fn shown(arena: &Arena, id: NodeId) -> String {
    let mut left = SHOWN_NODES_MAX;
    let text = match go_value(arena, id, &mut left).as_str() {
        NIL => "<nil>".to_owned(),
        text => text.to_owned(),
    };
    if text.len() <= SHOWN_BYTES_MAX {
        return text;
    }
    let cut = text.floor_char_boundary(SHOWN_BYTES_MAX);
    format!("{}...", text.get(..cut).unwrap_or_default())
}

/// `left` bounds depth and size.
fn go_value(arena: &Arena, id: NodeId, left: &mut usize) -> String {
    let Some(node) = arena.get(id).filter(|_| *left > 0) else {
        return "...".to_owned();
    };
    *left -= 1;
    match &node.kind {
        NodeKind::Alias { target, .. } => go_value(arena, *target, left),
        NodeKind::Scalar { text, .. } => match meaning(node, text) {
            Ok((meaning, text)) => go_scalar(meaning, &text),
            Err(_) => quote(text),
        },
        NodeKind::Sequence { first } => {
            let items: Vec<String> = arena
                .children(*first)
                .take(*left)
                .map(|(child, _)| go_value(arena, child, left))
                .collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        NodeKind::Mapping { first } => {
            let mut entries: Vec<(String, String)> = Vec::new();
            for (key, value) in arena.entries(*first).take(*left) {
                let key = go_value(arena, key, left);
                let value = go_value(arena, value, left);
                match entries.iter_mut().find(|(known, _)| *known == key) {
                    Some(entry) => entry.1 = value,
                    None => entries.push((key, value)),
                }
            }
            entries.sort();
            let entries: Vec<String> = entries
                .into_iter()
                .map(|(key, value)| format!("{key}:{value}"))
                .collect();
            format!(
                "map[interface {{}}]interface {{}}{{{}}}",
                entries.join(", ")
            )
        }
    }
}

fn go_scalar(meaning: Scalar, text: &str) -> String {
    match meaning {
        Scalar::Null => NIL.to_owned(),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Int(value) => value.to_string(),
        Scalar::Uint(value) => format!("{value:#x}"),
        Scalar::Float(value) => super::scalar::go_float(value),
        Scalar::Text => quote(text),
    }
}
