//! JSON pointers, and the containers they lead to.

use std::borrow::Cow;
use tollgate_api::Value;

/// The parts of a path between its slashes; what stands before the first slash is dropped. None without a slash.
pub(super) struct Path<'p> {
    parents: Vec<Cow<'p, str>>,
    /// The key or index in the container.
    pub(super) last: Cow<'p, str>,
}

impl<'p> Path<'p> {
    pub(super) fn parse(text: &'p str) -> Option<Self> {
        let mut parts = text.split('/').skip(1).map(unescaped);
        let mut last = parts.next()?;
        let mut parents = Vec::new();
        for part in parts {
            parents.push(std::mem::replace(&mut last, part));
        }
        Some(Self { parents, last })
    }

    /// How many containers stand around the value at this path.
    pub(super) fn depth(&self) -> usize {
        self.parents.len().saturating_add(1)
    }

    /// Sorts the keys of the objects on the way: what upstream took apart it writes with sorted keys.
    pub(super) fn sort_on_the_way(&self, document: &mut Value) {
        let mut at = document;
        for part in &self.parents {
            if let Value::Object(object) = at {
                object.sort_by_key();
            }
            let below = match at {
                Value::Object(object) => object.get_mut(part),
                Value::Array(items) => {
                    index_of(part, items.len()).and_then(|index| items.get_mut(index))
                }
                _ => None,
            };
            let Some(below) = below else {
                return;
            };
            at = below;
        }
        if let Value::Object(object) = at {
            object.sort_by_key();
        }
    }

    /// The object or list that holds the last part.
    pub(super) fn container<'d>(&self, document: &'d mut Value) -> Option<&'d mut Value> {
        let mut at = document;
        for part in &self.parents {
            at = match at {
                Value::Object(object) => object.get_mut(part)?,
                Value::Array(items) => {
                    let index = index_of(part, items.len())?;
                    items.get_mut(index)?
                }
                _ => return None,
            };
        }
        matches!(at, Value::Object(_) | Value::Array(_)).then_some(at)
    }
}

fn unescaped(part: &str) -> Cow<'_, str> {
    if !part.contains('~') {
        return Cow::Borrowed(part);
    }
    // Both escapes in one pass: `~01` is `~1`.
    let mut text = String::with_capacity(part.len());
    let mut rest = part;
    while let Some((before, after)) = rest.split_once('~') {
        text.push_str(before);
        let (character, after) = match (after.strip_prefix('1'), after.strip_prefix('0')) {
            (Some(after), _) => ('/', after),
            (None, Some(after)) => ('~', after),
            (None, None) => ('~', after),
        };
        text.push(character);
        rest = after;
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The place that `text` names in a list of `length` members: a number of Go's, negative ones from the end.
pub(super) fn index_of(text: &str, length: usize) -> Option<usize> {
    let number = number(text)?;
    match usize::try_from(number) {
        Ok(index) => (index < length).then_some(index),
        Err(_) => length.checked_sub(usize::try_from(number.unsigned_abs()).ok()?),
    }
}

/// As Go's `strconv.Atoi` reads it.
pub(super) fn number(text: &str) -> Option<i64> {
    text.parse().ok()
}
