//! What strict decoding finds, and the answer that a server makes of it.

use std::fmt;
use tollgate_api::field::FieldPath;
use tollgate_api::{GroupVersionKind, Status};

/// The sort of a [`Problem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// A field that the type does not have.
    UnknownField,
    /// A key that stands in a map twice.
    DuplicateField,
    /// A value of the wrong type, or one that cannot be read: the object cannot be decoded at all.
    Undecodable,
}

/// One thing that strict decoding refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The sort.
    pub kind: ProblemKind,
    /// Upstream's words: `unknown field "spec.foo"`, `json: cannot unmarshal ...`.
    pub message: String,
    /// Where it is.
    pub path: FieldPath,
    /// The smallest change that would pass, in our words, if it is plain.
    pub help: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The 400 with which a server refuses an object with these problems; none if there are none.
///
/// A server stops at the first value that cannot be decoded; unknown and duplicate fields it reports together.
pub fn refusal(kind: &GroupVersionKind, problems: &[Problem]) -> Option<Status> {
    let undecodable = problems
        .iter()
        .find(|problem| problem.kind == ProblemKind::Undecodable);
    let why = match undecodable {
        Some(problem) => problem.message.clone(),
        None if problems.is_empty() => return None,
        None => {
            let texts: Vec<&str> = problems
                .iter()
                .map(|problem| problem.message.as_str())
                .collect();
            format!("strict decoding error: {}", texts.join(", "))
        }
    };
    let (name, version) = (&kind.kind, &kind.version);
    Some(Status::bad_request(format!(
        "{name} in version \"{version}\" cannot be handled as a {name}: {why}"
    )))
}
