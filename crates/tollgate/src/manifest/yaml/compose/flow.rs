//! Flow style: sequences and mappings in brackets and braces.

use super::composer::{Composer, State};
use super::tree::mapping;
use crate::manifest::yaml::fault::Fault;
use crate::manifest::yaml::scan::Kind;

impl Composer<'_> {
    pub(super) fn flow_sequence(&mut self, first: bool) -> Result<(), Fault> {
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

    pub(super) fn pair_key(&mut self) -> Result<(), Fault> {
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

    pub(super) fn pair_value(&mut self) -> Result<(), Fault> {
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

    pub(super) fn flow_mapping(&mut self, first: bool) -> Result<(), Fault> {
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

    pub(super) fn flow_mapping_value(&mut self) -> Result<(), Fault> {
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
