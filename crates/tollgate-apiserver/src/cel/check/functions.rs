//! What functions take and give: the lines of `functions.txt`.

use super::fields;
use super::types::Type;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// One way to call a function.
#[derive(Debug)]
pub(super) struct Overload {
    /// Whether it is called on a value, which then is its first argument.
    pub(super) is_member: bool,
    pub(super) arguments: Vec<Type<'static>>,
    pub(super) result: Type<'static>,
    /// How many types in it are open.
    pub(super) open: usize,
}

static FUNCTIONS: LazyLock<BTreeMap<&'static str, Vec<Overload>>> = LazyLock::new(read);

/// All ways to call a function; none if there is no such function.
pub(super) fn overloads(name: &str) -> Option<&'static [Overload]> {
    FUNCTIONS.get(name).map(Vec::as_slice)
}

fn read() -> BTreeMap<&'static str, Vec<Overload>> {
    let mut functions: BTreeMap<&'static str, Vec<Overload>> = BTreeMap::new();
    for line in include_str!("functions.txt").lines() {
        if let Some((name, overload)) = Reader::new(line).overload() {
            functions.entry(name).or_default().push(overload);
        }
    }
    for name in ["_<_", "_<=_", "_>_", "_>=_"] {
        functions.insert(name, comparisons());
    }
    functions
}

/// What has an order: values of one type, and numbers of any two.
fn comparisons() -> Vec<Overload> {
    const NUMBERS: [Type<'static>; 3] = [Type::Double, Type::Int, Type::Uint];
    let same = [
        Type::Bool,
        Type::Bytes,
        Type::Duration,
        Type::String,
        Type::Timestamp,
    ];
    let same = same.into_iter().map(|of| [of.clone(), of]);
    let numbers = NUMBERS
        .into_iter()
        .flat_map(|a| NUMBERS.map(|b| [a.clone(), b]));
    same.chain(numbers)
        .map(|arguments| Overload {
            is_member: false,
            arguments: arguments.to_vec(),
            result: Type::Bool,
            open: 0,
        })
        .collect()
}

/// A type as `functions.txt` writes it.
pub(super) fn type_of(text: &'static str) -> Option<Type<'static>> {
    Reader::new(text).of()
}

/// Reads a line.
struct Reader {
    left: &'static str,
    /// The open types that were met.
    letters: Vec<&'static str>,
}

impl Reader {
    fn new(line: &'static str) -> Self {
        Self {
            left: line.split('#').next().unwrap_or_default(),
            letters: Vec::new(),
        }
    }

    /// Takes what is written next, if it is.
    fn takes(&mut self, text: &str) -> bool {
        let rest = self.left.strip_prefix(text);
        self.left = rest.unwrap_or(self.left);
        rest.is_some()
    }

    fn overload(mut self) -> Option<(&'static str, Overload)> {
        let mut arguments = Vec::new();
        let is_member = self.left.contains("::");
        if is_member {
            arguments.push(self.of()?);
            self.takes("::");
        }
        let (name, rest) = self.left.split_once('(')?;
        self.left = rest;
        while !self.takes(")") {
            arguments.push(self.of()?);
            self.takes(", ");
        }
        self.takes(" ");
        let result = self.of()?;
        let overload = Overload {
            is_member,
            arguments,
            result,
            open: self.letters.len(),
        };
        Some((name, overload))
    }

    fn of(&mut self) -> Option<Type<'static>> {
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '@');
        let end = self.left.find(|c: char| !part(c));
        let (name, rest) = self.left.split_at_checked(end.unwrap_or(self.left.len()))?;
        self.left = rest;
        let mut parts = Vec::new();
        if self.takes("(") {
            while !self.takes(")") {
                parts.push(self.of()?);
                self.takes(", ");
            }
        }
        let mut parts = parts.into_iter();
        Some(match name {
            "bool" => Type::Bool,
            "bytes" => Type::Bytes,
            "double" => Type::Double,
            "duration" => Type::Duration,
            "dyn" => Type::Dyn,
            "int" => Type::Int,
            "string" => Type::String,
            "timestamp" => Type::Timestamp,
            "uint" => Type::Uint,
            "list" => Type::list(parts.next()?),
            "map" => Type::map(parts.next()?, parts.next()?),
            "@pair" => Type::pair(parts.next()?, parts.next()?),
            "optional_type" => Type::optional(parts.next()?),
            "type" => Type::meta(parts.next()?),
            "" => return None,
            letter if letter.len() == 1 => self.letter(letter),
            name => fields::known(name).unwrap_or(Type::Opaque(name)),
        })
    }

    fn letter(&mut self, letter: &'static str) -> Type<'static> {
        let place = self.letters.iter().position(|known| *known == letter);
        Type::Variable(place.unwrap_or_else(|| {
            self.letters.push(letter);
            self.letters.len().saturating_sub(1)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cel::library;

    #[test]
    fn every_line_is_read() {
        let lines = include_str!("functions.txt").lines();
        let lines = lines.filter(|line| !line.starts_with('#')).count();
        let read: usize = FUNCTIONS.values().map(Vec::len).sum();
        assert_eq!(read, lines + 4 * comparisons().len());
    }

    #[test]
    fn every_function_of_the_libraries_has_its_types() {
        let missing: Vec<&str> = library::function_names()
            .filter(|name| {
                let is_it = |known: &&&str| known.rsplit('.').next() == Some(*name);
                // These two are looked at by the checker itself.
                !["_?._", library::PAIRS].contains(name) && FUNCTIONS.keys().find(is_it).is_none()
            })
            .collect();
        assert_eq!(missing, [] as [&str; 0]);
    }
}
