//! A place of an object, as upstream sees it.

use super::types::{Map, MapSort, TableType, Type};
use std::sync::LazyLock;
use tollgate_api::value::CompactString;
use tollgate_api::{Number, Object, Quantity, Value};
use tollgate_objects::schema::{Field, ShapeRef, StructType};

/// What stands at a place.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Node<'v> {
    /// Null.
    Null,
    /// A value of the tree.
    Value(&'v Value),
    /// A struct of which the tree holds nothing.
    Zero,
}

/// What stands in a map under a key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Child<'v, 's> {
    pub(super) key: &'v str,
    pub(super) node: Node<'v>,
    /// Its type; none if it must not be there.
    pub(super) of: Option<Type<'s>>,
    /// Whether the map declares it as a field.
    pub(super) is_declared: bool,
}

impl<'v> Child<'v, '_> {
    fn of_field(field: &'static Field, node: Node<'v>) -> Self {
        Self {
            key: field.name,
            node,
            of: Some(Type::Table(TableType {
                shape: field.shape(),
                field: Some(field),
                structured: true,
            })),
            is_declared: true,
        }
    }
}

static EMPTY_TEXT: Value = Value::String(CompactString::const_new(""));
static ZERO: Value = Value::Number(Number::Int(0));
static ZERO_QUANTITY: Value = Value::String(CompactString::const_new("0"));
static FALSE: Value = Value::Bool(false);

impl<'v> Node<'v> {
    pub(super) fn is_null(self) -> bool {
        matches!(self, Self::Null | Self::Value(Value::Null))
    }

    /// The members of a list.
    pub(super) fn items(self) -> Option<&'v [Value]> {
        match self {
            Self::Value(Value::Array(items)) => Some(items),
            _ => None,
        }
    }

    pub(super) fn is_map(self) -> bool {
        matches!(self, Self::Zero | Self::Value(Value::Object(_)))
    }

    fn object(self) -> Option<&'v Object> {
        match self {
            Self::Value(Value::Object(object)) => Some(object),
            _ => None,
        }
    }

    /// What stands in a map, by key; nothing if there is no map.
    pub(super) fn entries<'s>(self, map: &Map<'s>) -> Vec<Child<'v, 's>> {
        match map.sort {
            MapSort::Struct {
                of,
                structured: true,
            } if self.is_map() => {
                let object = self.object();
                let mut entries = Vec::with_capacity(object.map_or(4, Object::len));
                for (key, value) in object.into_iter().flat_map(Object::iter) {
                    if !value.is_null()
                        && let Some(field) = of.field(key)
                        && let Some(node) = seen(Some(value), field)
                    {
                        entries.push(Child::of_field(field, node));
                    }
                }
                // What Go writes though it is not there.
                for field in always_written(of) {
                    if object.and_then(|object| object.get(field.name)).is_none()
                        && let Some(node) = seen(None, field)
                    {
                        entries.push(Child::of_field(field, node));
                    }
                }
                entries
            }
            _ => {
                let entries = self.object().into_iter().flat_map(Object::iter);
                let element = map.element();
                let child = |(key, value)| {
                    let field = map.field(key);
                    Child {
                        key,
                        node: Self::of(value),
                        of: field.or(element),
                        is_declared: field.is_some(),
                    }
                };
                entries.map(child).collect()
            }
        }
    }

    /// What stands in a map under a key.
    pub(super) fn get(self, map: &Map<'_>, key: &str) -> Option<Node<'v>> {
        match map.sort {
            MapSort::Struct {
                of,
                structured: true,
            } => self.field(of.field(key)?),
            _ => self.object()?.get_or_null(key).map(Self::of),
        }
    }

    pub(super) fn of(value: &'v Value) -> Self {
        if value.is_null() {
            Self::Null
        } else {
            Self::Value(value)
        }
    }

    fn field(self, field: &Field) -> Option<Node<'v>> {
        seen(
            self.object().and_then(|object| object.get(field.name)),
            field,
        )
    }
}

