//! The types of values, as cel-go's checker has them.

use super::fields::Struct;
use std::fmt;
use std::sync::Arc;

/// How many parts a type may have; one with more could be any.
const PARTS_MAX: usize = 256;

/// The type of a value. `'s` is how long the schemas live that say which fields objects have.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cel) enum Type<'s> {
    /// Anything: what it is shows when the expression runs.
    Dyn,
    /// What an error has been said of already.
    Error,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Duration,
    Timestamp,
    List(Arc<Self>),
    Map(Arc<(Self, Self)>),
    Optional(Arc<Self>),
    /// The type of types.
    Meta(Arc<Self>),
    /// What a loop with two variables sees of each turn.
    Pair(Arc<(Self, Self)>),
    /// A type without fields, by its name.
    Opaque(&'static str),
    /// An object whose fields are known.
    Struct(Struct<'s>),
    /// What an expression makes, by the name of its type; its fields are not known.
    Made(Arc<str>),
    /// A type that is found out while an expression is looked at.
    Variable(usize),
}

impl<'s> Type<'s> {
    pub(super) fn list(of: Self) -> Self {
        bounded(Self::List(Arc::new(of)))
    }

    pub(super) fn map(key: Self, value: Self) -> Self {
        bounded(Self::Map(Arc::new((key, value))))
    }

    pub(super) fn optional(of: Self) -> Self {
        bounded(Self::Optional(Arc::new(of)))
    }

    pub(super) fn meta(of: Self) -> Self {
        bounded(Self::Meta(Arc::new(of)))
    }

    pub(super) fn pair(first: Self, second: Self) -> Self {
        bounded(Self::Pair(Arc::new((first, second))))
    }

    /// The types that it is made of.
    pub(super) fn parts(&self) -> [Option<&Self>; 2] {
        match self {
            Self::List(of) | Self::Optional(of) | Self::Meta(of) => [Some(of), None],
            Self::Map(of) | Self::Pair(of) => [Some(&of.0), Some(&of.1)],
            _ => [None, None],
        }
    }

    /// The same type with other parts.
    pub(super) fn with_parts(&self, mut change: impl FnMut(&Self) -> Self) -> Self {
        match self {
            Self::List(of) => Self::list(change(of)),
            Self::Optional(of) => Self::optional(change(of)),
            Self::Meta(of) => Self::meta(change(of)),
            Self::Map(of) => {
                let key = change(&of.0);
                Self::map(key, change(&of.1))
            }
            Self::Pair(of) => {
                let first = change(&of.0);
                Self::pair(first, change(&of.1))
            }
            plain => plain.clone(),
        }
    }

    pub(super) fn is_dyn_or_error(&self) -> bool {
        matches!(self, Self::Dyn | Self::Error)
    }

    /// Whether null may stand for a value of it.
    pub(super) fn is_nullable(&self) -> bool {
        matches!(
            self,
            Self::Null
                | Self::Dyn
                | Self::Duration
                | Self::Timestamp
                | Self::Opaque(_)
                | Self::Optional(_)
                | Self::Struct(_)
                | Self::Made(_)
        )
    }

    /// Whether it is that of what an expression makes under that name.
    pub(in crate::cel) fn is_made(&self, wanted: &str) -> bool {
        matches!(self, Self::Made(name) if **name == *wanted)
    }

    /// What a variable of a policy keeps of the type of its expression: plain types, lists and maps.
    ///
    /// Upstream: `convertCelTypeToDeclType` of `apiserver/pkg/admission/plugin/cel`.
    pub(in crate::cel) fn kept(&self) -> Type<'static> {
        match self {
            Self::Null => Type::Null,
            Self::Bool => Type::Bool,
            Self::Int => Type::Int,
            Self::Uint => Type::Uint,
            Self::Double => Type::Double,
            Self::String => Type::String,
            Self::Bytes => Type::Bytes,
            Self::Duration => Type::Duration,
            Self::Timestamp => Type::Timestamp,
            Self::List(of) => Type::list(of.kept()),
            Self::Map(of) => Type::map(of.0.kept(), of.1.kept()),
            _ => Type::Dyn,
        }
    }

    /// As cel-go's checker writes it in its errors.
    pub(super) fn told(&self) -> Told<'_, 's> {
        Told(self)
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, words: &Words) -> fmt::Result {
        let name = match self {
            Self::Dyn => "dyn",
            Self::Error => "!error!",
            Self::Null => words.null,
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::Duration => words.duration,
            Self::Timestamp => words.timestamp,
            Self::List(_) => "list",
            Self::Map(_) | Self::Pair(_) => "map",
            Self::Optional(_) => "optional_type",
            Self::Meta(_) => "type",
            Self::Opaque(name) => name,
            Self::Struct(of) => of.name(),
            Self::Made(name) => name,
            Self::Variable(number) => return write!(f, "_var{number}"),
        };
        f.write_str(name)?;
        let mut joint = "(";
        for part in self.parts().into_iter().flatten() {
            f.write_str(joint)?;
            part.write(f, words)?;
            joint = ", ";
        }
        if joint == ", " {
            f.write_str(")")
        } else {
            Ok(())
        }
    }
}

/// Types differ in a few names, depending on who writes them.
struct Words {
    null: &'static str,
    duration: &'static str,
    timestamp: &'static str,
}

/// As the type writes itself: in what upstream says of the value of a whole expression.
impl fmt::Display for Type<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = Words {
            null: "null_type",
            duration: "google.protobuf.Duration",
            timestamp: "google.protobuf.Timestamp",
        };
        self.write(f, &words)
    }
}

/// A type as the checker's errors write it.
pub(super) struct Told<'t, 's>(&'t Type<'s>);

impl fmt::Display for Told<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = Words {
            null: "null",
            duration: "duration",
            timestamp: "timestamp",
        };
        self.0.write(f, &words)
    }
}

/// Types of types of types grow without an end in a short text, so what is too large could be any.
fn bounded(of: Type<'_>) -> Type<'_> {
    let mut left = PARTS_MAX;
    if fits(&of, &mut left) { of } else { Type::Dyn }
}

fn fits(of: &Type<'_>, left: &mut usize) -> bool {
    let Some(rest) = left.checked_sub(1) else {
        return false;
    };
    *left = rest;
    let mut parts = of.parts().into_iter().flatten();
    parts.all(|part| fits(part, left))
}
