//! A unified diff of lines, as Python's `difflib` and what follows it in Go make it: the longest common block first,
//! then what is left and right of it.

use std::collections::BTreeMap;
use std::ops::Range;

/// How many lines stand around a change.
const CONTEXT: usize = 3;
/// In texts as long as this, lines that occur often do not count as common.
const POPULAR_FROM: usize = 200;

/// A stretch of the old lines and what it became; `same` if nothing changed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    same: bool,
    old: Range<usize>,
    new: Range<usize>,
}

/// The difference of two texts; empty if they are the same.
pub(super) fn of_lines(old: &[String], new: &[String]) -> String {
    let mut text = String::new();
    for group in groups(steps(old, new)) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            continue;
        };
        let old_range = printed(first.old.start..last.old.end);
        let new_range = printed(first.new.start..last.new.end);
        text.push_str(&format!("@@ -{old_range} +{new_range} @@\n"));
        for step in group {
            let old_lines = old.get(step.old).unwrap_or_default();
            let new_lines = new.get(step.new).unwrap_or_default();
            if step.same {
                push_lines(' ', old_lines, &mut text);
            } else {
                push_lines('-', old_lines, &mut text);
                push_lines('+', new_lines, &mut text);
            }
        }
    }
    text
}

fn push_lines(sign: char, lines: &[String], text: &mut String) {
    for line in lines {
        text.push(sign);
        text.push_str(line);
        text.push('\n');
    }
}

fn printed(range: Range<usize>) -> String {
    let start = range.start.saturating_add(1);
    match range.len() {
        1 => start.to_string(),
        0 => format!("{},0", range.start),
        length => format!("{start},{length}"),
    }
}

/// The steps from the old lines to the new ones.
fn steps(old: &[String], new: &[String]) -> Vec<Step> {
    let mut blocks = Vec::new();
    let places = places(new);
    common_blocks(old, new, &places, 0..old.len(), 0..new.len(), &mut blocks);
    blocks.push((old.len(), new.len(), 0));
    let mut steps: Vec<Step> = Vec::new();
    let (mut old_at, mut new_at) = (0_usize, 0_usize);
    for (old_start, new_start, length) in blocks {
        if old_at < old_start || new_at < new_start {
            steps.push(Step {
                same: false,
                old: old_at..old_start,
                new: new_at..new_start,
            });
        }
        old_at = old_start.saturating_add(length);
        new_at = new_start.saturating_add(length);
        match steps.last_mut() {
            // Neighbours become one.
            Some(last) if last.same && last.old.end == old_start && last.new.end == new_start => {
                last.old.end = old_at;
                last.new.end = new_at;
            }
            _ if length > 0 => steps.push(Step {
                same: true,
                old: old_start..old_at,
                new: new_start..new_at,
            }),
            _ => {}
        }
    }
    steps
}

type Places<'l> = BTreeMap<&'l str, Vec<usize>>;

/// Where each line of the new text stands; without those that are everywhere.
fn places(new: &[String]) -> Places<'_> {
    let mut places = Places::new();
    for (place, line) in new.iter().enumerate() {
        places.entry(line).or_default().push(place);
    }
    if new.len() >= POPULAR_FROM {
        let most = new.len() / 100 + 1;
        places.retain(|_, places| places.len() <= most);
    }
    places
}

fn common_blocks(
    old: &[String],
    new: &[String],
    places: &Places<'_>,
    in_old: Range<usize>,
    in_new: Range<usize>,
    blocks: &mut Vec<(usize, usize, usize)>,
) {
    let (old_start, new_start, length) = longest(old, new, places, in_old.clone(), in_new.clone());
    if length == 0 {
        return;
    }
    if in_old.start < old_start && in_new.start < new_start {
        let left = (in_old.start..old_start, in_new.start..new_start);
        common_blocks(old, new, places, left.0, left.1, blocks);
    }
    blocks.push((old_start, new_start, length));
    let (old_end, new_end) = (
        old_start.saturating_add(length),
        new_start.saturating_add(length),
    );
    if old_end < in_old.end && new_end < in_new.end {
        common_blocks(
            old,
            new,
            places,
            old_end..in_old.end,
            new_end..in_new.end,
            blocks,
        );
    }
}

