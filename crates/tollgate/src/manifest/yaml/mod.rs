//! One YAML document to a tree, exactly as kubectl reads it.
//!
//! [`read`] has two readers inside. The fast one knows the plain block style in which manifests are written and gives
//! up on anything else; the full one follows kubectl's YAML 1.1 parser rule by rule, faults and their line numbers
//! included. Wherever the fast one answers, it answers as the full one does.

mod arena;
mod base64;
mod build;
mod characters;
mod compose;
mod fast;
mod fault;
mod go_syntax;
mod locate;
mod scalar;
mod scan;
mod timestamp;
mod watch;

use characters::Class;
pub(super) use fault::Fault;
pub(super) use locate::{Nodes, record};
use std::borrow::Cow;
use tollgate_api::Value;
use watch::Blind;

/// The tree of the first document in a text; null if there is none.
pub(super) fn read_bytes(bytes: &[u8]) -> Result<Value, Fault> {
    read(characters::decode(bytes)?)
}

/// [`read_bytes`] of a text that is known to be UTF-8.
pub(super) fn read(text: &str) -> Result<Value, Fault> {
    let (text, skipped) = without_mark(text);
    read_unmarked(text).map_err(|fault| fault.moved(skipped))
}

fn read_unmarked(text: &str) -> Result<Value, Fault> {
    let plain = match characters::check(text)? {
        Class::Odd => without_carriage_returns(text),
        Class::Simple | Class::Tabs => Some(Cow::Borrowed(text)),
    };
    if let Some(plain) = plain
        && let Some(value) = fast::read(&plain, &mut Blind)
    {
        return Ok(value);
    }
    read_fully(text)
}

/// The text after a byte order mark, and the length of the mark.
pub(super) fn without_mark(text: &str) -> (&str, usize) {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => (rest, text.len() - rest.len()),
        None => (text, 0),
    }
}

/// A text from Windows with the line breaks that the fast reader knows; none if there is more that it does not know.
fn without_carriage_returns(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains("\r\n") {
        return None;
    }
    let text = text.replace("\r\n", "\n");
    (characters::check(&text).ok()? != Class::Odd).then_some(Cow::Owned(text))
}

/// [`read_bytes`] without the fast reader.
pub(super) fn read_bytes_fully(bytes: &[u8]) -> Result<Value, Fault> {
    let (text, skipped) = without_mark(characters::decode(bytes)?);
    characters::check(text)
        .and_then(|_| read_fully(text))
        .map_err(|fault| fault.moved(skipped))
}

fn read_fully(text: &str) -> Result<Value, Fault> {
    let (arena, root) = compose::compose(text)?;
    root.map_or(Ok(Value::Null), |root| build::build(&arena, root))
}

/// [`read`] without the full reader.
pub(super) fn read_fast(text: &str) -> Option<Value> {
    let (text, _) = without_mark(text);
    let class = characters::check(text).ok()?;
    (class != Class::Odd).then(|| fast::read(text, &mut Blind))?
}
