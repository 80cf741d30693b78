//! Readers of JSON and of small texts.

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::hint::black_box;
use tollgate_api::field::FieldPath;
use tollgate_api::{Number, Object, Quantity, Timestamp, Value, json, names};

/// Our reader takes what `serde_json` takes, and reads the same; what it writes, it reads back.
pub fn json_reads_as_serde_json(bytes: &[u8]) {
    let ours = json::from_slice(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let theirs = theirs(text);
    // Differences that are Go's: half of a surrogate pair is U+FFFD, and depth has a limit.
    let excused = theirs.as_ref().is_err_and(|error| {
        let message = error.to_string();
        message.contains("surrogate")
            || message.contains("hex escape")
            || message.contains("out of range")
    }) || ours
        .as_ref()
        .is_err_and(|error| error.message.contains("depth"));
    assert!(
        excused || ours.is_ok() == theirs.is_ok(),
        "{text:?}: {ours:?} {theirs:?}"
    );
    let Ok(ours) = ours else { return };
    if let Ok(theirs) = theirs {
        assert_eq!(ours, theirs, "{text:?}");
    }
    let written = json::to_string(&ours);
    let again = json::from_str(&written);
    assert_eq!(again.as_ref(), Ok(&ours), "{written}");
    let end = json::skip_value(bytes, 0).map(|end| bytes.get(end..).unwrap_or_default());
    assert!(
        end.is_ok_and(|rest| rest.trim_ascii().is_empty()),
        "{text:?}"
    );
}

fn theirs(text: &str) -> Result<Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Node.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Node;

impl<'de> DeserializeSeed<'de> for Node {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(Number::Int(value)))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "Go reads such a number as float64, too"
    )]
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        let number = i64::try_from(value).map_or_else(|_| Number::Float(value as f64), Number::Int);
        Ok(Value::Number(number))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        // In Go `-0` is an integer, and so it is 0.
        let is_zero = value == 0.0;
        Ok(Value::Number(if is_zero {
            Number::Int(0)
        } else {
            Number::Float(value)
        }))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::string(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Object::new();
        while let Some((key, value)) =
            map.next_entry_seed(std::marker::PhantomData::<String>, self)?
        {
            object.push(key, value);
        }
        Ok(Value::Object(object))
    }
}

/// From here on there is no suffix, and upstream prints an amount without the zeros that the suffix would stand for.
const SUFFIXES_END: &str = "1e21";

/// An amount that is read prints as one that reads as the same amount, and printing is final.
pub fn quantities_round_trip(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(quantity) = Quantity::parse(text) else {
        return;
    };
    let mut size = quantity.clone();
    if size.sign() < 0 {
        size.neg();
    }
    if Quantity::parse(SUFFIXES_END).is_ok_and(|end| size.compare(&end).is_ge()) {
        return;
    }
    let printed = quantity.to_string();
    let again = Quantity::parse(&printed);
    assert!(again.is_ok(), "{text:?} as {printed:?}: {again:?}");
    let again = again.unwrap_or_default();
    assert!(quantity.compare(&again).is_eq(), "{text:?} as {printed:?}");
    assert_eq!(again.to_string(), printed, "{text:?}");
    let mut double = quantity.clone();
    double.add(&quantity);
    double.sub(&quantity);
    assert!(
        double.compare(&quantity).is_eq(),
        "{text:?} + itself - itself is {double}"
    );
}

/// Every reader of a short text survives it.
pub fn small_texts_are_read_without_a_panic(bytes: &[u8]) {
    let text = &*String::from_utf8_lossy(bytes);
    let path = FieldPath::parse(text);
    // What is printed reads back as what prints the same.
    let printed = path.to_string();
    assert_eq!(FieldPath::parse(&printed).to_string(), printed, "{text:?}");
    if let Some(time) = Timestamp::parse(text) {
        assert_eq!(Timestamp::parse(&time.to_string()), Some(time), "{text:?}");
    }
    for check in [
        names::dns1123_label,
        names::dns1123_subdomain,
        names::dns1035_label,
        names::qualified_name,
        names::label_value,
        names::config_map_key,
        names::environment_variable,
        names::port_name,
        names::http_header,
        names::wildcard_dns1123_subdomain,
        names::c_identifier,
        names::path_segment,
    ] {
        black_box(check(text));
    }
}
