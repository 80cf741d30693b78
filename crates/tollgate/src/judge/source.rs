//! Where an object came from, and the places of its fields.

use crate::diagnostics::{Document, Label, Place};
use crate::manifest::spans::{Located, Places, Span};
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use tollgate_api::field::FieldPath;

/// The document an object came from and where it stands in it.
#[derive(Debug, Clone)]
pub struct Source {
    /// The document.
    pub document: Arc<Document>,
    /// Empty, or `items[3]` in a `List`.
    pub prefix: FieldPath,
    /// Made when the first place is asked for; shared by all objects of the document.
    places: Arc<OnceLock<Option<Places>>>,
}

impl Source {
    /// The only object of a document.
    pub fn new(document: Arc<Document>) -> Self {
        Self {
            document,
            prefix: FieldPath::default(),
            places: Arc::default(),
        }
    }

    /// One of several objects of the same document.
    #[must_use]
    pub fn item(&self, prefix: FieldPath) -> Self {
        Self {
            prefix,
            ..self.clone()
        }
    }

    /// The place of a field of the object; of the nearest field around it if it is not written.
    pub fn place(&self, field: &FieldPath) -> Place {
        self.place_by(field, shown)
    }

    /// The place of a field's name, for a field that should not be there.
    pub fn place_of_name(&self, field: &FieldPath) -> Place {
        self.place_by(field, |text, located| match &located.span.key {
            key if located.exact && !key.is_empty() => key.clone(),
            _ => shown(text, located),
        })
    }

    fn place_by(
        &self,
        field: &FieldPath,
        span: impl FnOnce(&str, &Located) -> Range<usize>,
    ) -> Place {
        let text = self.document.text.as_str();
        let places = self.places.get_or_init(|| Places::of(text));
        let located = places.as_ref().map(|places| match &self.prefix {
            FieldPath(prefix) if prefix.is_empty() => places.locate(field),
            prefix => places.locate(&field.below(prefix)),
        });
        let span = located.map_or(0..0, |located| span(text, &located));
        Place::new(Arc::clone(&self.document), span)
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
