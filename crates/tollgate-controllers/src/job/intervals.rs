//! Sets of completion indexes as Jobs write them: `1,3-5,7`.

use std::fmt;

/// Indexes in order, as ranges that do not touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Intervals(Vec<(i64, i64)>);

impl Intervals {
    /// Reads a text; what is no index is passed over, and what is not below `completions` is cut off.
    pub(super) fn parse(text: &str, completions: i64) -> Self {
        let mut ranges = Vec::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (Ok(first), Ok(last)) = (first.parse::<i64>(), last.parse::<i64>()) else {
                continue;
            };
            if first >= completions {
                break;
            }
            ranges.push((first, last.min(completions.saturating_sub(1))));
        }
        Self::default().with_ranges(ranges)
    }

    fn with_ranges(&self, more: impl IntoIterator<Item = (i64, i64)>) -> Self {
        let mut all: Vec<(i64, i64)> = self.0.iter().copied().chain(more).collect();
        all.sort_unstable();
        let mut merged: Vec<(i64, i64)> = Vec::with_capacity(all.len());
        for (first, last) in all {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => {
                    before.1 = before.1.max(last);
                }
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    /// With further indexes.
    pub(super) fn with(&self, indexes: impl IntoIterator<Item = i64>) -> Self {
        self.with_ranges(indexes.into_iter().map(|index| (index, index)))
    }

    /// With those of another set.
    pub(super) fn union(&self, other: &Self) -> Self {
        self.with_ranges(other.0.iter().copied())
    }

    /// How many.
    pub(super) fn total(&self) -> i64 {
        let counts = self
            .0
            .iter()
            .map(|(first, last)| last.saturating_sub(*first).saturating_add(1));
        counts.fold(0, i64::saturating_add)
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an index is among them.
    pub(super) fn has(&self, index: i64) -> bool {
        let place = self.0.partition_point(|(_, last)| *last < index);
        self.0.get(place).is_some_and(|(first, _)| *first <= index)
    }

    /// How many are in both sets.
    pub(super) fn common(&self, other: &Self) -> i64 {
        let mut count = 0_i64;
        let (mut ours, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(a), Some(b)) = (ours.peek(), theirs.peek()) {
            let overlap = a.1.min(b.1).saturating_sub(a.0.max(b.0)).saturating_add(1);
            count = count.saturating_add(overlap.max(0));
            if a.1 < b.1 {
                ours.next();
            } else {
                theirs.next();
            }
        }
        count
    }

    /// The first `count` indexes below `completions` that are not among them.
    pub(super) fn gaps(&self, count: usize, completions: i64) -> Vec<i64> {
        let mut gaps = Vec::new();
        let mut candidate = 0_i64;
        let end = (completions, completions);
        for (first, last) in self.0.iter().copied().chain([end]) {
            while candidate < first.min(completions) && gaps.len() < count {
                gaps.push(candidate);
                candidate = candidate.saturating_add(1);
            }
            if gaps.len() >= count {
                break;
            }
            candidate = candidate.max(last.saturating_add(1));
        }
        gaps
    }
}

impl fmt::Display for Intervals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (first, last)) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(",")?;
            }
            write!(f, "{first}")?;
            if last > first {
                // Two neighbours are written one by one.
                let sign = if *last == first.saturating_add(1) {
                    ","
                } else {
                    "-"
                };
                write!(f, "{sign}{last}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_and_written() {
        for (text, completions, expected) in [
            ("", 10, ""),
            ("1", 10, "1"),
            ("1,2", 10, "1,2"),
            ("1-3", 10, "1-3"),
            ("1,2,3,5,7-9", 10, "1-3,5,7-9"),
            ("1,x,4", 10, "1,4"),
            ("1,3-8,12", 6, "1,3-5"),
        ] {
            assert_eq!(
                Intervals::parse(text, completions).to_string(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn sets_grow_and_are_counted() {
        let some = Intervals::parse("0-1,5", 10);
        assert_eq!(some.with([2, 7]).to_string(), "0-2,5,7");
        assert_eq!(some.union(&Intervals::parse("1-6", 10)).to_string(), "0-6");
        assert_eq!(some.total(), 3);
        assert!(some.has(0) && some.has(1) && some.has(5));
        assert!(!some.has(2) && !some.has(4) && !some.has(6));
        assert_eq!(some.common(&Intervals::parse("1-9", 10)), 2);
        assert_eq!(some.common(&Intervals::default()), 0);
    }

    #[test]
    fn gaps_are_found_from_below() {
        let some = Intervals::parse("0-1,4", 10);
        assert_eq!(some.gaps(3, 10), [2, 3, 5]);
        assert_eq!(some.gaps(100, 7), [2, 3, 5, 6]);
        assert_eq!(some.gaps(0, 7), []);
        assert_eq!(Intervals::parse("0-6", 7).gaps(3, 7), []);
        assert_eq!(Intervals::default().gaps(2, 7), [0, 1]);
    }
}
