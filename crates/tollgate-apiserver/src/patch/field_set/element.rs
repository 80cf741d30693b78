//! One step of a path: a field, a member of a list, or an index.

use std::cmp::Ordering;
use std::fmt;
use tollgate_api::go_format::quote;
use tollgate_api::value::CompactString;
use tollgate_api::{Number, Object, Value, json};

/// One step from an object or list to what is in it.
#[derive(Debug, Clone)]
pub enum PathElement {
    /// A key of an object: `f:name`.
    Field(CompactString),
    /// The member of a list that has these keys, sorted by name: `k:{"name":"c"}`.
    Key(Vec<(CompactString, Value)>),
    /// The member of a set: `v:"a"`.
    Value(Value),
    /// The place in a list: `i:0`.
    Index(i64),
}

impl PathElement {
    /// A key of an object.
    pub fn field(name: &str) -> Self {
        Self::Field(name.into())
    }

    /// Reads what [`PathElement::key`] writes; none for a sort of element that is not known.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, String> {
        let Some((sort, rest)) = text.split_at_checked(2) else {
            return Err("key must be 2 characters long:".to_owned());
        };
        if !sort.ends_with(':') {
            return Err(format!("missing colon: {text}"));
        }
        let value = || json::from_str(rest).map_err(|error| error.to_string());
        Ok(Some(match sort {
            "f:" => Self::Field(rest.into()),
            "v:" => Self::Value(value()?),
            "k:" => match value()? {
                Value::Object(object) => {
                    let mut keys: Vec<(CompactString, Value)> = object.into_iter().collect();
                    keys.sort_by(|(a, _), (b, _)| a.cmp(b));
                    Self::Key(keys)
                }
                _ => return Err(format!("expected an object: {text}")),
            },
            "i:" => Self::Index(rest.parse().map_err(|_| format!("invalid index: {text}"))?),
            _ => return Ok(None),
        }))
    }

    /// The key of this element in `fieldsV1`.
    pub(super) fn key(&self) -> CompactString {
        match self {
            Self::Field(name) => {
                let mut key = CompactString::with_capacity(name.len().saturating_add(2));
                key.push_str("f:");
                key.push_str(name);
                key
            }
            Self::Key(keys) => {
                let keys: Object = keys.iter().cloned().collect();
                format!("k:{}", json::to_string(&Value::Object(keys))).into()
            }
            Self::Value(value) => format!("v:{}", json::to_string(value)).into(),
            Self::Index(index) => format!("i:{index}").into(),
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Field(_) => 0,
            Self::Key(_) => 1,
            Self::Value(_) => 2,
            Self::Index(_) => 3,
        }
    }
}

/// As messages show it: `.name`, `[name="c"]`, `[="a"]`, `[0]`.
impl fmt::Display for PathElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Key(keys) => {
                let keys: Vec<String> = keys
                    .iter()
                    .map(|(name, value)| format!("{name}={}", shown(value)))
                    .collect();
                write!(f, "[{}]", keys.join(","))
            }
            Self::Value(value) => write!(f, "[={}]", shown(value)),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quote(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(shown).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(object) => {
            let entries = object
                .iter()
                .map(|(key, value)| format!("{key}={}", shown(value)));
            entries.collect::<Vec<_>>().concat()
        }
    }
}

impl PartialEq for PathElement {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for PathElement {}

impl PartialOrd for PathElement {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Fields, keys, values, indices; each sort by itself.
impl Ord for PathElement {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Field(a), Self::Field(b)) => a.cmp(b),
            (Self::Key(a), Self::Key(b)) => {
                let pairs = a.iter().zip(b);
                let differing = pairs
                    .map(|(a, b)| a.0.cmp(&b.0).then_with(|| compare(&a.1, &b.1)))
                    .find(|order| order.is_ne());
                differing.unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            (Self::Value(a), Self::Value(b)) => compare(a, b),
            (Self::Index(a), Self::Index(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

/// Numbers, texts, booleans, lists, objects, null; each sort by itself.
fn compare(a: &Value, b: &Value) -> Ordering {
    const fn rank(value: &Value) -> u8 {
        match value {
            Value::Number(_) => 0,
            Value::String(_) => 1,
            Value::Bool(_) => 2,
            Value::Array(_) => 3,
            Value::Object(_) => 4,
            Value::Null => 5,
        }
    }
    match (a, b) {
        (Value::Number(Number::Int(a)), Value::Number(Number::Int(b))) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => a.as_f64().total_cmp(&b.as_f64()),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Array(a), Value::Array(b)) => {
            let differing = a
                .iter()
                .zip(b)
                .map(|(a, b)| compare(a, b))
                .find(|order| order.is_ne());
            differing.unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        (Value::Object(a), Value::Object(b)) => {
            let sorted = |object: &Object| -> Vec<(CompactString, Value)> {
                let mut entries: Vec<_> = object
                    .iter()
                    .map(|(key, value)| (key.into(), value.clone()))
                    .collect();
                entries.sort_by(|(a, _): &(CompactString, Value), (b, _)| a.cmp(b));
                entries
            };
            PathElement::Key(sorted(a)).cmp(&PathElement::Key(sorted(b)))
        }
        _ => rank(a).cmp(&rank(b)),
    }
}
