//! Tokens to nodes: the grammar of YAML 1.1 as an automaton with a stack of its own.

use super::arena::{Arena, NodeId, NodeKind};
use super::fault::{Fault, Mark};
use super::scan::{Kind, Scanner, Token};
use compact_str::CompactString;
use std::collections::BTreeMap;
use tollgate_api::json::DEPTH_MAX;

/// The nodes of the first document of a text, and its root; no root if there is no document.
pub(super) fn compose(text: &str) -> Result<(Arena, Option<NodeId>), Fault> {
    let mut composer = Composer {
        scanner: Scanner::new(text),
        arena: Arena::default(),
        open: Vec::new(),
        states: Vec::new(),
        anchors: BTreeMap::new(),
        root: None,
    };
    composer.document()?;
    Ok((composer.arena, composer.root))
}

/// What is to be read next.
#[derive(Debug, Clone, Copy)]
enum State {
    BlockSequence,
    IndentlessSequence,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequence {
        first: bool,
    },
    /// The key of a pair inside a flow sequence: `[a: b]`.
    PairKey,
    PairValue,
    PairEnd,
    FlowMapping {
        first: bool,
    },
    FlowMappingValue,
    FlowMappingNull,
}

/// A collection that is not closed yet.
#[derive(Debug, Clone, Copy)]
struct Open {
    id: NodeId,
    last: Option<NodeId>,
    mark: Mark,
}

struct Composer<'t> {
    scanner: Scanner<'t>,
    arena: Arena,
    open: Vec<Open>,
    states: Vec<State>,
    anchors: BTreeMap<&'t str, NodeId>,
    root: Option<NodeId>,
}

/// Anchor and tag of a node, read before its content.
#[derive(Default)]
struct Properties<'t> {
    anchor: Option<&'t str>,
    tag: Option<Box<str>>,
    start: Option<Mark>,
    end: Mark,
}

impl<'t> Composer<'t> {
    fn document(&mut self) -> Result<(), Fault> {
        match self.scanner.peek()?.kind {
            Kind::StreamEnd => return Ok(()),
            Kind::Directive { .. } => return Err(self.directives()?),
            Kind::DocumentStart => {
                self.take();
                let token = self.scanner.peek()?;
                let start = token.start;
                match token.kind {
                    Kind::Directive { .. }
                    | Kind::DocumentStart
                    | Kind::DocumentEnd
                    | Kind::StreamEnd => self.null(start)?,
                    _ => self.node(true, false)?,
                }
            }
            _ => self.node(true, false)?,
        }
        while let Some(state) = self.states.pop() {
            self.step(state)?;
        }
        // The end of a document is seen from what follows it, which must be readable.
        self.scanner.peek()?;
        Ok(())
    }

    /// What is wrong with directives: that a document start cannot follow them in a text cut at document starts.
    fn directives(&mut self) -> Result<Fault, Fault> {
        loop {
            let token = self.scanner.peek()?;
            let start = token.start;
            let problem = match token.kind {
                Kind::Directive { compatible: true } => {
                    self.take();
                    continue;
                }
                Kind::Directive { compatible: false } => "found incompatible YAML document",
                _ => "did not find expected <document start>",
            };
            return Ok(Fault::parser(start, Mark::default(), problem));
        }
    }

    fn step(&mut self, state: State) -> Result<(), Fault> {
        match state {
            State::BlockSequence => self.block_sequence(),
            State::IndentlessSequence => self.indentless_sequence(),
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequence { first } => self.flow_sequence(first),
            State::PairKey => self.pair_key(),
            State::PairValue => self.pair_value(),
            State::PairEnd => {
                let end = self.scanner.peek()?.start;
                self.close(end.offset);
                Ok(())
            }
            State::FlowMapping { first } => self.flow_mapping(first),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingNull => {
                let start = self.scanner.peek()?.start;
                self.null(start)
            }
        }
    }

