//! Keys without a `?`, which are not known to be keys before their `:` is found.

use super::scanner::Scanner;
use crate::manifest::yaml::fault::{Fault, Mark};

/// A key must end that many characters after it began.
const KEY_CHARACTERS_MAX: usize = 1024;

/// Where a key could begin.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SimpleKey {
    pub(super) possible: bool,
    /// A block mapping waits for a key in this column: anything else is an error.
    pub(super) required: bool,
    /// The number of the token that would be the key.
    pub(super) token: usize,
    pub(super) mark: Mark,
}

impl Scanner<'_> {
    /// Whether what began at that level can still be a key here.
    pub(super) fn is_key_valid(&mut self, level: usize) -> Result<bool, Fault> {
        let key = self.keys.get(level).copied().unwrap_or_default();
        if !key.possible {
            return Ok(false);
        }
        let at = self.cursor.mark;
        if key.mark.line < at.line || key.mark.index + KEY_CHARACTERS_MAX < at.index {
            if key.required {
                return Err(Fault::scanner(at, key.mark, "could not find expected ':'"));
            }
            self.forget_key(level);
            return Ok(false);
        }
        Ok(true)
    }

    pub(super) fn save_key(&mut self) -> Result<(), Fault> {
        if !self.key_allowed {
            return Ok(());
        }
        let key = SimpleKey {
            possible: true,
            required: self.flow_level() == 0 && self.indent == self.column(),
            token: self.taken + self.queue.len(),
            mark: self.cursor.mark,
        };
        self.drop_key()?;
        let level = self.flow_level();
        if let Some(place) = self.keys.last_mut() {
            *place = key;
        }
        self.key_tokens.insert(key.token, level);
        Ok(())
    }

    /// What could have been a key at this level is none.
    pub(super) fn drop_key(&mut self) -> Result<(), Fault> {
        let key = self.keys.last().copied().unwrap_or_default();
        if key.possible {
            if key.required {
                let at = self.cursor.mark;
                return Err(Fault::scanner(at, key.mark, "could not find expected ':'"));
            }
            self.forget_key(self.flow_level());
        }
        Ok(())
    }

    pub(super) fn forget_key(&mut self, level: usize) {
        if let Some(key) = self.keys.get_mut(level) {
            key.possible = false;
            self.key_tokens.remove(&key.token);
        }
    }
}
