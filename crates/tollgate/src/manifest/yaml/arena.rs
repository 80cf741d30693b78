//! The nodes of a document with their places, before aliases are followed.

use compact_str::CompactString;

/// The number of a node in its [`Arena`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NodeId(u32);

/// A node of a document.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    /// Where the node starts, in bytes; with its anchor and tag.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// The next child of the same parent. Children of a mapping are keys and values in turn.
    pub(super) next: Option<NodeId>,
}

/// The kinds of nodes.
#[derive(Debug)]
pub(super) enum NodeKind {
    Scalar {
        text: CompactString,
        /// Whether the text can mean something else than itself.
        plain: bool,
        tag: Option<Box<str>>,
    },
    Alias {
        name: Box<str>,
        target: NodeId,
    },
    Sequence {
        first: Option<NodeId>,
    },
    Mapping {
        first: Option<NodeId>,
    },
}

/// All nodes of a document.
#[derive(Debug, Default)]
pub(super) struct Arena {
    nodes: Vec<Node>,
}

impl Arena {
    /// Adds a node; none if there are too many.
    pub(super) fn add(&mut self, kind: NodeKind, start: usize, end: usize) -> Option<NodeId> {
        if self.nodes.len() >= tollgate_api::json::VALUES_MAX {
            return None;
        }
        let id = NodeId(u32::try_from(self.nodes.len()).ok()?);
        self.nodes.push(Node {
            kind,
            start,
            end,
            next: None,
        });
        Some(id)
    }

    pub(super) fn get(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0 as usize)
    }

    pub(super) fn get_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(id.0 as usize)
    }

    /// The children of a sequence or mapping.
    pub(super) fn children(&self, first: Option<NodeId>) -> impl Iterator<Item = (NodeId, &Node)> {
        std::iter::successors(
            first.and_then(|id| Some((id, self.get(id)?))),
            |(_, node)| {
                let id = node.next?;
                Some((id, self.get(id)?))
            },
        )
    }

    /// The keys and values of a mapping.
    pub(super) fn entries(&self, first: Option<NodeId>) -> impl Iterator<Item = (NodeId, NodeId)> {
        let mut children = self.children(first);
        std::iter::from_fn(move || Some((children.next()?.0, children.next()?.0)))
    }
}
