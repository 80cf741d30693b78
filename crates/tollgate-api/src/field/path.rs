//! The address of a field: `spec.containers[0].ports[1]`, `spec.hard[cpu]`.

use compact_str::CompactString;
use std::fmt;

/// An address while one walks an object: each step borrows the one before, so that walking allocates nothing.
///
/// ```
/// use tollgate_api::field::Path;
/// let spec = Path::root("spec");
/// let containers = spec.child("containers");
/// assert_eq!(containers.index(0).child("image").to_string(), "spec.containers[0].image");
/// assert_eq!(spec.child("hard").key("cpu").to_string(), "spec.hard[cpu]");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step<'p>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'p> {
    Field(&'p str),
    Index(usize),
    Key(&'p str),
}

impl<'p> Path<'p> {
    /// The address of a field of the object itself; `""` is the object.
    pub const fn root(name: &'p str) -> Self {
        Self {
            parent: None,
            step: Step::Field(name),
        }
    }

    /// The address of the field `name` below this one. The name may have dots (`a.b`).
    pub const fn child<'c>(&'c self, name: &'c str) -> Path<'c> {
        Path {
            parent: Some(self),
            step: Step::Field(name),
        }
    }

    /// The address of a list's member.
    pub const fn index(&self, index: usize) -> Path<'_> {
        Path {
            parent: Some(self),
            step: Step::Index(index),
        }
    }

    /// The address of a map's entry.
    pub const fn key<'c>(&'c self, key: &'c str) -> Path<'c> {
        Path {
            parent: Some(self),
            step: Step::Key(key),
        }
    }

    /// The same address, on its own feet.
    pub fn to_owned(&self) -> FieldPath {
        let mut segments = self.parent.map(Path::to_owned).unwrap_or_default();
        match self.step {
            Step::Field("") => {}
            Step::Field(name) => segments
                .0
                .extend(name.split('.').map(|part| Segment::Field(part.into()))),
            Step::Index(index) => segments.0.push(Segment::Index(index)),
            Step::Key(key) => segments.0.push(Segment::Key(key.into())),
        }
        segments
    }
}

/// Prints as upstream prints it: `<nil>` for the object itself.
impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.parent, self.step) {
            (None, Step::Field("")) => f.write_str("<nil>"),
            // Below the object itself a field stands without a dot.
            (
                None
                | Some(Path {
                    parent: None,
                    step: Step::Field(""),
                }),
                Step::Field(name),
            ) => f.write_str(name),
            (parent, step) => {
                if let Some(parent) = parent {
                    write!(f, "{parent}")?;
                }
                match step {
                    Step::Field(name) => write!(f, ".{name}"),
                    Step::Index(index) => write!(f, "[{index}]"),
                    Step::Key(key) => write!(f, "[{key}]"),
                }
            }
        }
    }
}

/// An address that is kept: shared by refusals and by the spans of a source document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FieldPath(pub Vec<Segment>);

/// One step of a [`FieldPath`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// A field of a struct: `.name`.
    Field(CompactString),
    /// A member of a list: `[0]`.
    Index(usize),
    /// An entry of a map: `[key]`.
    Key(CompactString),
}

impl FieldPath {
    /// Reads a printed path: `spec.containers[0].env`, `spec.hard[count/jobs.batch]`.
    ///
    /// What stands in brackets is an index if it is a number, else a key, up to the next bracket that a dot, another
    /// bracket or the end follows.
    pub fn parse(text: &str) -> Self {
        let mut segments = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('[') {
                let close = inside
                    .match_indices(']')
                    .map(|(at, _)| at)
                    .find(|at| matches!(inside.as_bytes().get(at + 1), None | Some(b'.' | b'[')));
                let (key, after) = inside.split_at(close.unwrap_or(inside.len()));
                segments.push(match key.parse() {
                    Ok(index) => Segment::Index(index),
                    Err(_) => Segment::Key(key.into()),
                });
                rest = after.strip_prefix(']').unwrap_or(after);
                rest = rest.strip_prefix('.').unwrap_or(rest);
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let (name, after) = rest.split_at(end);
                if !name.is_empty() {
                    segments.push(Segment::Field(name.into()));
                }
                rest = after.strip_prefix('.').unwrap_or(after);
            }
        }
        Self(segments)
    }

    /// This address as seen from an object in which the addressed one stands at `prefix`.
    #[must_use]
    pub fn below(&self, prefix: &Self) -> Self {
        Self(prefix.0.iter().chain(&self.0).cloned().collect())
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Field(name) if place == 0 => f.write_str(name)?,
                Segment::Field(name) => {
                    f.write_str(".")?;
                    f.write_str(name)?;
                }
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) => write!(f, "[{key}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_fields_indexes_and_keys() {
        let spec = Path::root("spec");
        let containers = spec.child("containers");
        let container = containers.index(2);
        let limits = container.child("resources.limits");
        let path = limits.key("cpu");
        assert_eq!(path.to_string(), "spec.containers[2].resources.limits[cpu]");
        assert_eq!(path.to_owned().to_string(), path.to_string());
        assert_eq!(path.to_owned().0.len(), 6);
        assert_eq!(FieldPath::parse(&path.to_string()), path.to_owned());
        assert_eq!(Path::root("").to_string(), "<nil>");
        assert_eq!(Path::root("").child("spec").to_string(), "spec");
    }

    #[test]
    fn reads_printed_paths() {
        for text in [
            "",
            "spec",
            "spec.hard[count/jobs.batch]",
            "a[0][k].b",
            "metadata.labels[a.b/c]",
            "a[b]c].d",
        ] {
            assert_eq!(FieldPath::parse(text).to_string(), text);
        }
        for odd in ["[", "]", "a[", "a..b", ".", "a[]", "[0"] {
            FieldPath::parse(odd);
        }
    }
}
