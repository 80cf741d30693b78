//! Messages to trees: what comes out is what the object's JSON would have said.

use super::error::Error;
use super::reader::{Reader, Wire};
use super::{envelope, scalar};
use crate::canonical;
use crate::encode;
use crate::schema::{Alternative, Field, ShapeRef, StructType};
use tollgate_api::json::{self, DEPTH_MAX, VALUES_MAX};
use tollgate_api::{Object, Value};

/// How many messages may stand inside one another. Each is at most two levels of the tree.
pub(super) const MESSAGES_MAX: usize = 200;

/// One decoding: how deep it is and how much it has found.
#[derive(Debug, Default)]
pub(super) struct Walk {
    depth: usize,
    values: usize,
}

impl Walk {
    /// Reads a message of a struct into `object`, over what is there, and puts its fields into the declared order.
    pub(super) fn structure(
        &mut self,
        bytes: &[u8],
        of: StructType,
        object: &mut Object,
    ) -> Result<(), Error> {
        self.fields(bytes, of, object)?;
        in_declared_order(object, of);
        Ok(())
    }

    fn fields(&mut self, bytes: &[u8], of: StructType, object: &mut Object) -> Result<(), Error> {
        self.deeper(|walk| {
            let mut reader = Reader(bytes);
            while let Some((number, wire)) = reader.field(of.name())? {
                let Some(field) = of.field_of_number(number) else {
                    continue;
                };
                match field.shape() {
                    // Its fields stand in the outer object.
                    ShapeRef::Struct(inner) if field.is_inline() => {
                        walk.fields(message(wire, field)?, inner, object)?;
                    }
                    _ => walk.field(wire, field, object)?,
                }
            }
            Ok(())
        })
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth >= MESSAGES_MAX {
            return Err(Error::TooDeep);
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn count(&mut self) -> Result<(), Error> {
        self.values += 1;
        if self.values > VALUES_MAX {
            return Err(Error::TooMany);
        }
        Ok(())
    }

    fn field(
        &mut self,
        wire: Wire<'_>,
        field: &'static Field,
        object: &mut Object,
    ) -> Result<(), Error> {
        match field.shape() {
            ShapeRef::List(inner) if !field.is_wrapped() => {
                let place = object.slot(field.name);
                let mut items = match std::mem::take(place) {
                    Value::Array(items) => items,
                    _ => Vec::new(),
                };
                let added = self.append(wire, field, inner.shape(), &mut items);
                *object.slot(field.name) = Value::Array(items);
                added
            }
            ShapeRef::Map(inner) => {
                let (key, value) = self.entry(message(wire, field)?, field, inner.shape())?;
                if let Value::Object(map) = object.child_mut(field.name) {
                    map.insert(key, value);
                }
                Ok(())
            }
            ShapeRef::Struct(of) => {
                self.count()?;
                let bytes = message(wire, field)?;
                match object.child_mut(field.name) {
                    Value::Object(inner) => self.structure(bytes, of, inner),
                    _ => Ok(()),
                }
            }
            shape => {
                let value = self.single(wire, field, shape)?;
                if value.is_null() || is_left_out(&value, field) {
                    object.remove(field.name);
                } else {
                    object.insert(field.name, value);
                }
                Ok(())
            }
        }
    }

    /// Adds one item of a list, or those of a packed list.
    fn append(
        &mut self,
        wire: Wire<'_>,
        field: &'static Field,
        shape: ShapeRef,
        items: &mut Vec<Value>,
    ) -> Result<(), Error> {
        match (shape, wire) {
            (ShapeRef::Int32 | ShapeRef::Int64 | ShapeRef::Bool, Wire::Bytes(packed)) => {
                for number in Reader::packed(packed) {
                    items.push(self.single(Wire::Varint(number?), field, shape)?);
                }
            }
            _ => items.push(self.single(wire, field, shape)?),
        }
        Ok(())
    }

    /// An entry of a map: a message of key and value.
    fn entry(
        &mut self,
        bytes: &[u8],
        field: &'static Field,
        shape: ShapeRef,
    ) -> Result<(String, Value), Error> {
        self.deeper(|walk| {
            let (mut key, mut value) = (String::new(), None);
            let mut reader = Reader(bytes);
            while let Some((number, wire)) = reader.field(field.name)? {
                match number {
                    1 => key = String::from_utf8_lossy(message(wire, field)?).into_owned(),
                    2 => value = Some(walk.single(wire, field, shape)?),
                    _ => {}
                }
            }
            Ok((key, value.unwrap_or_else(|| scalar::zero(shape))))
        })
    }

    /// One value; null if the message says that there is none.
    fn single(
        &mut self,
        wire: Wire<'_>,
        field: &'static Field,
        shape: ShapeRef,
    ) -> Result<Value, Error> {
        self.count()?;
        match shape {
            ShapeRef::Any => self.raw(message(wire, field)?),
            ShapeRef::SchemaOr(of, other) => {
                self.schema_or(message(wire, field)?, field, of, other)
            }
            ShapeRef::Struct(of) => {
                let mut object = Object::new();
                self.structure(message(wire, field)?, of, &mut object)?;
                Ok(Value::Object(object))
            }
            // A list that is a map's value is a message of its own.
            ShapeRef::List(inner) => self.deeper(|walk| {
                let mut items = Vec::new();
                let mut reader = Reader(message(wire, field)?);
                while let Some((number, wire)) = reader.field(field.name)? {
                    if number == 1 {
                        walk.append(wire, field, inner.shape(), &mut items)?;
                    }
                }
                Ok(Value::Array(items))
            }),
            ShapeRef::Map(_) => Ok(Value::Null),
            shape => scalar::read(wire, field, shape),
        }
    }

    fn schema_or(
        &mut self,
        bytes: &[u8],
        field: &'static Field,
        of: StructType,
        other: Alternative,
    ) -> Result<Value, Error> {
        self.deeper(|walk| {
            let (mut schema, mut items, mut allows) = (None, Vec::new(), false);
            let mut reader = Reader(bytes);
            while let Some((number, wire)) = reader.field(field.name)? {
                match (number, other) {
                    (1, Alternative::Bool) => allows = matches!(wire, Wire::Varint(1..)),
                    (2, Alternative::Strings) => {
                        walk.append(wire, field, ShapeRef::String, &mut items)?;
                    }
                    (2, Alternative::Schemas) => {
                        walk.append(wire, field, ShapeRef::Struct(of), &mut items)?;
                    }
                    (1 | 2, _) => schema = Some(walk.single(wire, field, ShapeRef::Struct(of))?),
                    _ => {}
                }
            }
            Ok(match (schema, other) {
                _ if !items.is_empty() => Value::Array(items),
                (Some(schema), _) => schema,
                (None, Alternative::Bool) => Value::Bool(allows),
                (None, _) => Value::Null,
            })
        })
    }

    /// JSON of which no type is known, or a body within the body.
    fn raw(&mut self, bytes: &[u8]) -> Result<Value, Error> {
        let mut reader = Reader(bytes);
        let mut value = Value::Null;
        while let Some((number, wire)) = reader.field("RawExtension")? {
            let (1, Wire::Bytes(text)) = (number, wire) else {
                continue;
            };
            if text.starts_with(envelope::MAGIC) {
                value = self.deeper(|walk| envelope::read(text)?.object(walk))?;
            } else if !text.is_empty() {
                value = json::from_slice(text).map_err(|error| Error::Json(error.to_string()))?;
                let room = DEPTH_MAX.saturating_sub(2 * self.depth);
                if is_deeper_than(&value, room) {
                    return Err(Error::TooDeep);
                }
            }
        }
        Ok(value)
    }
}

/// The bytes of a field that is no number.
pub(super) fn message<'b>(wire: Wire<'b>, field: &Field) -> Result<&'b [u8], Error> {
    match wire {
        Wire::Bytes(bytes) => Ok(bytes),
        _ => Err(scalar::wrong_wire_type(wire, field)),
    }
}

