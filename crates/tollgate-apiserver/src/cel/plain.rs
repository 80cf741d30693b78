//! What an expression gives, as a value of an object.

use ::cel::Value as CelValue;
use ::cel::objects::Key;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use tollgate_api::Value;

/// The value; the error is why objects have none such.
pub(super) fn of(value: &CelValue) -> Result<Value, String> {
    Ok(match value {
        CelValue::Null => Value::Null,
        CelValue::Bool(value) => (*value).into(),
        CelValue::Int(value) => (*value).into(),
        CelValue::UInt(value) => i64::try_from(*value)
            .map_err(|_| format!("the number {value} is too large"))?
            .into(),
        CelValue::Float(value) => (*value).into(),
        CelValue::String(text) => text.as_str().into(),
        CelValue::Bytes(bytes) => STANDARD.encode(bytes.as_slice()).into(),
        CelValue::Timestamp(time) => time
            .to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
            .into(),
        CelValue::List(items) => {
            let items: Result<Vec<Value>, String> = items.iter().map(of).collect();
            Value::Array(items?)
        }
        CelValue::Map(map) => {
            let entries: BTreeMap<&Key, &CelValue> = map.map.iter().collect();
            let mut object = Value::object();
            for (key, value) in entries {
                let Key::String(key) = key else {
                    return Err(format!("the key {key} is no text"));
                };
                object.set(key.as_str(), of(value)?);
            }
            object
        }
        other => {
            return Err(format!(
                "objects have no value of type {:?}",
                other.type_of()
            ));
        }
    })
}
