//! Finding types and fields in the generated table.

use super::generated::{FIELDS, KINDS, LENGTHS, LOOKUP, ORDER, SHAPES, TYPES, WIRE};
use super::table::{Alternative, Field, Shape, Type};
use tollgate_api::GroupVersionKind;

/// A struct type of the API.
#[derive(Debug, Clone, Copy)]
pub struct StructType(&'static Type);

/// What a field, a list's member or a map's value may be.
#[derive(Debug, Clone, Copy)]
pub enum ShapeRef {
    /// Text.
    String,
    /// `true` or `false`.
    Bool,
    /// An integer of 32 bits.
    Int32,
    /// An integer of 64 bits.
    Int64,
    /// A number.
    Float64,
    /// Bytes, as base64 text.
    Bytes,
    /// An amount.
    Quantity,
    /// A number or text.
    IntOrString,
    /// RFC 3339 text, with microseconds if so said.
    Time {
        /// Whether microseconds are kept.
        micro: bool,
    },
    /// Anything.
    Any,
    /// A JSON schema, or something else in its place.
    SchemaOr(StructType, Alternative),
    /// A struct.
    Struct(StructType),
    /// A list of what the number stands for.
    List(ShapeId),
    /// A map from text to what the number stands for.
    Map(ShapeId),
}

/// The number of a shape, resolved with [`ShapeId::shape`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShapeId(u16);

impl ShapeId {
    /// The shape.
    pub fn shape(self) -> ShapeRef {
        shape(self.0)
    }
}

/// The type of a kind, if it is built in.
pub fn type_of(kind: &GroupVersionKind) -> Option<StructType> {
    let api_version = kind.api_version();
    let found = KINDS.binary_search_by(|(version, name, _)| {
        (*version)
            .cmp(api_version.as_str())
            .then_with(|| (*name).cmp(kind.kind.as_str()))
    });
    let (_, _, number) = KINDS.get(found.ok()?)?;
    struct_type(*number)
}

fn struct_type(number: u16) -> Option<StructType> {
    TYPES.get(usize::from(number)).map(StructType)
}

fn shape(number: u16) -> ShapeRef {
    let Some(shape) = SHAPES.get(usize::from(number)) else {
        return ShapeRef::Any;
    };
    let of = |number: u16| struct_type(number);
    match *shape {
        Shape::String => ShapeRef::String,
        Shape::Bool => ShapeRef::Bool,
        Shape::Int32 => ShapeRef::Int32,
        Shape::Int64 => ShapeRef::Int64,
        Shape::Float64 => ShapeRef::Float64,
        Shape::Bytes => ShapeRef::Bytes,
        Shape::Quantity => ShapeRef::Quantity,
        Shape::IntOrString => ShapeRef::IntOrString,
        Shape::Time => ShapeRef::Time { micro: false },
        Shape::MicroTime => ShapeRef::Time { micro: true },
        Shape::Any => ShapeRef::Any,
        Shape::SchemaOr(number, other) => {
            of(number).map_or(ShapeRef::Any, |of| ShapeRef::SchemaOr(of, other))
        }
        Shape::Struct(number) => of(number).map_or(ShapeRef::Any, ShapeRef::Struct),
        Shape::List(inner) => ShapeRef::List(ShapeId(inner)),
        Shape::Map(inner) => ShapeRef::Map(ShapeId(inner)),
    }
}

impl StructType {
    /// Package and name: `core/v1.Container`.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Whether server-side apply takes objects of this type as a whole.
    pub fn is_atomic(self) -> bool {
        self.0.is_atomic
    }

    /// The declared fields in upstream's order; inlined structs stand as one entry with an empty name.
    pub fn fields(self) -> &'static [Field] {
        let first = usize::from(self.0.first);
        FIELDS
            .get(first..first + usize::from(self.0.declared))
            .unwrap_or_default()
    }

    /// Tells types apart: the place in [`StructType::all`].
    pub fn number(self) -> usize {
        let bytes = std::ptr::from_ref(self.0)
            .addr()
            .saturating_sub(TYPES.as_ptr().addr());
        bytes / size_of::<Type>()
    }

    /// All types, by [`StructType::number`].
    pub fn all() -> impl Iterator<Item = Self> {
        TYPES.iter().map(Self)
    }

    /// The fields in the order in which they stand in JSON; those of inlined structs stand among them.
    pub fn fields_in_json_order(self) -> impl Iterator<Item = &'static Field> + Clone {
        Self::listed(&ORDER, self.0.lookup, self.0.lookups)
    }

    /// The fields that protobuf knows, by number; an inlined struct is one of them.
    pub fn fields_by_number(self) -> impl DoubleEndedIterator<Item = &'static Field> + Clone {
        Self::listed(&WIRE, self.0.wire, self.0.wires)
    }

    /// The field of that protobuf number.
    pub fn field_of_number(self, number: u64) -> Option<&'static Field> {
        let first = usize::from(self.0.wire);
        let numbers = WIRE.get(first..first + usize::from(self.0.wires))?;
        let field = |place: &u16| FIELDS.get(usize::from(*place));
        let tag = |place: &u16| field(place).map_or(0, |field| u64::from(field.number));
        let found = numbers.binary_search_by_key(&number, tag).ok()?;
        field(numbers.get(found)?)
    }

    fn listed(
        table: &'static [u16],
        first: u16,
        count: u16,
    ) -> impl DoubleEndedIterator<Item = &'static Field> + Clone {
        let first = usize::from(first);
        let numbers = table.get(first..first + usize::from(count));
        (numbers.unwrap_or_default().iter()).filter_map(|number| FIELDS.get(usize::from(*number)))
    }

    /// The JSON names of all fields, also those of inlined structs.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.fields_in_json_order().map(|field| field.name)
    }

    /// The field of that JSON name, also one of an inlined struct.
    pub fn field(self, name: &str) -> Option<&'static Field> {
        let first = usize::from(self.0.lookup);
        let range = first..first + usize::from(self.0.lookups);
        let numbers = LOOKUP.get(range.clone())?;
        // The names are sorted by length, and few have the same.
        let lengths = LENGTHS.get(range)?;
        let start = lengths.partition_point(|length| usize::from(*length) < name.len());
        numbers
            .iter()
            .skip(start)
            .map_while(|number| FIELDS.get(usize::from(*number)))
            .take_while(|field| field.name.len() == name.len())
            .find(|field| field.name == name)
    }
}

impl Field {
    /// What the field may be.
    pub fn shape(&self) -> ShapeRef {
        shape(self.shape)
    }
}
