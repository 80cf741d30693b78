//! Names of fields as expressions write them.

use std::borrow::Cow;
use tollgate_objects::validation::EXPRESSION_WORDS;

/// How an expression writes a field; none if it cannot.
pub(crate) fn escaped(name: &str) -> Option<Cow<'_, str>> {
    if EXPRESSION_WORDS.contains(&name) {
        return Some(format!("__{name}__").into());
    }
    let first = name.chars().next()?;
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/');
    if first.is_ascii_digit() || !name.chars().all(good) {
        return None;
    }
    if !name.contains("__") && !name.contains(['.', '-', '/']) {
        return Some(name.into());
    }
    let text = name
        .replace("__", "__underscores__")
        .replace('.', "__dot__")
        .replace('-', "__dash__")
        .replace('/', "__slash__");
    Some(text.into())
}
