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
    let text = go_value(arena, id, 0);
    let text = match text.as_str() {
        "interface {}(nil)" => "<nil>".to_owned(),
        _ => text,
    };
    if text.len() <= SHOWN_BYTES_MAX {
        return text;
    }
    let cut = text.floor_char_boundary(SHOWN_BYTES_MAX);
    format!("{}...", text.get(..cut).unwrap_or_default())
}

fn go_value(arena: &Arena, id: NodeId, depth: usize) -> String {
    const DEPTH_SHOWN_MAX: usize = 8;
    const ITEMS_SHOWN_MAX: usize = 50;
    let Some(node) = arena.get(id) else {
        return String::new();
    };
    if depth > DEPTH_SHOWN_MAX {
        return "...".to_owned();
    }
    match &node.kind {
        NodeKind::Alias { target, .. } => go_value(arena, *target, depth + 1),
        NodeKind::Scalar { text, .. } => match meaning(node, text) {
            Ok((meaning, text)) => go_scalar(meaning, &text),
            Err(_) => quote(text),
        },
        NodeKind::Sequence { first } => {
            let items: Vec<String> = arena
                .children(*first)
                .take(ITEMS_SHOWN_MAX)
                .map(|(child, _)| go_value(arena, child, depth + 1))
                .collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        NodeKind::Mapping { first } => {
            let mut entries: Vec<(String, String)> = Vec::new();
            for (key, value) in arena.entries(*first).take(ITEMS_SHOWN_MAX) {
                let key = go_value(arena, key, depth + 1);
                let value = go_value(arena, value, depth + 1);
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
            format!("map[interface {{}}]interface {{}}{{{}}}", entries.join(", "))
        }
    }
}

fn go_scalar(meaning: Scalar, text: &str) -> String {
    match meaning {
        Scalar::Null => "interface {}(nil)".to_owned(),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Int(value) => value.to_string(),
        Scalar::Uint(value) => format!("{value:#x}"),
        Scalar::Float(value) => super::scalar::go_float(value),
        Scalar::Text => quote(text),
    }
}
