//! How every place of an object merges.

use super::custom::{CustomMap, CustomSchema, CustomType};
use super::node::Node;
use tollgate_api::Value;
use tollgate_api::value::CompactString;
use tollgate_objects::schema::{Field, ListType, ShapeRef, StructType};

/// The type of a whole object.
#[derive(Debug, Clone, Copy)]
pub enum Schema<'s> {
    /// A built-in kind.
    BuiltIn(StructType),
    /// A custom resource with a structural schema.
    Custom(&'s CustomSchema),
    /// A custom resource without one: types are deduced from what is there.
    Deduced,
}

impl<'s> Schema<'s> {
    /// The type of objects as upstream holds them.
    pub(crate) fn held(self) -> Type<'s> {
        match self {
            Self::BuiltIn(of) => Type::Table(TableType {
                shape: ShapeRef::Struct(of),
                field: None,
                structured: true,
            }),
            Self::Custom(schema) => Type::Custom(schema.root()),
            Self::Deduced => Type::Deduced,
        }
    }

    /// The type of objects as clients send them: nothing is added, nothing left out.
    pub(crate) fn sent(self) -> Type<'s> {
        match self {
            Self::BuiltIn(of) => Type::Table(TableType {
                shape: ShapeRef::Struct(of),
                field: None,
                structured: false,
            }),
            other => other.held(),
        }
    }
}

/// The type of one place.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Type<'s> {
    /// From the table of built-in types.
    Table(TableType),
    /// From a structural schema.
    Custom(&'s CustomType),
    /// Whatever is there; maps merge.
    Deduced,
    /// Whatever is there, as a whole.
    Untyped,
}

/// A place of a built-in type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TableType {
    pub(super) shape: ShapeRef,
    /// The field whose value this is; none for members of lists and maps.
    pub(super) field: Option<&'static Field>,
    /// Whether the object is seen as a Go struct.
    pub(super) structured: bool,
}

/// What a value may be that is no list and no map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scalar {
    Numeric,
    Text,
    Boolean,
    Any,
}

/// The type of a place as the value there decides it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Atom<'s> {
    Scalar(Scalar),
    List(List<'s>),
    Map(Map<'s>),
}

/// A list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct List<'s> {
    pub(super) relation: ListType,
    pub(super) keys: Keys<'s>,
    pub(super) element: Type<'s>,
}

/// The keys of a list's members.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Keys<'s> {
    Table(&'static [&'static str]),
    Custom(&'s [CompactString]),
}

impl Keys<'_> {
    pub(super) fn names(&self) -> Vec<&str> {
        match self {
            Self::Table(names) => names.to_vec(),
            Self::Custom(names) => names.iter().map(CompactString::as_str).collect(),
        }
    }
}

/// A map or struct.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Map<'s> {
    pub(super) sort: MapSort<'s>,
    pub(super) is_atomic: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum MapSort<'s> {
    Struct { of: StructType, structured: bool },
    Of(Type<'s>),
    Custom(&'s CustomMap),
}

impl<'s> Map<'s> {
    /// The type of a declared field.
    pub(super) fn field(&self, name: &str) -> Option<Type<'s>> {
        match self.sort {
            MapSort::Struct { of, structured } => of.field(name).map(|field| {
                Type::Table(TableType {
                    shape: field.shape(),
                    field: Some(field),
                    structured,
                })
            }),
            MapSort::Of(_) => None,
            MapSort::Custom(map) => map.field(name).map(|field| field.of.as_type()),
        }
    }

    /// The type of what is not declared; none if that is not allowed.
    pub(super) fn element(&self) -> Option<Type<'s>> {
        match self.sort {
            MapSort::Struct { of, .. } => of.fields().is_empty().then_some(Type::Deduced),
            MapSort::Of(element) => Some(element),
            MapSort::Custom(map) => map.element(),
        }
    }

    /// The type under a key.
    pub(super) fn at(&self, name: &str) -> Option<Type<'s>> {
        self.field(name).or_else(|| self.element())
    }

    /// What stands for a key of a list's members that is left out.
    pub(super) fn key_default(&self, name: &str) -> Option<Value> {
        match self.sort {
            MapSort::Struct { of, .. } => {
                let field = of.field(name)?;
                tollgate_api::json::from_str(field.key_default).ok()
            }
            MapSort::Of(_) => None,
            MapSort::Custom(map) => map.field(name)?.default.clone(),
        }
    }
}

