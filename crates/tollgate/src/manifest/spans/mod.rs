//! From a field to its place in a document's text.
//!
//! Places are looked for only when there is something to show, by reading the document once more while looking on.

mod finder;
mod json;

pub(super) use finder::Finder;
pub(super) use json::locate as locate_json;

use super::yaml;
use std::ops::Range;
use tollgate_api::field::FieldPath;

/// Where something stands in a document, in bytes from the document's start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Span {
    /// The key, with its quotes; the dash of a member of a block sequence; nothing for a member of a flow sequence or
    /// for the document itself.
    pub key: Range<usize>,
    /// The value: from its first byte to its last; nothing, after the colon, for an absent value.
    pub value: Range<usize>,
}

/// The place of a field, or of the nearest one around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The place.
    pub span: Span,
    /// How many segments of the path are there.
    pub segments: usize,
    /// Whether that is all of them: the field itself is there.
    pub exact: bool,
}

/// Where a field stands in a document of either form; [`super::Document::locate`] knows the form.
pub fn locate(text: &str, path: &FieldPath) -> Option<Located> {
    if text.trim_start().starts_with('{')
        && let Some(located) = locate_json(text, path)
    {
        return Some(located);
    }
    locate_yaml(text, path)
}

/// Where a field stands in a YAML document.
pub(super) fn locate_yaml(text: &str, path: &FieldPath) -> Option<Located> {
    yaml::locate(text, path)
}
