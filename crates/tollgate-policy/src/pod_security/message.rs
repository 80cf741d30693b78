//! How upstream's texts name things: `container "a"`, `pod and containers "a", "b"`.
//!
//! Names and values stand between quotes as they are, without escapes.

/// Room for most details, so that writing one allocates once.
const DETAIL_BYTES: usize = 128;

/// `one` or `many`.
pub(super) const fn plural<'t>(count: usize, one: &'t str, many: &'t str) -> &'t str {
    if count == 1 { one } else { many }
}

/// Appends `"a", "b"`.
pub(super) fn push_quoted<'t>(out: &mut String, items: impl IntoIterator<Item = &'t str>) {
    for (place, item) in items.into_iter().enumerate() {
        out.push_str(if place == 0 { "\"" } else { ", \"" });
        out.push_str(item);
        out.push('"');
    }
}

/// `container "a"` or `containers "a", "b"`; nothing without names.
pub(super) fn containers<'t>(names: impl Iterator<Item = &'t str> + Clone) -> Option<String> {
    named("container", "containers", names)
}

/// `volume "a"` or `volumes "a", "b"`; nothing without names.
pub(super) fn named<'t>(
    one: &str,
    many: &str,
    names: impl Iterator<Item = &'t str> + Clone,
) -> Option<String> {
    let mut out = String::new();
    push_named(&mut out, one, many, names);
    (!out.is_empty()).then_some(out)
}

fn push_named<'t>(
    out: &mut String,
    one: &str,
    many: &str,
    names: impl Iterator<Item = &'t str> + Clone,
) {
    let count = names.clone().take(2).count();
    if count > 0 {
        out.reserve(DETAIL_BYTES);
        out.push_str(plural(count, one, many));
        out.push(' ');
        push_quoted(out, names);
    }
}

/// Who sets something: `pod`, `container "a"`, `pod and containers "a", "b"`; nothing if nobody does.
pub(super) fn setters<'t>(
    pod: bool,
    names: impl Iterator<Item = &'t str> + Clone,
) -> Option<String> {
    if !pod {
        return containers(names);
    }
    let mut out = String::with_capacity(DETAIL_BYTES);
    out.push_str("pod");
    if let Some(containers) = containers(names) {
        out.push_str(" and ");
        out.push_str(&containers);
    }
    Some(out)
}

/// `pod or containers "a", "b"`; nothing without names.
pub(super) fn pod_or_containers<'t>(
    names: impl Iterator<Item = &'t str> + Clone,
) -> Option<String> {
    named("pod or container", "pod or containers", names)
}

/// Each item once, sorted by bytes.
pub(super) fn sorted<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort_unstable();
    items.dedup();
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_who_sets_something() {
        let names = ["a", "b"];
        let first = |count: usize| names.into_iter().take(count);
        assert_eq!(setters(false, first(0)), None);
        assert_eq!(setters(true, first(0)).unwrap(), "pod");
        assert_eq!(setters(false, first(1)).unwrap(), "container \"a\"");
        assert_eq!(
            setters(true, first(2)).unwrap(),
            "pod and containers \"a\", \"b\""
        );
        assert_eq!(
            pod_or_containers(first(1)).unwrap(),
            "pod or container \"a\""
        );
    }

    #[test]
    fn sorts_numbers_as_text() {
        assert_eq!(sorted(["80", "443", "80"]), ["443", "80"]);
    }
}
