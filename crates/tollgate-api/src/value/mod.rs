//! The object tree: JSON's data model with ordered objects and Kubernetes' notion of absence.

mod number;
mod object;

pub use compact_str::CompactString;
pub use number::Number;
pub use object::Object;

/// One node of an object tree.
///
/// Equality is by meaning: the order of an object's keys does not matter, the order of a list does.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Value {
    /// JSON `null`, which Kubernetes reads as "not set".
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer of 64 bits or a floating point number.
    Number(Number),
    /// Text.
    String(CompactString),
    /// A list.
    Array(Vec<Value>),
    /// A map with text keys, in written order.
    Object(Object),
}

impl Value {
    /// An empty object.
    pub fn object() -> Self {
        Self::Object(Object::new())
    }

    /// A text node.
    pub fn string(text: impl Into<CompactString>) -> Self {
        Self::String(text.into())
    }

    /// Whether this is JSON `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text of a string node.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a boolean node.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The value of an integer node; a float without a fraction counts.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    /// The members of a list node.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The members of a list node, to change them.
    pub fn as_array_mut(&mut self) -> Option<&mut Vec<Value>> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of an object node.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The entries of an object node, to change them.
    pub fn as_object_mut(&mut self) -> Option<&mut Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The child under `key` of an object node; `null` counts as absent.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_object()?.get(key)
    }

    /// The child under `key`, to change it; `null` counts as absent.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.as_object_mut()?.get_mut(key)
    }

    /// The node reached by following `keys` from here; `null` counts as absent.
    pub fn at(&self, keys: &[&str]) -> Option<&Value> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text under `key`, if there is text.
    pub fn str(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    /// The text under `key`, or `""`: how a Go `string` field reads.
    pub fn str_or_empty(&self, key: &str) -> &str {
        self.str(key).unwrap_or_default()
    }

    /// The boolean under `key`: how a Go `*bool` field reads.
    pub fn bool(&self, key: &str) -> Option<bool> {
        self.get(key)?.as_bool()
    }

    /// The integer under `key`: how a Go `*int64` field reads.
    pub fn int(&self, key: &str) -> Option<i64> {
        self.get(key)?.as_i64()
    }

    /// The members of the list under `key`; none if there is no list.
    pub fn items(&self, key: &str) -> &[Value] {
        self.get(key).and_then(Self::as_array).unwrap_or_default()
    }

    /// The members of the list under `key`, to change them; none if there is no list.
    pub fn items_mut(&mut self, key: &str) -> &mut [Value] {
        match self.get_mut(key) {
            Some(Self::Array(items)) => items,
            _ => &mut [],
        }
    }

    /// The entries of the object under `key`, in written order; none if there is no object.
    pub fn entries(&self, key: &str) -> impl Iterator<Item = (&str, &Value)> {
        self.get(key)
            .and_then(Self::as_object)
            .into_iter()
            .flat_map(Object::iter)
    }

    /// The text entries of the object under `key` (labels, annotations, selectors), in written order.
    pub fn str_entries(&self, key: &str) -> impl Iterator<Item = (&str, &str)> {
        self.entries(key)
            .filter_map(|(name, value)| Some((name, value.as_str()?)))
    }

    /// Puts `value` under `key`, making this node an object if it is none.
    pub fn set(&mut self, key: impl Into<CompactString>, value: impl Into<Value>) {
        self.make_object().insert(key, value);
    }

    /// Puts `value()` under `key` unless something is there; `null` counts as nothing.
    pub fn set_default<V: Into<Value>>(&mut self, key: &'static str, value: impl FnOnce() -> V) {
        let slot = self.make_object().slot(key);
        if slot.is_null() {
            *slot = value().into();
        }
    }

    /// The object under `key`, made if it is absent or not an object.
    pub fn child_mut(&mut self, key: &'static str) -> &mut Value {
        self.make_object().child_mut(key)
    }

    /// Removes and returns the child under `key`.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.as_object_mut()?.remove(key)
    }

    fn make_object(&mut self) -> &mut Object {
        if !matches!(self, Self::Object(_)) {
            *self = Self::object();
        }
        match self {
            Self::Object(object) => object,
            #[expect(clippy::unreachable, reason = "made an object three lines above")]
            _ => unreachable!(),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<CompactString> for Value {
    fn from(text: CompactString) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Number(Number::Int(value))
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Number(Number::Float(value))
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl<V: Into<Value>> From<Vec<V>> for Value {
    fn from(items: Vec<V>) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }
}

impl<V: Into<Value>> From<Option<V>> for Value {
    fn from(value: Option<V>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<K: Into<CompactString>, V: Into<Value>> FromIterator<(K, V)> for Value {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self::Object(entries.into_iter().collect())
    }
}
