//! Block style: sequences and mappings by indentation.

use super::composer::{Composer, State};
use crate::manifest::yaml::fault::Fault;
use crate::manifest::yaml::scan::Kind;

impl Composer<'_> {
    pub(super) fn block_sequence(&mut self) -> Result<(), Fault> {
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

    pub(super) fn indentless_sequence(&mut self) -> Result<(), Fault> {
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

    pub(super) fn block_mapping_key(&mut self) -> Result<(), Fault> {
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

    pub(super) fn block_mapping_value(&mut self) -> Result<(), Fault> {
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
}
