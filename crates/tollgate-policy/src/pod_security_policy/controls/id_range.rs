//! Ranges of user and group ids.

use tollgate_api::Value;

/// One range of ids, both ends included.
#[derive(Debug, Clone, Copy)]
pub(super) struct IdRange {
    pub(super) min: i64,
    pub(super) max: i64,
}

/// The ranges of a rule.
#[derive(Debug, Clone, Default)]
pub(super) struct IdRanges(Vec<IdRange>);

impl IdRanges {
    /// Reads the `ranges` of a rule.
    pub(super) fn read(rule: &Value) -> Self {
        let read = |range: &Value| IdRange {
            min: range.int("min").unwrap_or_default(),
            max: range.int("max").unwrap_or_default(),
        };
        Self(rule.items("ranges").iter().map(read).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The id that a pod gets when it names none.
    pub(super) fn first(&self) -> Option<i64> {
        self.0.first().map(|range| range.min)
    }

    pub(super) fn contains(&self, id: i64) -> bool {
        self.0
            .iter()
            .any(|range| (range.min..=range.max).contains(&id))
    }

    /// As Go prints a slice of such structs: `[{1 5} {10 20}]`.
    pub(super) fn print(&self) -> String {
        let ranges: Vec<String> = self
            .0
            .iter()
            .map(|range| format!("{{{} {}}}", range.min, range.max))
            .collect();
        format!("[{}]", ranges.join(" "))
    }

    /// For people: `1-5, 10-20`.
    pub(super) fn describe(&self) -> String {
        let describe = |range: &IdRange| {
            if range.min == range.max {
                range.min.to_string()
            } else {
                format!("{}-{}", range.min, range.max)
            }
        };
        let ranges: Vec<String> = self.0.iter().map(describe).collect();
        ranges.join(", ")
    }
}