/// The fields that Go writes even when they are zero: few of many, and asked for with every object.
fn always_written(of: StructType) -> &'static [&'static Field] {
    static FIELDS: LazyLock<Vec<Box<[&'static Field]>>> = LazyLock::new(|| {
        let fields_of = |of| {
            let mut fields = Vec::new();
            each_field(of, &mut |field| {
                if !leaves_out(field) {
                    fields.push(field);
                }
            });
            fields.into_boxed_slice()
        };
        StructType::all().map(fields_of).collect()
    });
    FIELDS.get(of.number()).map(Box::as_ref).unwrap_or_default()
}

/// Whether a field is left out when it is zero.
fn leaves_out(field: &Field) -> bool {
    let is_struct = matches!(
        field.shape(),
        ShapeRef::Struct(_)
            | ShapeRef::Time { .. }
            | ShapeRef::Quantity
            | ShapeRef::IntOrString
            | ShapeRef::Any
            | ShapeRef::SchemaOr(..)
    );
    // A struct that is no pointer is never empty to Go; but it may be zero.
    field.omits_zero() || (field.omits_empty() && (field.is_pointer() || !is_struct))
}

/// A field of a struct: what the Go field would be written as, none if it would be left out.
fn seen<'v>(value: Option<&'v Value>, field: &Field) -> Option<Node<'v>> {
    let is_zero = match value {
        None | Some(Value::Null) => true,
        Some(_) if field.is_pointer() => false,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Bool(value)) => !value,
        Some(Value::Number(number)) => number.as_f64() == 0.0,
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(object)) => match field.shape() {
            ShapeRef::Map(_) => object.is_empty(),
            _ => field.omits_zero() && object.iter().all(|(_, value)| value.is_null()),
        },
    };
    match value {
        _ if is_zero && leaves_out(field) => None,
        Some(value) => Some(Node::Value(value)),
        None if field.is_pointer() => Some(Node::Null),
        None => Some(match field.shape() {
            ShapeRef::Struct(_) => Node::Zero,
            ShapeRef::String => Node::Value(&EMPTY_TEXT),
            ShapeRef::Bool => Node::Value(&FALSE),
            ShapeRef::Int32 | ShapeRef::Int64 | ShapeRef::Float64 | ShapeRef::IntOrString => {
                Node::Value(&ZERO)
            }
            ShapeRef::Quantity => Node::Value(&ZERO_QUANTITY),
            _ => Node::Null,
        }),
    }
}

/// The declared fields, those of inlined structs in their place.
fn each_field(of: StructType, visit: &mut impl FnMut(&'static Field)) {
    for field in of.fields() {
        match (field.is_inline(), field.shape()) {
            (true, ShapeRef::Struct(inner)) => each_field(inner, visit),
            (true, _) => {}
            (false, _) => visit(field),
        }
    }
}

/// The tree of a place as a client would see it.
pub(crate) fn tree(node: Node<'_>, of: Type<'_>) -> Value {
    use super::types::Atom;
    match (of.atom(Some(node)), node) {
        (_, Node::Null) => Value::Null,
        (Some(Atom::Map(map)), node) if node.is_map() => {
            let entries = node.entries(&map).into_iter();
            entries
                .map(|child| {
                    let value = match child.of {
                        Some(of) => tree(child.node, of),
                        None => plain(child.node),
                    };
                    (child.key, value)
                })
                .collect()
        }
        (Some(Atom::List(list)), Node::Value(Value::Array(items))) => {
            let items = items.iter().map(|item| tree(Node::of(item), list.element));
            Value::Array(items.collect())
        }
        (_, Node::Value(value)) if of.is_quantity() => match Quantity::from_value(value) {
            Ok(quantity) => quantity.to_string().into(),
            Err(_) => value.clone(),
        },
        (_, node) => plain(node),
    }
}

fn plain(node: Node<'_>) -> Value {
    match node {
        Node::Null => Value::Null,
        Node::Value(value) => value.clone(),
        Node::Zero => Value::object(),
    }
}
