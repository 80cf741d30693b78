//! Objects: entries in written order, looked up by a scan.
//!
//! Objects of the Kubernetes API have a handful of keys; comparing short keys one after another beats hashing them,
//! and the written order survives.

use super::Value;
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

/// Up to this many entries are compared one with another; more are put into a set.
const SCANNED_MAX: usize = 16;

/// A map with text keys in written order.
///
/// A document can hold a key twice; both entries are kept so that strict decoding can report it, and the last one
/// is the one that counts, as in Go.
#[derive(Debug, Clone, Default)]
pub struct Object {
    entries: Vec<(CompactString, Value)>,
}

impl Object {
    /// An object without entries.
    pub const fn new() -> Self {
        Self {
            entries: Vec::new(),
        }
    }

    /// An object without entries that has room for some.
    pub fn with_capacity(entries: usize) -> Self {
        Self {
            entries: Vec::with_capacity(entries),
        }
    }

    /// Makes room for more entries at once.
    pub fn reserve(&mut self, more: usize) {
        self.entries.reserve_exact(more);
    }

    /// The number of entries, duplicates included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value under `key`; `null` counts as absent.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.get_or_null(key).filter(|value| !value.is_null())
    }

    /// The value under `key`, `null` too.
    pub fn get_or_null(&self, key: &str) -> Option<&Value> {
        self.entries
            .iter()
            .rev()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// The value under `key`, to change it; `null` counts as absent.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.get_or_null_mut(key).filter(|value| !value.is_null())
    }

    fn get_or_null_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.entries
            .iter_mut()
            .rev()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// Whether something that is not `null` stands under `key`.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Puts `value` under `key`, in the place of what was there or at the end.
    pub fn insert(&mut self, key: impl Into<CompactString>, value: impl Into<Value>) {
        let key = key.into();
        match self.get_or_null_mut(&key) {
            Some(place) => *place = value.into(),
            None => self.entries.push((key, value.into())),
        }
    }

    /// Appends an entry without looking whether the key is there: for readers of documents.
    pub fn push(&mut self, key: impl Into<CompactString>, value: Value) {
        self.entries.push((key.into(), value));
    }

    /// The place under `key`, made and left `null` if there is none.
    pub fn slot(&mut self, key: &'static str) -> &mut Value {
        let place = self
            .entries
            .iter()
            .rposition(|(name, _)| name == key)
            .unwrap_or_else(|| {
                self.entries
                    .push((CompactString::const_new(key), Value::Null));
                self.entries.len().saturating_sub(1)
            });
        #[expect(
            clippy::indexing_slicing,
            reason = "the position was found or made just above"
        )]
        &mut self.entries[place].1
    }

    /// The child under `key`, made an empty object if it is absent, `null` or anything else.
    pub fn child_mut(&mut self, key: &'static str) -> &mut Value {
        let child = self.slot(key);
        if child.as_object().is_none() {
            *child = Value::object();
        }
        child
    }

    /// Removes all entries under `key` and returns the one that counted.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let mut last = None;
        while let Some(place) = self.entries.iter().rposition(|(name, _)| name == key) {
            let (_, value) = self.entries.remove(place);
            last.get_or_insert(value);
        }
        last
    }

    /// Keeps the entries for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Value) -> bool) {
        self.entries.retain_mut(|(key, value)| keep(key, value));
    }

    /// The entries in written order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &Value)> + ExactSizeIterator {
        self.entries
            .iter()
            .map(|(key, value)| (key.as_str(), value))
    }

    /// The entries in written order, values to change.
    pub fn iter_mut(
        &mut self,
    ) -> impl DoubleEndedIterator<Item = (&str, &mut Value)> + ExactSizeIterator {
        self.entries
            .iter_mut()
            .map(|(key, value)| (key.as_str(), value))
    }

    /// The keys in written order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.entries.iter().map(|(key, _)| key.as_str())
    }

    /// Whether a key stands here twice.
    pub fn has_duplicates(&self) -> bool {
        let entries = &self.entries;
        if entries.len() <= SCANNED_MAX {
            if self.keys_differ_at_a_glance() {
                return false;
            }
            return entries.iter().enumerate().any(|(place, (key, _))| {
                entries
                    .iter()
                    .take(place)
                    .any(|(earlier, _)| earlier == key)
            });
        }
        let mut seen = BTreeSet::new();
        entries.iter().any(|(key, _)| !seen.insert(key))
    }

    /// Whether no two keys share a length and their ends, or what is left of these in seven bits.
    fn keys_differ_at_a_glance(&self) -> bool {
        let mut seen = 0_u128;
        self.entries.iter().all(|(key, _)| {
            let bytes = key.as_bytes();
            let end = |byte: Option<&u8>| byte.copied().map_or(0, usize::from);
            let (first, last) = (end(bytes.first()), end(bytes.last()));
            let glance = (bytes.len() * 37) ^ (first * 5) ^ (last << 2);
            let bit = 1_u128 << (glance & 127);
            let is_new = seen & bit == 0;
            seen |= bit;
            is_new
        })
    }

    /// Keeps the last entry of each key; returns the keys of what was dropped, in order of the entries that stay.
    pub fn drop_duplicates(&mut self) -> Vec<CompactString> {
        let mut seen = BTreeSet::new();
        let mut dropped = Vec::new();
        let mut kept = Vec::with_capacity(self.entries.len());
        for (key, value) in std::mem::take(&mut self.entries).into_iter().rev() {
            if seen.insert(key.clone()) {
                kept.push((key, value));
            } else {
                dropped.push(key);
            }
        }
        kept.reverse();
        dropped.reverse();
        self.entries = kept;
        dropped
    }

    /// Sorts the entries by key: the order in which Go prints a map.
    pub fn sort_by_key(&mut self) {
        self.entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    }
}

/// Equal if the same keys have the same values, in whatever order; of a key that stands twice, the last counts.
impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        // Most often even the order is the same.
        if self.keys().eq(other.keys()) && !self.has_duplicates() {
            return self
                .entries
                .iter()
                .zip(&other.entries)
                .all(|(a, b)| a.1 == b.1);
        }
        self.by_key() == other.by_key()
    }
}

impl Object {
    fn by_key(&self) -> BTreeMap<&str, &Value> {
        self.iter().collect()
    }
}

impl IntoIterator for Object {
    type Item = (CompactString, Value);
    type IntoIter = std::vec::IntoIter<(CompactString, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

/// An object of these entries, in this order, without looking for duplicates: for readers of documents.
impl From<Vec<(CompactString, Value)>> for Object {
    fn from(entries: Vec<(CompactString, Value)>) -> Self {
        Self { entries }
    }
}

impl<K: Into<CompactString>, V: Into<Value>> FromIterator<(K, V)> for Object {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self {
            entries: entries
                .into_iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        }
    }
}
