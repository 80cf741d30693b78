//! Following a path while a document is walked.

use super::{Located, Span};
use std::ops::Range;
use tollgate_api::field::{FieldPath, Segment};

/// Keeps the place of the longest beginning of a path that has been passed.
#[derive(Debug)]
pub(in crate::manifest) struct Finder<'p> {
    path: &'p [Segment],
    /// The places of the path's first segments.
    spans: Vec<Span>,
    root: Range<usize>,
    /// How deep the walk is, and how deep it is on the path.
    depth: usize,
    on_path: usize,
}

impl<'p> Finder<'p> {
    pub(in crate::manifest) fn new(path: &'p FieldPath) -> Self {
        Self {
            path: &path.0,
            spans: Vec::new(),
            root: 0..0,
            depth: 0,
            on_path: 0,
        }
    }

    /// What the path asks for next, if the walk is on the path.
    #[inline]
    fn wanted(&self) -> Option<&'p Segment> {
        if self.depth == self.on_path {
            self.path.get(self.depth)
        } else {
            None
        }
    }

    /// An entry begins.
    #[inline]
    pub(in crate::manifest) fn enter_key(&mut self, key: &str, place: Range<usize>) {
        if let Some(Segment::Field(name) | Segment::Key(name)) = self.wanted()
            && name == key
        {
            self.enter(place);
        }
        self.depth += 1;
    }

    /// A member of a list begins.
    #[inline]
    pub(in crate::manifest) fn enter_item(&mut self, index: usize, place: Range<usize>) {
        if self.wanted() == Some(&Segment::Index(index)) {
            self.enter(place);
        }
        self.depth += 1;
    }

    /// A step along the path. If it was there before (a key that stands twice), the last counts.
    fn enter(&mut self, key: Range<usize>) {
        self.spans.truncate(self.depth);
        self.spans.push(Span {
            value: key.end..key.end,
            key,
        });
        self.on_path += 1;
    }

    /// The entry or member that began last ends.
    #[inline]
    pub(in crate::manifest) fn leave(&mut self, value: Range<usize>) {
        self.depth = self.depth.saturating_sub(1);
        if self.on_path > self.depth {
            self.on_path = self.depth;
            if let Some(span) = self.spans.get_mut(self.depth) {
                span.value = value;
            }
        }
    }

    /// The document ends.
    pub(in crate::manifest) fn root(&mut self, value: Range<usize>) {
        self.root = value;
    }

    /// What was found.
    pub(in crate::manifest) fn finish(mut self) -> Located {
        let segments = self.spans.len();
        let whole = Span {
            key: 0..0,
            value: self.root,
        };
        Located {
            span: self.spans.pop().unwrap_or(whole),
            segments,
            exact: segments == self.path.len(),
        }
    }
}
