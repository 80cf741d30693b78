//! The automaton: a document, and which state reads what comes next.

use super::tree::Open;
use crate::manifest::yaml::arena::{Arena, NodeId};
use crate::manifest::yaml::fault::{Fault, Mark};
use crate::manifest::yaml::scan::{Kind, Scanner, Token};
use std::collections::BTreeMap;

/// The nodes of the first document of a text, and its root; no root if there is no document.
pub(in crate::manifest::yaml) fn compose(text: &str) -> Result<(Arena, Option<NodeId>), Fault> {
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
pub(super) enum State {
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

/// The nodes so far and what is open.
pub(super) struct Composer<'t> {
    pub(super) scanner: Scanner<'t>,
    pub(super) arena: Arena,
    pub(super) open: Vec<Open>,
    pub(super) states: Vec<State>,
    pub(super) anchors: BTreeMap<&'t str, NodeId>,
    pub(super) root: Option<NodeId>,
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

    pub(super) fn take(&mut self) -> Option<Token<'t>> {
        self.scanner.take()
    }

    pub(super) fn unexpected<T>(&mut self, problem: &str) -> Result<T, Fault> {
        let at = self.scanner.peek()?.start;
        let began = self.open.last().map(|open| open.mark).unwrap_or_default();
        Err(Fault::parser(at, began, problem))
    }
}
