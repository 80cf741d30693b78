//! A place of an object, as upstream sees it.

use super::types::{Map, MapSort};
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
    pub(super) fn entries(self, map: &Map<'_>) -> Vec<(&'v str, Node<'v>)> {
        match map.sort {
            MapSort::Struct {
                of,
                structured: true,
            } if self.is_map() => {
                let mut entries = Vec::with_capacity(of.fields().len());
                each_field(of, &mut |field| {
                    if let Some(node) = self.field(field) {
                        entries.push((field.name, node));
                    }
                });
                entries
            }
            _ => {
                let entries = self.object().into_iter().flat_map(Object::iter);
                entries.map(|(key, value)| (key, Self::of(value))).collect()
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

    /// A field of a struct: what the Go field would be written as, none if it would be left out.
    fn field(self, field: &Field) -> Option<Node<'v>> {
        let value = self.object().and_then(|object| object.get(field.name));
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
        let leaves_out =
            field.omits_zero() || (field.omits_empty() && (field.is_pointer() || !is_struct));
        match value {
            _ if is_zero && leaves_out => None,
            Some(value) => Some(Self::Value(value)),
            None if field.is_pointer() => Some(Self::Null),
            None => Some(match field.shape() {
                ShapeRef::Struct(_) => Self::Zero,
                ShapeRef::String => Self::Value(&EMPTY_TEXT),
                ShapeRef::Bool => Self::Value(&FALSE),
                ShapeRef::Int32 | ShapeRef::Int64 | ShapeRef::Float64 | ShapeRef::IntOrString => {
                    Self::Value(&ZERO)
                }
                ShapeRef::Quantity => Self::Value(&ZERO_QUANTITY),
                _ => Self::Null,
            }),
        }
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
pub(crate) fn tree(node: Node<'_>, of: super::types::Type<'_>) -> Value {
    use super::types::Atom;
    match (of.atom(Some(node)), node) {
        (_, Node::Null) => Value::Null,
        (Some(Atom::Map(map)), node) if node.is_map() => {
            let entries = node.entries(&map).into_iter();
            entries
                .map(|(key, node)| {
                    let value = match map.at(key) {
                        Some(of) => tree(node, of),
                        None => plain(node),
                    };
                    (key, value)
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