/// The longest block that both stretches have, the first of several: where it begins in each, and its length.
fn longest(
    old: &[String],
    new: &[String],
    places: &Places<'_>,
    in_old: Range<usize>,
    in_new: Range<usize>,
) -> (usize, usize, usize) {
    let mut best = (in_old.start, in_new.start, 0_usize);
    // How long the block is that ends at a place of the new text, and at the old line before.
    let mut lengths: BTreeMap<usize, usize> = BTreeMap::new();
    for place in in_old.clone() {
        let mut next = BTreeMap::new();
        let found = old.get(place).and_then(|line| places.get(line.as_str()));
        for at in found.into_iter().flatten().copied() {
            if !in_new.contains(&at) {
                continue;
            }
            let before = at.checked_sub(1).and_then(|before| lengths.get(&before));
            let length = before.copied().unwrap_or_default().saturating_add(1);
            next.insert(at, length);
            if length > best.2 {
                let back = length.saturating_sub(1);
                best = (place.saturating_sub(back), at.saturating_sub(back), length);
            }
        }
        lengths = next;
    }
    let is_same =
        |place: usize, at: usize| old.get(place).is_some() && old.get(place) == new.get(at);
    while let (Some(place), Some(at)) = (best.0.checked_sub(1), best.1.checked_sub(1)) {
        if place < in_old.start || at < in_new.start || !is_same(place, at) {
            break;
        }
        best = (place, at, best.2.saturating_add(1));
    }
    loop {
        let (place, at) = (best.0.saturating_add(best.2), best.1.saturating_add(best.2));
        if place >= in_old.end || at >= in_new.end || !is_same(place, at) {
            return best;
        }
        best.2 = best.2.saturating_add(1);
    }
}

/// The steps in groups that are far apart, each with some lines around.
fn groups(mut steps: Vec<Step>) -> Vec<Vec<Step>> {
    if let Some(first) = steps.first_mut().filter(|step| step.same) {
        first.old.start = first.old.start.max(first.old.end.saturating_sub(CONTEXT));
        first.new.start = first.new.start.max(first.new.end.saturating_sub(CONTEXT));
    }
    if let Some(last) = steps.last_mut().filter(|step| step.same) {
        last.old.end = last.old.end.min(last.old.start.saturating_add(CONTEXT));
        last.new.end = last.new.end.min(last.new.start.saturating_add(CONTEXT));
    }
    let mut groups = Vec::new();
    let mut group: Vec<Step> = Vec::new();
    for step in steps {
        if !step.same || step.old.len() <= CONTEXT * 2 {
            group.push(step);
            continue;
        }
        let mut head = step.clone();
        head.old.end = head.old.start.saturating_add(CONTEXT);
        head.new.end = head.new.start.saturating_add(CONTEXT);
        group.push(head);
        groups.push(std::mem::take(&mut group));
        let mut tail = step;
        tail.old.start = tail.old.end.saturating_sub(CONTEXT);
        tail.new.start = tail.new.end.saturating_sub(CONTEXT);
        group.push(tail);
    }
    groups.push(group);
    groups.retain(|group| group.iter().any(|step| !step.same));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(old: &str, new: &str) -> String {
        let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        of_lines(&lines(old), &lines(new))
    }

    #[test]
    fn the_same_has_no_difference() {
        assert_eq!(diff("a b c", "a b c"), "");
    }

    #[test]
    fn a_change_has_three_lines_around_it() {
        assert_eq!(
            diff("a b c d e f g h i", "a b c d X f g h i"),
            "@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+X\n f\n g\n h\n"
        );
    }

    #[test]
    fn changes_far_apart_stand_apart() {
        assert_eq!(
            diff("1 b c d e f g h 2", "b c d e f g h 3"),
            "@@ -1,4 +1,3 @@\n-1\n b\n c\n d\n@@ -6,4 +5,4 @@\n f\n g\n h\n-2\n+3\n"
        );
    }
}
