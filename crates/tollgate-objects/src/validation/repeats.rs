//! Which entries of a list repeat an earlier one.

use std::collections::BTreeSet;

/// In a list as short as this, looking back is faster than remembering, and nearly all lists are shorter.
const LOOKED_BACK_MAX: usize = 32;

/// A list on its way from the first entry to the last.
pub(super) struct Repeats<'l, T, K, F> {
    list: &'l [T],
    key: F,
    next: usize,
    seen: BTreeSet<K>,
}

impl<'l, T, K: Ord, F: Fn(&'l T) -> K> Repeats<'l, T, K, F> {
    /// Entries with the same key are the same.
    pub(super) fn new(list: &'l [T], key: F) -> Self {
        Self {
            list,
            key,
            next: 0,
            seen: BTreeSet::new(),
        }
    }

    /// Whether the next entry repeats an earlier one.
    pub(super) fn next(&mut self) -> bool {
        let index = self.next;
        self.next += 1;
        let Some(entry) = self.list.get(index) else {
            return false;
        };
        let key = (self.key)(entry);
        if self.list.len() > LOOKED_BACK_MAX {
            return !self.seen.insert(key);
        }
        let mut earlier = self.list.iter().take(index);
        earlier.any(|other| (self.key)(other) == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_judged_as_short_ones() {
        for length in [5, LOOKED_BACK_MAX, LOOKED_BACK_MAX + 1, 1_000] {
            let list: Vec<usize> = (0..length).map(|number| number * number % 97).collect();
            let mut repeats = Repeats::new(&list, |number| *number);
            for (index, number) in list.iter().enumerate() {
                let expected = list.iter().take(index).any(|other| other == number);
                assert_eq!(repeats.next(), expected, "{index} of {length}");
            }
            assert!(!repeats.next());
        }
    }
}