/// Whatever may stand at a place.
pub(super) struct Atoms<'s> {
    pub(super) scalar: Option<Scalar>,
    pub(super) list: Option<List<'s>>,
    pub(super) map: Option<Map<'s>>,
}

impl<'s> Type<'s> {
    /// Whether this is an amount, of which upstream holds no text but the number.
    pub(super) fn is_quantity(self) -> bool {
        matches!(self, Self::Table(table) if table.structured && matches!(table.shape, ShapeRef::Quantity))
    }

    /// Whatever may stand here.
    pub(super) fn atoms(self) -> Atoms<'s> {
        let any = |element: Type<'s>, is_atomic| Atoms {
            scalar: Some(Scalar::Any),
            list: Some(List {
                relation: ListType::Atomic,
                keys: Keys::Table(&[]),
                element: Type::Untyped,
            }),
            map: Some(Map {
                sort: MapSort::Of(element),
                is_atomic,
            }),
        };
        match self {
            Self::Deduced => any(Type::Deduced, false),
            Self::Untyped => any(Type::Untyped, true),
            Self::Custom(custom) => custom.atoms(),
            Self::Table(table) => match table.atom() {
                None if matches!(table.shape, ShapeRef::Any) => any(Type::Untyped, true),
                None => any(Type::Deduced, false),
                Some(Atom::Scalar(scalar)) => Atoms {
                    scalar: Some(scalar),
                    list: None,
                    map: None,
                },
                Some(Atom::List(list)) => Atoms {
                    scalar: None,
                    list: Some(list),
                    map: None,
                },
                Some(Atom::Map(map)) => Atoms {
                    scalar: None,
                    list: None,
                    map: Some(map),
                },
            },
        }
    }

    /// What stands here, by the value that does; for null and for what must not stand here, the first of what may.
    pub(super) fn atom(self, node: Option<Node<'_>>) -> Option<Atom<'s>> {
        let atoms = self.atoms();
        let chosen = match node {
            Some(Node::Zero | Node::Value(Value::Object(_))) => atoms.map.map(Atom::Map),
            Some(Node::Value(Value::Array(_))) => atoms.list.map(Atom::List),
            Some(Node::Value(Value::Null) | Node::Null) | None => None,
            Some(Node::Value(_)) => atoms.scalar.map(Atom::Scalar),
        };
        chosen
            .or_else(|| atoms.map.map(Atom::Map))
            .or_else(|| atoms.scalar.map(Atom::Scalar))
            .or_else(|| atoms.list.map(Atom::List))
    }
}

impl TableType {
    pub(crate) fn shape(self) -> ShapeRef {
        self.shape
    }

    /// None for what may be anything.
    fn atom<'s>(self) -> Option<Atom<'s>> {
        let member = |shape| {
            Type::Table(TableType {
                shape,
                field: None,
                structured: self.structured,
            })
        };
        let is_atomic = self.field.is_some_and(Field::is_atomic);
        let is_granular = self.field.is_some_and(Field::is_granular);
        Some(match self.shape {
            ShapeRef::String | ShapeRef::Bytes => Atom::Scalar(Scalar::Text),
            ShapeRef::Bool => Atom::Scalar(Scalar::Boolean),
            ShapeRef::Int32 | ShapeRef::Int64 | ShapeRef::Float64 => Atom::Scalar(Scalar::Numeric),
            ShapeRef::Quantity | ShapeRef::IntOrString | ShapeRef::Time { .. } => {
                Atom::Scalar(Scalar::Any)
            }
            ShapeRef::Any | ShapeRef::SchemaOr(..) => return None,
            ShapeRef::Struct(of) => Atom::Map(Map {
                sort: MapSort::Struct {
                    of,
                    structured: self.structured,
                },
                is_atomic: is_atomic || of.is_atomic() && !is_granular,
            }),
            ShapeRef::List(element) => Atom::List(List {
                relation: self.field.map_or(ListType::Atomic, Field::list_type),
                keys: Keys::Table(self.field.map_or(&[], |field| field.list_map_keys)),
                element: member(element.shape()),
            }),
            ShapeRef::Map(element) => Atom::Map(Map {
                sort: MapSort::Of(member(element.shape())),
                is_atomic,
            }),
        })
    }
}
