//! Nodes put into the tree: each goes to the end of the innermost open collection.

use super::composer::Composer;
use crate::manifest::yaml::arena::{NodeId, NodeKind};
use crate::manifest::yaml::fault::{Fault, Mark};
use compact_str::CompactString;
use tollgate_api::json::DEPTH_MAX;

/// A collection that is not closed yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    pub(super) id: NodeId,
    pub(super) last: Option<NodeId>,
    pub(super) mark: Mark,
}

impl<'t> Composer<'t> {
    pub(super) fn begin(
        &mut self,
        kind: NodeKind,
        anchor: Option<&'t str>,
        start: Mark,
        mark: Mark,
    ) -> Result<(), Fault> {
        if self.open.len() >= DEPTH_MAX {
            let problem = format!("exceeded max depth of {DEPTH_MAX}");
            return Err(Fault::scanner(mark, start, &problem));
        }
        let id = self.add(kind, anchor, start, start)?;
        self.open.push(Open {
            id,
            last: None,
            mark,
        });
        Ok(())
    }

    pub(super) fn add(
        &mut self,
        kind: NodeKind,
        anchor: Option<&'t str>,
        start: Mark,
        end: Mark,
    ) -> Result<NodeId, Fault> {
        let Some(id) = self.arena.add(kind, start.offset, end.offset) else {
            let most = tollgate_api::json::VALUES_MAX;
            let message = format!("yaml: document has more than {most} values");
            return Err(Fault::new(start.offset, message));
        };
        if let Some(name) = anchor {
            self.anchors.insert(name, id);
        }
        match self.open.last_mut() {
            None => self.root = Some(id),
            Some(open) => match open.last.replace(id) {
                Some(last) => {
                    if let Some(last) = self.arena.get_mut(last) {
                        last.next = Some(id);
                    }
                }
                None => {
                    if let Some(NodeKind::Sequence { first } | NodeKind::Mapping { first }) =
                        self.arena.get_mut(open.id).map(|node| &mut node.kind)
                    {
                        *first = Some(id);
                    }
                }
            },
        }
        Ok(id)
    }

    /// Closes the innermost collection, which ends at `end`.
    pub(super) fn close(&mut self, end: usize) {
        if let Some(open) = self.open.pop()
            && let Some(node) = self.arena.get_mut(open.id)
        {
            node.end = end;
        }
    }

    /// Closes the innermost block: it ends where its last child ends.
    pub(super) fn close_block(&mut self) {
        let last = self.open.last().and_then(|open| open.last);
        let end = last.and_then(|id| self.arena.get(id)).map(|node| node.end);
        self.close(end.unwrap_or_default());
    }
}

pub(super) fn sequence() -> NodeKind {
    NodeKind::Sequence { first: None }
}

pub(super) fn mapping() -> NodeKind {
    NodeKind::Mapping { first: None }
}

pub(super) fn scalar(text: CompactString, plain: bool, tag: Option<Box<str>>) -> NodeKind {
    NodeKind::Scalar { text, plain, tag }
}