    fn take(&mut self) -> Option<Token<'t>> {
        self.scanner.take()
    }

    fn node(&mut self, block: bool, indentless: bool) -> Result<(), Fault> {
        let mut properties = Properties::default();
        if let Kind::Alias(name) = self.scanner.peek()?.kind {
            return self.alias(name);
        }
        self.properties(&mut properties)?;
        let token = self.scanner.peek()?;
        let token_start = token.start;
        let start = properties.start.unwrap_or(token_start);
        let (kind, state) = match token.kind {
            Kind::BlockEntry if indentless => (sequence(), State::IndentlessSequence),
            Kind::Scalar { .. } => return self.scalar(properties, start),
            Kind::FlowSequenceStart => (sequence(), State::FlowSequence { first: true }),
            Kind::FlowMappingStart => (mapping(), State::FlowMapping { first: true }),
            Kind::BlockSequenceStart if block => (sequence(), State::BlockSequence),
            Kind::BlockMappingStart if block => (mapping(), State::BlockMappingKey),
            _ if properties.start.is_some() => {
                let (anchor, end) = (properties.anchor, properties.end);
                let kind = scalar(
                    CompactString::default(),
                    properties.tag.is_none(),
                    properties.tag,
                );
                return self.leaf(kind, anchor, start, end);
            }
            _ => {
                let problem = "did not find expected node content";
                return Err(Fault::parser(token_start, start, problem));
            }
        };
        if !matches!(state, State::IndentlessSequence) {
            self.take();
        }
        self.begin(kind, properties.anchor, start, token_start)?;
        self.states.push(state);
        Ok(())
    }

    fn properties(&mut self, properties: &mut Properties<'t>) -> Result<(), Fault> {
        let mut tagged = false;
        loop {
            match &self.scanner.peek()?.kind {
                Kind::Anchor(_) if properties.anchor.is_none() => {}
                Kind::Tag(_) if !tagged => tagged = true,
                _ => return Ok(()),
            }
            let Some(token) = self.take() else {
                return Ok(());
            };
            let began = *properties.start.get_or_insert(token.start);
            properties.end = token.end;
            match token.kind {
                Kind::Anchor(name) => properties.anchor = Some(name),
                Kind::Tag(Some(tag)) => properties.tag = Some(tag),
                _ => {
                    let problem = "found undefined tag handle";
                    return Err(Fault::parser(token.start, began, problem));
                }
            }
        }
    }

    fn alias(&mut self, name: &'t str) -> Result<(), Fault> {
        let token = self.scanner.peek()?;
        let (start, end) = (token.start, token.end);
        let Some(target) = self.anchors.get(name).copied() else {
            let message = format!("yaml: unknown anchor '{name}' referenced");
            return Err(Fault::new(start.offset, message));
        };
        self.take();
        let name = name.into();
        self.leaf(NodeKind::Alias { name, target }, None, start, end)
    }

    fn scalar(&mut self, properties: Properties<'t>, start: Mark) -> Result<(), Fault> {
        let Some(Token {
            kind: Kind::Scalar { text, plain },
            end,
            ..
        }) = self.take()
        else {
            return Ok(());
        };
        let plain = plain && properties.tag.is_none();
        self.leaf(
            scalar(text, plain, properties.tag),
            properties.anchor,
            start,
            end,
        )
    }

    fn null(&mut self, at: Mark) -> Result<(), Fault> {
        self.leaf(scalar(CompactString::default(), true, None), None, at, at)
    }

    fn leaf(
        &mut self,
        kind: NodeKind,
        anchor: Option<&'t str>,
        start: Mark,
        end: Mark,
    ) -> Result<(), Fault> {
        self.add(kind, anchor, start, end)?;
        Ok(())
    }

    fn begin(
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

    fn add(
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
    fn close(&mut self, end: usize) {
        if let Some(open) = self.open.pop()
            && let Some(node) = self.arena.get_mut(open.id)
        {
            node.end = end;
        }
    }

    /// Closes the innermost block: it ends where its last child ends.
    fn close_block(&mut self) {
        let last = self.open.last().and_then(|open| open.last);
        let end = last.and_then(|id| self.arena.get(id)).map(|node| node.end);
        self.close(end.unwrap_or_default());
    }

    fn unexpected<T>(&mut self, problem: &str) -> Result<T, Fault> {
        let at = self.scanner.peek()?.start;
        let began = self.open.last().map(|open| open.mark).unwrap_or_default();
        Err(Fault::parser(at, began, problem))
    }

    fn block_sequence(&mut self) -> Result<(), Fault> {
        match self.scanner.peek()?.kind {
            Kind::BlockEntry => self.block_entry(State::BlockSequence, |kind| {
                matches!(kind, Kind::BlockEntry | Kind::BlockEnd)
            }),
            Kind::BlockEnd => {
                self.take();
                self.close_block();
                Ok(())
            }
            _ => self.unexpected("did not find expected '-' indicator"),
        }
    }

    fn indentless_sequence(&mut self) -> Result<(), Fault> {
        if !matches!(self.scanner.peek()?.kind, Kind::BlockEntry) {
            self.close_block();
            return Ok(());
        }
        self.block_entry(State::IndentlessSequence, |kind| {
            matches!(
                kind,
                Kind::BlockEntry | Kind::Key | Kind::Value | Kind::BlockEnd
            )
        })
    }

    /// A `-` and what follows it; nothing if what comes next ends the entry.
    fn block_entry(&mut self, state: State, ends: fn(&Kind<'_>) -> bool) -> Result<(), Fault> {
        let end = self.take().map(|token| token.end).unwrap_or_default();
        let empty = ends(&self.scanner.peek()?.kind);
        self.states.push(state);
        if empty {
            return self.null(end);
        }
        self.node(true, false)
    }

    fn block_mapping_key(&mut self) -> Result<(), Fault> {
        match self.scanner.peek()?.kind {
            Kind::Key => {
                self.states.push(State::BlockMappingValue);
                self.block_mapping_node()
            }
            Kind::BlockEnd => {
                self.take();
                self.close_block();
                Ok(())
            }
            _ => self.unexpected("did not find expected key"),
        }
    }

    fn block_mapping_value(&mut self) -> Result<(), Fault> {
        let token = self.scanner.peek()?;
        let start = token.start;
        self.states.push(State::BlockMappingKey);
        if !matches!(token.kind, Kind::Value) {
            return self.null(start);
        }
        self.block_mapping_node()
    }

    /// What stands after a `?` or `:` in a block mapping.
    fn block_mapping_node(&mut self) -> Result<(), Fault> {
        let end = self.take().map(|token| token.end).unwrap_or_default();
        match self.scanner.peek()?.kind {
            Kind::Key | Kind::Value | Kind::BlockEnd => self.null(end),
            _ => self.node(true, true),
        }
    }

    fn flow_sequence(&mut self, first: bool) -> Result<(), Fault> {
        if !first && matches!(self.scanner.peek()?.kind, Kind::FlowEntry) {
            self.take();
        } else if !first && !matches!(self.scanner.peek()?.kind, Kind::FlowSequenceEnd) {
            return self.unexpected("did not find expected ',' or ']'");
        }
        let token = self.scanner.peek()?;
        let (start, end) = (token.start, token.end);
        match token.kind {
            Kind::FlowSequenceEnd => {
                self.take();
                self.close(end.offset);
                Ok(())
            }
            Kind::Key => {
                self.take();
                self.states.push(State::FlowSequence { first: false });
                self.states.push(State::PairKey);
                self.begin(mapping(), None, start, start)
            }
            _ => {
                self.states.push(State::FlowSequence { first: false });
                self.node(false, false)
            }
        }
    }

    fn pair_key(&mut self) -> Result<(), Fault> {
        self.states.push(State::PairValue);
        let token = self.scanner.peek()?;
        let end = token.end;
        match token.kind {
            Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd => {
                // Upstream's parser swallows the token here, whatever it is.
                self.take();
                self.null(end)
            }
            _ => self.node(false, false),
        }
    }

    fn pair_value(&mut self) -> Result<(), Fault> {
        self.states.push(State::PairEnd);
        if matches!(self.scanner.peek()?.kind, Kind::Value) {
            self.take();
            if !matches!(
                self.scanner.peek()?.kind,
                Kind::FlowEntry | Kind::FlowSequenceEnd
            ) {
                return self.node(false, false);
            }
        }
        let start = self.scanner.peek()?.start;
        self.null(start)
    }

    fn flow_mapping(&mut self, first: bool) -> Result<(), Fault> {
        if !first && matches!(self.scanner.peek()?.kind, Kind::FlowEntry) {
            self.take();
        } else if !first && !matches!(self.scanner.peek()?.kind, Kind::FlowMappingEnd) {
            return self.unexpected("did not find expected ',' or '}'");
        }
        let token = self.scanner.peek()?;
        let end = token.end;
        match token.kind {
            Kind::FlowMappingEnd => {
                self.take();
                self.close(end.offset);
                Ok(())
            }
            Kind::Key => {
                self.take();
                self.states.push(State::FlowMappingValue);
                let token = self.scanner.peek()?;
                let start = token.start;
                match token.kind {
                    Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd => self.null(start),
                    _ => self.node(false, false),
                }
            }
            _ => {
                self.states.push(State::FlowMapping { first: false });
                self.states.push(State::FlowMappingNull);
                self.node(false, false)
            }
        }
    }

    fn flow_mapping_value(&mut self) -> Result<(), Fault> {
        self.states.push(State::FlowMapping { first: false });
        if matches!(self.scanner.peek()?.kind, Kind::Value) {
            self.take();
            if !matches!(
                self.scanner.peek()?.kind,
                Kind::FlowEntry | Kind::FlowMappingEnd
            ) {
                return self.node(false, false);
            }
        }
        let start = self.scanner.peek()?.start;
        self.null(start)
    }
}

fn sequence() -> NodeKind {
    NodeKind::Sequence { first: None }
}

fn mapping() -> NodeKind {
    NodeKind::Mapping { first: None }
}

fn scalar(text: CompactString, plain: bool, tag: Option<Box<str>>) -> NodeKind {
    NodeKind::Scalar { text, plain, tag }
}
