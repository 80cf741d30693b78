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
mod scalar;
mod scan;
mod watch;

pub(super) use fault::Fault;
use characters::Class;
use tollgate_api::Value;
use watch::Blind;

/// The tree of the first document in a text; null if there is none.
pub(super) fn read(text: &str) -> Result<Value, Fault> {
    let (text, skipped) = without_mark(text);
    read_marked(text).map_err(|fault| fault.moved(skipped))
}

fn read_marked(text: &str) -> Result<Value, Fault> {
    if characters::check(text)? != Class::Odd
        && let Some(value) = fast::read(text, &mut Blind)
    {
        return Ok(value);
    }
    read_fully(text)
}

/// The text after a byte order mark, and the length of the mark.
fn without_mark(text: &str) -> (&str, usize) {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => (rest, text.len() - rest.len()),
        None => (text, 0),
    }
}

/// [`read`] without the fast reader.
pub(super) fn read_fully(text: &str) -> Result<Value, Fault> {
    let (arena, root) = compose::compose(text)?;
    root.map_or(Ok(Value::Null), |root| build::build(&arena, root))
}

/// [`read`] without the full reader.
pub(super) fn read_fast(text: &str) -> Option<Value> {
    let class = characters::check(text).ok()?;
    (class != Class::Odd).then(|| fast::read(text, &mut Blind))?
}