/// Whether Go's JSON leaves the value out.
fn is_left_out(value: &Value, field: &Field) -> bool {
    !field.is_pointer()
        && field.omits_empty()
        && match (field.shape(), value) {
            (ShapeRef::IntOrString | ShapeRef::Quantity | ShapeRef::Any, _) => false,
            (_, Value::Bool(flag)) => !flag,
            (_, Value::Number(number)) => number.as_f64() == 0.0,
            (_, Value::String(text)) => text.is_empty(),
            _ => false,
        }
}

fn is_deeper_than(value: &Value, levels: usize) -> bool {
    let Some(inner) = levels.checked_sub(1) else {
        return true;
    };
    match value {
        Value::Array(items) => items.iter().any(|item| is_deeper_than(item, inner)),
        Value::Object(object) => object.iter().any(|(_, item)| is_deeper_than(item, inner)),
        _ => false,
    }
}

fn in_declared_order(object: &mut Object, of: StructType) {
    if encode::is_in_order(object, of) {
        return;
    }
    let rank = |key: &str| {
        let mut declared = of.fields_in_json_order();
        declared.position(|field| field.name == key)
    };
    let mut entries: Vec<_> = std::mem::take(object)
        .into_iter()
        .map(|(key, value)| (rank(&key), key, value))
        .collect();
    entries.sort_by_key(|(rank, _, _)| *rank);
    let entries: Vec<_> = entries
        .into_iter()
        .map(|(_, key, value)| (key, value))
        .collect();
    *object = Object::from(entries);
}

/// The text of a time; none if it is not set or beyond what can be written.
pub(super) fn time(seconds: i64, nanos: u32, micro: bool) -> Option<String> {
    let written = -62_135_596_800..=253_402_300_799_i64;
    if !written.contains(&seconds) {
        return None;
    }
    canonical::print_time(tollgate_api::Timestamp::from_unix(seconds, nanos), micro)
}
