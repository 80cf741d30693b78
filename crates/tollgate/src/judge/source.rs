//! Where an object came from, and the places of its fields.

use crate::diagnostics::{Document, Label, Place};
use crate::manifest::spans::{Located, Span, locate};
use std::ops::Range;
use std::sync::Arc;
use tollgate_api::field::FieldPath;

/// The document an object came from and where it stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The document.
    pub document: Arc<Document>,
    /// Empty, or `items[3]` in a `List`.
    pub prefix: FieldPath,
}

impl Source {
    /// The place of a field of the object; of the nearest field around it if it is not written.
    pub fn place(&self, field: &FieldPath) -> Place {
        let path = field.below(&self.prefix);
        let text = self.document.text.as_str();
        let located = locate(text, &path);
        let span = located.map_or(0..0, |located| shown(text, &located));
        Place::new(Arc::clone(&self.document), span)
    }

    /// The place of a field's name; of the nearest field around it if it is not written.
    pub fn place_of_name(&self, field: &FieldPath) -> Place {
        let path = field.below(&self.prefix);
        match locate(&self.document.text, &path) {
            Some(located) if located.exact && !located.span.key.is_empty() => {
                Place::new(Arc::clone(&self.document), located.span.key)
            }
            _ => self.place(field),
        }
    }

    /// Whether a field of the object is written.
    pub fn has(&self, field: &FieldPath) -> bool {
        let path = field.below(&self.prefix);
        locate(&self.document.text, &path).is_some_and(|located| located.exact)
    }

    /// A label at a field of the object.
    pub fn label(&self, field: &FieldPath, text: impl Into<String>) -> Label {
        Label {
            place: self.place(field),
            text: text.into(),
        }
    }
}

/// What is underlined: a value on one line; else the key; of a list's member, its first line.
fn shown(text: &str, located: &Located) -> Range<usize> {
    let Span { key, value } = &located.span;
    let inside = |span: &Range<usize>| text.get(span.clone()).unwrap_or_default();
    let first_line = inside(value).lines().next().unwrap_or_default().trim_end();
    let is_one_line = first_line.len() == inside(value).trim_end().len();
    if located.exact && is_one_line && !first_line.is_empty() {
        return value.start..value.start + first_line.len();
    }
    if key.is_empty() || inside(key) == "-" {
        return value.start..value.start + first_line.len();
    }
    key.clone()
}
