//! Noting where everything stands while a document is walked.

use super::{Located, Span};
use compact_str::CompactString;
use std::ops::Range;
use tollgate_api::field::{FieldPath, Segment};

/// An entry of a mapping or a member of a list.
#[derive(Debug)]
struct Node {
    /// The key of an entry; a member has none.
    name: Option<CompactString>,
    span: Span,
    /// The places in [`Recorder::children`] of what is inside, in written order.
    children: Range<u32>,
}

/// Told of a walk from the document's start to its end, it can say afterwards where any field stands.
#[derive(Debug, Default)]
pub(in crate::manifest) struct Recorder {
    nodes: Vec<Node>,
    children: Vec<u32>,
    root: Node,
    /// The entries and members that the walk is in, innermost last, and how many are in `closed` of before them.
    open: Vec<(u32, usize)>,
    /// Those that have ended, while what is around them goes on.
    closed: Vec<u32>,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            name: None,
            span: Span::default(),
            children: 0..0,
        }
    }
}

/// A text of so many bytes is taken to hold one entry or member: a line.
const BYTES_PER_NODE: usize = 24;
/// Room is made beforehand for so many at most.
const NODES_EXPECTED_MAX: usize = 1024;

impl Recorder {
    /// With room for what stands in a text.
    pub(in crate::manifest) fn for_text(text: &str) -> Self {
        let nodes = (text.len() / BYTES_PER_NODE).min(NODES_EXPECTED_MAX);
        Self {
            nodes: Vec::with_capacity(nodes),
            children: Vec::with_capacity(nodes),
            closed: Vec::with_capacity(32),
            open: Vec::with_capacity(16),
            ..Self::default()
        }
    }

    /// An entry begins.
    pub(in crate::manifest) fn enter_key(&mut self, key: &str, place: Range<usize>) {
        self.enter(Some(key.into()), place);
    }

    /// A member of a list begins. Members are told of in order.
    pub(in crate::manifest) fn enter_item(&mut self, place: Range<usize>) {
        self.enter(None, place);
    }

    fn enter(&mut self, name: Option<CompactString>, key: Range<usize>) {
        // Documents have fewer values (`VALUES_MAX`).
        let id = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(Node {
            name,
            span: Span {
                value: key.end..key.end,
                key,
            },
            children: 0..0,
        });
        self.open.push((id, self.closed.len()));
    }

    /// The entry or member that began last ends.
    pub(in crate::manifest) fn leave(&mut self, value: Range<usize>) {
        let Some((id, inside)) = self.open.pop() else {
            return;
        };
        let children = self.adopt(inside);
        if let Some(node) = self.nodes.get_mut(id as usize) {
            node.span.value = value;
            node.children = children;
        }
        self.closed.push(id);
    }

    /// The document ends.
    pub(in crate::manifest) fn root(&mut self, value: Range<usize>) {
        self.root.children = self.adopt(0);
        self.root.span.value = value;
    }

    /// Gives what ended last, from that place of `closed` on, to what is around it.
    fn adopt(&mut self, inside: usize) -> Range<u32> {
        let end = |children: &Vec<u32>| u32::try_from(children.len()).unwrap_or(u32::MAX);
        let start = end(&self.children);
        self.children.extend(self.closed.drain(inside..));
        start..end(&self.children)
    }

    /// The place of a field, or of the nearest one around it.
    pub(in crate::manifest) fn locate(&self, path: &FieldPath) -> Located {
        let mut node = &self.root;
        let mut segments = 0;
        for segment in &path.0 {
            let Some(next) = self.child(node, segment) else {
                break;
            };
            node = next;
            segments += 1;
        }
        Located {
            span: node.span.clone(),
            segments,
            exact: segments == path.0.len(),
        }
    }

    fn child(&self, node: &Node, segment: &Segment) -> Option<&Node> {
        let range = node.children.start as usize..node.children.end as usize;
        let children = self.children.get(range)?;
        let node = |id: &u32| self.nodes.get(*id as usize);
        match segment {
            Segment::Index(index) => node(children.get(*index)?).filter(|node| node.name.is_none()),
            // Of a key that stands twice, the last counts.
            Segment::Field(name) | Segment::Key(name) => children
                .iter()
                .rev()
                .filter_map(node)
                .find(|node| node.name.as_ref() == Some(name)),
        }
    }
}
