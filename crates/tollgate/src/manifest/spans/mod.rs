//! From a field to its place in a document's text.
//!
//! Places are looked for only when there is something to show, by reading the document once more while noting where
//! everything stands.

mod json;
mod recorder;
#[cfg(test)]
mod tests;

pub(super) use recorder::Recorder;

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

/// Where everything stands in a document: made once, asked for any number of fields.
#[derive(Debug)]
pub struct Places {
    by: By,
    /// The length of a byte order mark before the text.
    skipped: usize,
}

#[derive(Debug)]
enum By {
    Recorder(Recorder),
    /// What cannot be told while reading, because of aliases and merges.
    Nodes(yaml::Nodes),
}

impl Places {
    /// Of a document of either form; none if it cannot be read. [`super::Document::places`] knows the form.
    pub fn of(text: &str) -> Option<Self> {
        if text.trim_start().starts_with('{')
            && let Some(places) = Self::of_json(text)
        {
            return Some(places);
        }
        Self::of_yaml(text)
    }

    pub(super) fn of_json(text: &str) -> Option<Self> {
        Some(Self {
            by: By::Recorder(json::record(text)?),
            skipped: 0,
        })
    }

    pub(super) fn of_yaml(text: &str) -> Option<Self> {
        let (text, skipped) = yaml::without_mark(text);
        let by = match yaml::record(text) {
            Some(recorder) => By::Recorder(recorder),
            None => By::Nodes(yaml::Nodes::of(text)?),
        };
        Some(Self { by, skipped })
    }

    /// The place of a field, or of the nearest one around it.
    pub fn locate(&self, path: &FieldPath) -> Located {
        let mut located = match &self.by {
            By::Recorder(recorder) => recorder.locate(path),
            By::Nodes(nodes) => nodes.locate(path),
        };
        for range in [&mut located.span.key, &mut located.span.value] {
            *range = range.start + self.skipped..range.end + self.skipped;
        }
        located
    }
}
