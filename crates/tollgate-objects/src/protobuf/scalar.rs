//! Values that hold no other values.

use super::decode::{message, time};
use super::error::Error;
use super::reader::{Reader, Wire};
use crate::canonical;
use crate::schema::{Field, ShapeRef};
use tollgate_api::{Quantity, Value};

/// The value, null if the message says that there is none.
pub(super) fn read(wire: Wire<'_>, field: &Field, shape: ShapeRef) -> Result<Value, Error> {
    Ok(match (shape, wire) {
        (ShapeRef::String, Wire::Bytes(bytes)) => text(bytes),
        (ShapeRef::Bool, Wire::Varint(number)) => (number != 0).into(),
        (ShapeRef::Int32, Wire::Varint(number)) => int32(number).into(),
        (ShapeRef::Int64, Wire::Varint(number)) => number.cast_signed().into(),
        (ShapeRef::Float64, Wire::Fixed64(bits)) => f64::from_bits(bits).into(),
        (ShapeRef::Bytes, Wire::Bytes(bytes)) => canonical::to_base64(bytes).into(),
        (ShapeRef::Quantity, _) => quantity(message(wire, field)?, field)?,
        (ShapeRef::IntOrString, _) => int_or_string(message(wire, field)?, field)?,
        (ShapeRef::Time { micro }, _) => point_in_time(message(wire, field)?, field, micro)?,
        _ => return Err(wrong_wire_type(wire, field)),
    })
}

/// Upstream names the field as Go does.
pub(super) fn wrong_wire_type(wire: Wire<'_>, field: &Field) -> Error {
    let mut letters = field.name.chars();
    let name = letters.next().map(|first| first.to_ascii_uppercase());
    Error::WrongWireType {
        field: name.into_iter().chain(letters).collect(),
        wire: wire.number(),
    }
}

/// What Go has where a map's entry holds no value.
pub(super) fn zero(shape: ShapeRef) -> Value {
    match shape {
        ShapeRef::String | ShapeRef::Bytes => "".into(),
        ShapeRef::Bool => false.into(),
        ShapeRef::Int32 | ShapeRef::Int64 | ShapeRef::Float64 | ShapeRef::IntOrString => 0.into(),
        ShapeRef::Quantity => "0".into(),
        ShapeRef::Struct(_) | ShapeRef::SchemaOr(..) => Value::object(),
        ShapeRef::Time { .. } | ShapeRef::Any | ShapeRef::List(_) | ShapeRef::Map(_) => Value::Null,
    }
}

fn text(bytes: &[u8]) -> Value {
    Value::string(String::from_utf8_lossy(bytes).as_ref())
}

/// The low half, as Go cuts it.
fn int32(number: u64) -> i64 {
    let low = u32::try_from(number & 0xffff_ffff).unwrap_or_default();
    i64::from(low.cast_signed())
}

fn quantity(bytes: &[u8], field: &Field) -> Result<Value, Error> {
    let mut reader = Reader(bytes);
    let mut amount = Value::from("0");
    while let Some((number, wire)) = reader.field("Quantity")? {
        if number == 1 {
            let text = String::from_utf8_lossy(message(wire, field)?);
            amount = if canonical::is_plain_quantity(&text) {
                text.as_ref().into()
            } else {
                let parsed = Quantity::parse(&text);
                let parsed = parsed.map_err(|why| Error::Quantity(why.to_string()))?;
                parsed.to_string().into()
            };
        }
    }
    Ok(amount)
}

fn int_or_string(bytes: &[u8], field: &Field) -> Result<Value, Error> {
    let mut reader = Reader(bytes);
    let (mut is_text, mut whole, mut string) = (false, 0, Value::from(""));
    while let Some((number, wire)) = reader.field("IntOrString")? {
        match (number, wire) {
            (1, Wire::Varint(number)) => is_text = number == 1,
            (2, Wire::Varint(number)) => whole = int32(number),
            (3, wire) => string = text(message(wire, field)?),
            (1 | 2, wire) => return Err(wrong_wire_type(wire, field)),
            _ => {}
        }
    }
    Ok(if is_text { string } else { whole.into() })
}

fn point_in_time(bytes: &[u8], field: &Field, micro: bool) -> Result<Value, Error> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let mut reader = Reader(bytes);
    let (mut seconds, mut nanos) = (0, 0);
    while let Some((number, wire)) = reader.field("Timestamp")? {
        match (number, wire) {
            (1, Wire::Varint(number)) => seconds = number.cast_signed(),
            (2, Wire::Varint(number)) => nanos = u32::try_from(int32(number)).unwrap_or_default(),
            (1 | 2, wire) => return Err(wrong_wire_type(wire, field)),
            _ => {}
        }
    }
    Ok(time(seconds, nanos, micro).into())
}
