//! Why bytes are no object.

use std::fmt;
use tollgate_api::GroupVersionKind;

/// Why bytes are no object; prints in upstream's words where it has some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// There are no bytes.
    Empty,
    /// The bytes do not begin as every body does.
    NoMagic,
    /// The body does not say its kind.
    MissingKind,
    /// The body does not say its version.
    MissingVersion,
    /// No built-in kind of that name has a protobuf form.
    UnknownKind(GroupVersionKind),
    /// The bytes end within a value.
    UnexpectedEnd,
    /// A length that is no length.
    NegativeLength,
    /// A number of more than 64 bits.
    IntegerOverflow,
    /// A field number that cannot be.
    IllegalTag {
        /// The type of the message.
        of: String,
        /// The number.
        number: i64,
        /// How the value is said to be written.
        wire: u64,
    },
    /// A value written in a way that does not exist.
    IllegalWireType(u64),
    /// The end of a group that never began.
    EndOfNoGroup {
        /// The type of the message.
        of: String,
    },
    /// A value written in another way than its type is.
    WrongWireType {
        /// The field.
        field: String,
        /// How it is written.
        wire: u8,
    },
    /// An amount that is none.
    Quantity(String),
    /// JSON within the message that cannot be read.
    Json(String),
    /// Messages within messages beyond what a tree may hold.
    TooDeep,
    /// More values than a tree may hold.
    TooMany,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty data"),
            Self::NoMagic => f.write_str(
                "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
            ),
            Self::MissingKind => f.write_str("Object 'Kind' is missing"),
            Self::MissingVersion => f.write_str("Object 'apiVersion' is missing"),
            Self::UnknownKind(kind) => write!(
                f,
                "no kind \"{}\" is registered for version \"{}\"",
                kind.kind,
                kind.api_version()
            ),
            Self::UnexpectedEnd => f.write_str("unexpected EOF"),
            Self::NegativeLength => f.write_str("proto: negative length found during unmarshaling"),
            Self::IntegerOverflow => f.write_str("proto: integer overflow"),
            Self::IllegalTag { of, number, wire } => {
                write!(f, "proto: {of}: illegal tag {number} (wire type {wire})")
            }
            Self::IllegalWireType(wire) => write!(f, "proto: illegal wireType {wire}"),
            Self::EndOfNoGroup { of } => {
                write!(f, "proto: {of}: wiretype end group for non-group")
            }
            Self::WrongWireType { field, wire } => {
                write!(f, "proto: wrong wireType = {wire} for field {field}")
            }
            Self::Quantity(why) | Self::Json(why) => f.write_str(why),
            Self::TooDeep => f.write_str("exceeded max depth"),
            Self::TooMany => f.write_str("the message holds too many values"),
        }
    }
}

impl std::error::Error for Error {}
