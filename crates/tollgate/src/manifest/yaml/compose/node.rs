//! One node: its anchor and tag, and what kind its content is.

use super::composer::{Composer, State};
use super::tree::{mapping, scalar, sequence};
use crate::manifest::yaml::arena::NodeKind;
use crate::manifest::yaml::fault::{Fault, Mark};
use crate::manifest::yaml::scan::{Kind, Token};
use compact_str::CompactString;

/// Anchor and tag of a node, read before its content.
#[derive(Default)]
struct Properties<'t> {
    anchor: Option<&'t str>,
    tag: Option<Box<str>>,
    start: Option<Mark>,
    end: Mark,
}

impl<'t> Composer<'t> {
    pub(super) fn node(&mut self, block: bool, indentless: bool) -> Result<(), Fault> {
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

    pub(super) fn null(&mut self, at: Mark) -> Result<(), Fault> {
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
}
