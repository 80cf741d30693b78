//! The scanner: indentation, and which token comes next.

use super::cursor::Cursor;
use super::simple_key::SimpleKey;
use super::token::{Kind, Token};
use crate::manifest::yaml::fault::{Fault, Mark};
use std::collections::{BTreeMap, VecDeque};

/// Turns a text into tokens, on demand.
#[derive(Debug)]
pub(in crate::manifest::yaml) struct Scanner<'t> {
    pub(super) cursor: Cursor<'t>,
    pub(super) queue: VecDeque<Token<'t>>,
    /// How many tokens have been handed out.
    pub(super) taken: usize,
    /// The column of the innermost block, -1 outside of all.
    pub(super) indent: isize,
    indents: Vec<isize>,
    pub(super) key_allowed: bool,
    /// For the block context and each open flow collection, where a key could begin.
    pub(super) keys: Vec<SimpleKey>,
    /// The possible ones among them by the number of their token, with their place in `keys`.
    pub(super) key_tokens: BTreeMap<usize, usize>,
    ended: bool,
}

impl<'t> Scanner<'t> {
    pub(in crate::manifest::yaml) fn new(text: &'t str) -> Self {
        Self {
            cursor: Cursor::new(text),
            queue: VecDeque::new(),
            taken: 0,
            indent: -1,
            indents: Vec::new(),
            key_allowed: true,
            keys: vec![SimpleKey::default()],
            key_tokens: BTreeMap::new(),
            ended: false,
        }
    }

