//! Places of fields in YAML documents.

use super::arena::{Arena, NodeId, NodeKind};
use super::build::{is_merge, key_text};
use super::characters::{self, Class};
use super::watch::Watch;
use super::{compose, fast, without_mark};
use crate::manifest::spans::{Finder, Located, Span};
use std::ops::Range;
use tollgate_api::field::{FieldPath, Segment};

/// Aliases and merges that are followed on the way to a field.
const JUMPS_MAX: usize = 64;

/// Where a field stands in a text; none if the text cannot be read.
pub(in crate::manifest) fn locate(text: &str, path: &FieldPath) -> Option<Located> {
    let (text, skipped) = without_mark(text);
    let mut located = locate_unmarked(text, path)?;
    for range in [&mut located.span.key, &mut located.span.value] {
        *range = range.start + skipped..range.end + skipped;
    }
    Some(located)
}

fn locate_unmarked(text: &str, path: &FieldPath) -> Option<Located> {
    if characters::check(text).ok()? != Class::Odd {
        let mut finder = Finder::new(path);
        if fast::read(text, &mut finder).is_some() {
            return Some(finder.finish());
        }
    }
    let (arena, root) = compose::compose(text).ok()?;
    let mut search = Search {
        arena: &arena,
        jumps: 0,
    };
    let mut span = root.and_then(|root| search.whole(root)).unwrap_or_default();
    let mut node = root;
    let mut segments = 0;
    for segment in &path.0 {
        let Some((next, place)) = node.and_then(|node| search.step(node, segment)) else {
            break;
        };
        node = Some(next);
        span = place;
        segments += 1;
    }
    Some(Located {
        span,
        segments,
        exact: segments == path.0.len(),
    })
}

impl Watch for Finder<'_> {
    fn enter_key(&mut self, key: &str, place: Range<usize>) {
        self.enter_key(key, place);
    }

    fn enter_item(&mut self, index: usize, place: Range<usize>) {
        self.enter_item(index, place);
    }

    fn leave(&mut self, value: Range<usize>) {
        self.leave(value);
    }

    fn root(&mut self, value: Range<usize>) {
        self.root(value);
    }
}

/// A walk along a path through nodes, over aliases and merges.
struct Search<'a> {
    arena: &'a Arena,
    jumps: usize,
}

impl Search<'_> {
    fn whole(&self, id: NodeId) -> Option<Span> {
        let node = self.arena.get(id)?;
        Some(Span {
            key: 0..0,
            value: node.start..node.end,
        })
    }

    /// The node that an alias stands for.
    fn target(&mut self, id: NodeId) -> Option<NodeId> {
        match &self.arena.get(id)?.kind {
            NodeKind::Alias { target, .. } => {
                self.jumps += 1;
                let target = *target;
                (self.jumps <= JUMPS_MAX).then(|| self.target(target))?
            }
            _ => Some(id),
        }
    }

    fn step(&mut self, id: NodeId, segment: &Segment) -> Option<(NodeId, Span)> {
        let id = self.target(id)?;
        match (segment, &self.arena.get(id)?.kind) {
            (Segment::Index(index), NodeKind::Sequence { first }) => {
                let (child, node) = self.arena.children(*first).nth(*index)?;
                let span = Span {
                    key: node.start..node.start,
                    value: node.start..node.end,
                };
                Some((child, span))
            }
            (Segment::Field(name) | Segment::Key(name), NodeKind::Mapping { first }) => {
                self.entry(*first, name)
            }
            _ => None,
        }
    }

    /// The last entry with that key, or one that a later merge brings.
    fn entry(&mut self, first: Option<NodeId>, name: &str) -> Option<(NodeId, Span)> {
        let mut found = None;
        for (key_id, value_id) in self.arena.entries(first) {
            let (key, value) = (self.arena.get(key_id)?, self.arena.get(value_id)?);
            if is_merge(key) {
                found = self.merged(value_id, name).or(found);
            } else if self.key_is(key_id, name) {
                let span = Span {
                    key: key.start..key.end,
                    value: value.start..value.end,
                };
                found = Some((value_id, span));
            }
        }
        found
    }

    fn key_is(&mut self, id: NodeId, name: &str) -> bool {
        let node = self.target(id).and_then(|id| self.arena.get(id));
        node.and_then(key_text).is_some_and(|text| text == name)
    }

    fn merged(&mut self, id: NodeId, name: &str) -> Option<(NodeId, Span)> {
        self.jumps += 1;
        if self.jumps > JUMPS_MAX {
            return None;
        }
        let id = self.target(id)?;
        match &self.arena.get(id)?.kind {
            NodeKind::Mapping { first } => self.entry(*first, name),
            NodeKind::Sequence { first } => {
                let sources: Vec<NodeId> = self.arena.children(*first).map(|(id, _)| id).collect();
                sources.into_iter().find_map(|id| self.merged(id, name))
            }
            _ => None,
        }
    }
}
