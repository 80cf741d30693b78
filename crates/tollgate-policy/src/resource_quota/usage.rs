//! What an object uses, as quotas count it: amounts by quota key.

use tollgate_api::Quantity;
use tollgate_api::value::CompactString;

/// A key of `spec.hard`: `pods`, `requests.cpu`, `count/deployments.apps`.
pub type Key = CompactString;

/// A key that is known when the program is built; costs no allocation.
pub(super) const fn key(text: &'static str) -> Key {
    Key::const_new(text)
}

/// Amounts by quota key, sorted by key.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    // Invariant: sorted by key, each key once.
    entries: Vec<(Key, Quantity)>,
}

impl Usage {
    /// No amounts, with room for some.
    pub(super) fn with_capacity(entries: usize) -> Self {
        Self {
            entries: Vec::with_capacity(entries),
        }
    }

    /// The amount under `key`.
    pub fn get(&self, key: &str) -> Option<&Quantity> {
        let place = self.place(key).ok()?;
        self.entries.get(place).map(|(_, amount)| amount)
    }

    /// The amounts, sorted by key.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Key, &Quantity)> + ExactSizeIterator {
        self.entries.iter().map(|(key, amount)| (key, amount))
    }

    /// Whether nothing is counted.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Puts an amount under `key`, in the place of what was there.
    pub fn set(&mut self, key: Key, amount: Quantity) {
        // Most callers set keys in order.
        if self.entries.last().is_none_or(|(last, _)| *last < key) {
            self.entries.push((key, amount));
            return;
        }
        match self.place(&key) {
            Ok(place) => {
                if let Some(entry) = self.entries.get_mut(place) {
                    entry.1 = amount;
                }
            }
            Err(place) => self.entries.insert(place, (key, amount)),
        }
    }

    /// Adds to what stands under `key`.
    pub fn add(&mut self, key: &Key, amount: &Quantity) {
        match self.place(key) {
            Ok(place) => {
                if let Some((_, sum)) = self.entries.get_mut(place) {
                    sum.add(amount);
                }
            }
            Err(place) => self.entries.insert(place, (key.clone(), amount.clone())),
        }
    }

    /// Adds every amount of `other`.
    pub fn add_all(&mut self, other: &Self) {
        for (key, amount) in other.iter() {
            self.add(key, amount);
        }
    }

    /// Keeps the entries for which `keep` holds.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&str, &Quantity) -> bool) {
        self.entries.retain(|(key, amount)| keep(key, amount));
    }

    /// How much more this is than `before`, key by key; what is less is 0 (`SubtractWithNonNegativeResult`).
    pub(super) fn growth_since(mut self, before: &Self) -> Self {
        for (key, amount) in &mut self.entries {
            if let Some(before) = before.get(key) {
                amount.sub(before);
            }
            if amount.sign() <= 0 {
                *amount = Quantity::from_int(0);
            }
        }
        self
    }

    fn place(&self, key: &str) -> Result<usize, usize> {
        self.entries
            .binary_search_by(|(entry, _)| entry.as_str().cmp(key))
    }
}

impl FromIterator<(Key, Quantity)> for Usage {
    fn from_iter<I: IntoIterator<Item = (Key, Quantity)>>(entries: I) -> Self {
        let mut usage = Self::default();
        for (key, amount) in entries {
            usage.set(key, amount);
        }
        usage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_sorted_whatever_the_order() {
        let mut usage: Usage = ["pods", "cpu", "memory", "cpu"]
            .iter()
            .zip(1..)
            .map(|(name, amount)| (key(name), Quantity::from_int(amount)))
            .collect();
        usage.add(&key("memory"), &Quantity::from_int(10));
        usage.add(&key("a"), &Quantity::from_int(7));
        let shown: Vec<_> = usage
            .iter()
            .map(|(key, amount)| format!("{key}={amount}"))
            .collect();
        assert_eq!(shown, ["a=7", "cpu=4", "memory=13", "pods=1"]);
    }
}
