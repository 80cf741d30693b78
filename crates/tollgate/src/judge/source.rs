//! Where an object came from, and the places of its fields.

use crate::diagnostics::{Document, Label, Place};
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
        let span = crate::manifest::spans::locate(&self.document.text, &path);
        Place::new(Arc::clone(&self.document), span.map_or(0..0, |found| found.shown()))
    }

    /// A label at a field of the object.
    pub fn label(&self, field: &FieldPath, text: impl Into<String>) -> Label {
        Label { place: self.place(field), text: text.into() }
    }
}
