//! What is wrong with a YAML text, where, and how kubectl says it.

use std::borrow::Cow;

/// A place in a text while it is read; all counts from 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// In bytes.
    pub(crate) offset: usize,
    /// In characters, as the limit on the length of keys counts.
    pub(crate) index: usize,
    /// Line breaks before.
    pub(crate) line: usize,
    /// Characters before on the line.
    pub(crate) column: usize,
}

/// Why a YAML text could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Where reading stopped, in bytes.
    pub(crate) offset: usize,
    /// What stands after `error converting YAML to JSON: `.
    pub(crate) message: Cow<'static, str>,
}

impl Fault {
    /// A fault among characters. `began` is where the thing began that could not be finished.
    #[cold]
    pub(crate) fn scanner(at: Mark, began: Mark, problem: &str) -> Self {
        // kubectl counts these lines from 1, but falls back on `began`, counted from 0, on the first line.
        let line = if at.line == 0 {
            began.line
        } else {
            at.line + 1
        };
        Self::with_line(at.offset, line, problem)
    }

    /// A fault among tokens.
    #[cold]
    pub(crate) fn parser(at: Mark, began: Mark, problem: &str) -> Self {
        // kubectl counts these lines from 0: its number is one less than an editor's.
        let line = if at.line == 0 { began.line } else { at.line };
        Self::with_line(at.offset, line, problem)
    }

    /// The same fault in a text with that many bytes before.
    pub(crate) fn moved(mut self, bytes: usize) -> Self {
        self.offset += bytes;
        self
    }

    fn with_line(offset: usize, line: usize, problem: &str) -> Self {
        let message = match line {
            0 => format!("yaml: {problem}"),
            _ => format!("yaml: line {line}: {problem}"),
        };
        Self::new(offset, message)
    }

    /// A fault with its whole message.
    #[cold]
    pub(crate) fn new(offset: usize, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            offset,
            message: message.into(),
        }
    }
}
