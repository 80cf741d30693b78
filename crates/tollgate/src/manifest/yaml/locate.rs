//! Places of fields in YAML documents.

use super::arena::{Arena, NodeId, NodeKind};
use super::build::{is_merge, key_text};
use super::characters::{self, Class};
use super::watch::Watch;
use super::{compose, fast};
use crate::manifest::spans::{Located, Recorder, Span};
use std::ops::Range;
use tollgate_api::field::{FieldPath, Segment};

/// Aliases and merges that are followed on the way to a field.
const JUMPS_MAX: usize = 64;

/// Where everything stands in a text that the fast reader can read.
pub(in crate::manifest) fn record(text: &str) -> Option<Recorder> {
    if characters::check(text).ok()? == Class::Odd {
        return None;
    }
    let mut recorder = Recorder::for_text(text);
    fast::read(text, &mut recorder)?;
    Some(recorder)
}

impl Watch for Recorder {
    const WANTS_TREE: bool = false;

    fn enter_key(&mut self, key: &str, place: Range<usize>) {
        self.enter_key(key, place);
    }

    fn enter_item(&mut self, place: Range<usize>) {
        self.enter_item(place);
    }

    fn leave(&mut self, value: Range<usize>) {
        self.leave(value);
    }

    fn root(&mut self, value: Range<usize>) {
        self.root(value);
    }
}

/// The nodes of a document, in which places are looked for along aliases and merges.
#[derive(Debug)]
pub(in crate::manifest) struct Nodes {
    arena: Arena,
    root: Option<NodeId>,
}

impl Nodes {
    /// The nodes of any text; none if it cannot be read.
    pub(in crate::manifest) fn of(text: &str) -> Option<Self> {
        characters::check(text).ok()?;
        let (arena, root) = compose::compose(text).ok()?;
        Some(Self { arena, root })
    }

    /// The place of a field, or of the nearest one around it.
    pub(in crate::manifest) fn locate(&self, path: &FieldPath) -> Located {
        let mut search = Search {
            arena: &self.arena,
            jumps: 0,
        };
        let mut node = self.root;
        let mut span = node.and_then(|root| search.whole(root)).unwrap_or_default();
        let mut segments = 0;
        for segment in &path.0 {
            let Some((next, place)) = node.and_then(|node| search.step(node, segment)) else {
                break;
            };
            node = Some(next);
            span = place;
            segments += 1;
        }
        Located {
            span,
            segments,
            exact: segments == path.0.len(),
        }
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