    /// The next token, which stays next until it is taken.
    pub(in crate::manifest::yaml) fn peek(&mut self) -> Result<&Token<'t>, Fault> {
        self.fill()?;
        // Filled just above; the fault could only be seen if that were wrong.
        let at = self.cursor.mark;
        self.queue
            .front()
            .ok_or_else(|| Fault::parser(at, at, "unknown problem parsing YAML content"))
    }

    /// Takes the token that was peeked at.
    pub(in crate::manifest::yaml) fn take(&mut self) -> Option<Token<'t>> {
        self.taken += 1;
        self.queue.pop_front()
    }

    fn fill(&mut self) -> Result<(), Fault> {
        loop {
            if !self.queue.is_empty() {
                // The next token is known unless it may turn out to be a key.
                let Some(level) = self.key_tokens.get(&self.taken).copied() else {
                    return Ok(());
                };
                if !self.is_key_valid(level)? {
                    return Ok(());
                }
            }
            if self.ended {
                return Ok(());
            }
            self.fetch()?;
        }
    }

    /// Flow collections inside one another here.
    pub(super) fn flow_level(&self) -> usize {
        self.keys.len() - 1
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one arm for each way a token can begin"
    )]
    fn fetch(&mut self) -> Result<(), Fault> {
        self.skip_to_next_token();
        self.unroll(self.column());
        let flow = self.flow_level() > 0;
        let at_start = self.cursor.mark.column == 0;
        match self.cursor.peek(0) {
            0 => return self.fetch_end(),
            b'%' if at_start => {
                self.close_blocks()?;
                let start = self.cursor.mark;
                let kind = self.scan_directive()?;
                self.push(kind, start);
                return Ok(());
            }
            first @ (b'-' | b'.') if self.cursor.is_document_indicator() => {
                self.close_blocks()?;
                let start = self.cursor.mark;
                for _ in 0..3 {
                    self.cursor.advance();
                }
                let kind = if first == b'-' {
                    Kind::DocumentStart
                } else {
                    Kind::DocumentEnd
                };
                self.push(kind, start);
                return Ok(());
            }
            b'[' => return self.fetch_flow_start(Kind::FlowSequenceStart),
            b'{' => return self.fetch_flow_start(Kind::FlowMappingStart),
            b']' => return self.fetch_flow_end(Kind::FlowSequenceEnd),
            b'}' => return self.fetch_flow_end(Kind::FlowMappingEnd),
            b',' => {
                self.drop_key()?;
                self.key_allowed = true;
                self.push_indicator(Kind::FlowEntry);
                return Ok(());
            }
            b'-' if self.cursor.is_space_or_end(1) => return self.fetch_block_entry(),
            b'?' if flow || self.cursor.is_space_or_end(1) => return self.fetch_key(),
            b':' if flow || self.cursor.is_space_or_end(1) => return self.fetch_value(),
            b'*' | b'&' => {
                self.save_key()?;
                self.key_allowed = false;
                let start = self.cursor.mark;
                let kind = self.scan_anchor()?;
                self.push(kind, start);
                return Ok(());
            }
            b'!' => {
                self.save_key()?;
                self.key_allowed = false;
                let start = self.cursor.mark;
                let kind = self.scan_tag()?;
                self.push(kind, start);
                return Ok(());
            }
            b'|' | b'>' if !flow => {
                self.drop_key()?;
                self.key_allowed = true;
                return self.scan_block_scalar();
            }
            b'\'' | b'"' => {
                self.save_key()?;
                self.key_allowed = false;
                let start = self.cursor.mark;
                let kind = self.scan_quoted()?;
                self.push(kind, start);
                return Ok(());
            }
            _ => {}
        }
        if self.starts_plain(flow) {
            self.save_key()?;
            self.key_allowed = false;
            return self.scan_plain();
        }
        let at = self.cursor.mark;
        Err(Fault::scanner(
            at,
            at,
            "found character that cannot start any token",
        ))
    }

    fn starts_plain(&self, flow: bool) -> bool {
        match self.cursor.peek(0) {
            b'-' => !matches!(self.cursor.peek(1), b' ' | b'\t'),
            b'?' | b':' => !flow && !self.cursor.is_space_or_end(1),
            b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\''
            | b'"' | b'%' | b'@' | b'`' => false,
            _ => !self.cursor.is_space_or_end(0),
        }
    }

    /// Moves over white space and comments.
    fn skip_to_next_token(&mut self) {
        loop {
            // A tab cannot indent, so it ends the white space wherever a block could begin.
            while self.cursor.peek(0) == b' '
                || (self.cursor.peek(0) == b'\t' && (self.flow_level() > 0 || !self.key_allowed))
            {
                self.cursor.advance();
            }
            if self.cursor.peek(0) == b'#' {
                self.cursor.advance_to_break();
            }
            if !self.cursor.is_break(0) {
                return;
            }
            self.cursor.advance_line();
            if self.flow_level() == 0 {
                self.key_allowed = true;
            }
        }
    }

    pub(super) fn column(&self) -> isize {
        isize::try_from(self.cursor.mark.column).unwrap_or(isize::MAX)
    }

    pub(super) fn push(&mut self, kind: Kind<'t>, start: Mark) {
        let end = self.cursor.mark;
        self.queue.push_back(Token { kind, start, end });
    }

    /// Corrects the end of the token queued last: white space was read beyond it.
    pub(super) fn end_last_at(&mut self, end: Mark) {
        if let Some(token) = self.queue.back_mut() {
            token.end = end;
        }
    }

    /// Queues a token of one character.
    fn push_indicator(&mut self, kind: Kind<'t>) {
        let start = self.cursor.mark;
        self.cursor.advance();
        self.push(kind, start);
    }

    /// Opens a block if the column is deeper than the innermost; its token goes before the token with that number.
    fn roll(&mut self, column: isize, before: Option<usize>, kind: Kind<'t>, mark: Mark) {
        if self.flow_level() > 0 || self.indent >= column {
            return;
        }
        self.indents.push(self.indent);
        self.indent = column;
        let token = Token {
            kind,
            start: mark,
            end: mark,
        };
        self.insert(before, token);
    }

    fn insert(&mut self, before: Option<usize>, token: Token<'t>) {
        // A place that has been handed out already means the end.
        let place = before.and_then(|number| number.checked_sub(self.taken));
        let end = self.queue.len();
        self.queue.insert(place.unwrap_or(end).min(end), token);
    }

    /// Closes the blocks deeper than the column.
    fn unroll(&mut self, column: isize) {
        if self.flow_level() > 0 {
            return;
        }
        while self.indent > column {
            let mark = self.cursor.mark;
            self.push(Kind::BlockEnd, mark);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn close_blocks(&mut self) -> Result<(), Fault> {
        self.unroll(-1);
        self.drop_key()?;
        self.key_allowed = false;
        Ok(())
    }

    fn fetch_end(&mut self) -> Result<(), Fault> {
        if self.cursor.mark.column != 0 {
            self.cursor.mark.column = 0;
            self.cursor.mark.line += 1;
        }
        self.close_blocks()?;
        self.push(Kind::StreamEnd, self.cursor.mark);
        self.ended = true;
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: Kind<'t>) -> Result<(), Fault> {
        self.save_key()?;
        self.keys.push(SimpleKey {
            token: self.taken + self.queue.len(),
            ..SimpleKey::default()
        });
        self.key_allowed = true;
        self.push_indicator(kind);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: Kind<'t>) -> Result<(), Fault> {
        self.drop_key()?;
        if self.flow_level() > 0
            && let Some(key) = self.keys.pop()
        {
            // Upstream forgets the key by the number of a token, which for a collection without keys of its own is that
            // of the collection: it is then no longer waited for as a possible key itself.
            self.key_tokens.remove(&key.token);
        }
        self.key_allowed = false;
        self.push_indicator(kind);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<(), Fault> {
        let at = self.cursor.mark;
        if self.flow_level() == 0 {
            if !self.key_allowed {
                let problem = "block sequence entries are not allowed in this context";
                return Err(Fault::scanner(at, at, problem));
            }
            self.roll(self.column(), None, Kind::BlockSequenceStart, at);
        }
        self.drop_key()?;
        self.key_allowed = true;
        self.push_indicator(Kind::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<(), Fault> {
        let at = self.cursor.mark;
        if self.flow_level() == 0 {
            if !self.key_allowed {
                let problem = "mapping keys are not allowed in this context";
                return Err(Fault::scanner(at, at, problem));
            }
            self.roll(self.column(), None, Kind::BlockMappingStart, at);
        }
        self.drop_key()?;
        self.key_allowed = self.flow_level() == 0;
        self.push_indicator(Kind::Key);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), Fault> {
        let level = self.flow_level();
        let at = self.cursor.mark;
        let key = self.keys.last().copied().unwrap_or_default();
        if self.is_key_valid(level)? {
            let token = Token {
                kind: Kind::Key,
                start: key.mark,
                end: key.mark,
            };
            self.insert(Some(key.token), token);
            let column = isize::try_from(key.mark.column).unwrap_or(isize::MAX);
            self.roll(column, Some(key.token), Kind::BlockMappingStart, key.mark);
            self.forget_key(level);
            self.key_allowed = false;
        } else {
            if level == 0 {
                if !self.key_allowed {
                    let problem = "mapping values are not allowed in this context";
                    return Err(Fault::scanner(at, Mark::default(), problem));
                }
                self.roll(self.column(), None, Kind::BlockMappingStart, at);
            }
            self.key_allowed = level == 0;
        }
        self.push_indicator(Kind::Value);
        Ok(())
    }
}
