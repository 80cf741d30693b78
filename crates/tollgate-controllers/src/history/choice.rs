//! Which revision a template is: one that is there, or a new one.

use crate::driver::Cached;
use std::collections::BTreeSet;
use std::sync::Arc;
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Timestamp, Value};

/// A revision in the cache.
#[derive(Debug, Clone)]
pub(crate) struct Revision {
    /// The object.
    pub(crate) cached: Arc<Cached>,
    /// Its place in history.
    pub(crate) number: i64,
    /// The patch that brings the template back.
    pub(crate) data: Value,
}

impl Revision {
    /// Reads an object.
    pub(crate) fn of(cached: &Arc<Cached>) -> Result<Self, Status> {
        let mut object = cached.object()?;
        Ok(Self {
            cached: Arc::clone(cached),
            number: object.int("revision").unwrap_or_default(),
            data: object.remove("data").unwrap_or_default(),
        })
    }

    /// Its name.
    pub(crate) fn name(&self) -> &CompactString {
        &self.cached.meta.name
    }

    /// What it is sorted by.
    pub(super) fn place(&self) -> (i64, Timestamp, &str) {
        let meta = &self.cached.meta;
        (self.number, meta.created, &meta.name)
    }

    /// The hash that it carries as a label; its name, if somebody took the label away.
    pub(crate) fn hash(&self, label: &str) -> CompactString {
        let found = self.cached.meta.labels.str(label);
        found.map_or_else(|| self.name().clone(), CompactString::new)
    }

    /// The template that it keeps.
    pub(crate) fn template(&self) -> Value {
        let template = self.data.at(&["spec", "template"]);
        let mut template = template.cloned().unwrap_or_default();
        template.remove("$patch");
        template
    }
}

/// The patch that brings the template of a set back, its keys in the order of Go's maps.
pub(crate) fn patch_of(set: &Value) -> Value {
    let template = set.at(&["spec", "template"]);
    let mut template = template.cloned().unwrap_or_else(Value::object);
    template.set("$patch", "replace");
    sort(&mut template);
    let mut patch = Value::object();
    patch.child_mut("spec").set("template", template);
    patch
}

fn sort(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.sort_by_key();
            for (_, child) in object.iter_mut() {
                sort(child);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(sort),
        _ => {}
    }
}

/// The place in history behind all these.
pub(crate) fn next_number<'r>(revisions: impl IntoIterator<Item = &'r Revision>) -> i64 {
    let numbers = revisions.into_iter().map(|revision| revision.number);
    numbers.max().unwrap_or_default().saturating_add(1)
}

/// What is to be done so that a template has a revision that is the newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The revision at that place is it.
    Is(usize),
    /// The revision at that place is it, but becomes the newest first.
    Renumber(usize, i64),
    /// There is none yet; it gets that number.
    New(i64),
}

/// Looks a template up among revisions that are sorted by number.
pub(crate) fn choose(revisions: &[Revision], data: &Value) -> Choice {
    let equal = revisions
        .iter()
        .rposition(|revision| revision.data == *data);
    let Some(place) = equal else {
        return Choice::New(next_number(revisions));
    };
    let others = revisions.iter().filter(|revision| revision.data != *data);
    let number = next_number(others);
    match revisions.get(place) {
        Some(found) if found.number < number => Choice::Renumber(place, number),
        _ => Choice::Is(place),
    }
}

/// The revisions that are to go, the oldest first, so that at most `limit` are kept beside those in use. `revisions` are
/// sorted by number.
pub(crate) fn superfluous<'r>(
    revisions: &'r [Revision],
    live: &BTreeSet<CompactString>,
    limit: i64,
) -> Vec<&'r Revision> {
    let mut unused: Vec<&Revision> = revisions
        .iter()
        .filter(|revision| !live.contains(revision.name()))
        .collect();
    let Ok(limit) = usize::try_from(limit) else {
        return Vec::new();
    };
    unused.truncate(unused.len().saturating_sub(limit));
    unused
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::client::Stored;
    use tollgate_api::json;

    fn revision(name: &str, number: i64, image: &str) -> Revision {
        let text = format!(
            r#"{{"metadata":{{"name":"{name}","namespace":"n"}},"revision":{number},"data":{{"spec":{{"template":{{"image":"{image}","$patch":"replace"}}}}}}}}"#
        );
        let stored = Stored {
            json: text.into_bytes().into(),
            revision: 1,
        };
        Revision::of(&Arc::new(Cached::new(&stored, false).unwrap())).unwrap()
    }

    fn data(image: &str) -> Value {
        let text = format!(r#"{{"spec":{{"template":{{"image":"{image}"}}}}}}"#);
        patch_of(&json::from_str(&text).unwrap())
    }

    #[test]
    fn the_patch_replaces_the_template_and_is_sorted() {
        let set = json::from_str(r#"{"spec":{"replicas":2,"template":{"spec":{"b":1,"a":2}}}}"#);
        assert_eq!(
            json::to_string(&patch_of(&set.unwrap())),
            r#"{"spec":{"template":{"$patch":"replace","spec":{"a":2,"b":1}}}}"#
        );
    }

    #[test]
    fn a_template_finds_its_revision() {
        let revisions = [revision("a", 1, "old"), revision("b", 2, "new")];
        for (image, expected) in [
            ("new", Choice::Is(1)),
            ("old", Choice::Renumber(0, 3)),
            ("other", Choice::New(3)),
        ] {
            assert_eq!(choose(&revisions, &data(image)), expected, "{image}");
        }
        assert_eq!(choose(&[], &data("new")), Choice::New(1));
    }

    #[test]
    fn old_revisions_beyond_the_limit_go_unless_they_are_in_use() {
        let revisions = [
            revision("a", 1, "1"),
            revision("b", 2, "2"),
            revision("c", 3, "3"),
            revision("d", 4, "4"),
        ];
        let live = BTreeSet::from([CompactString::new("a"), CompactString::new("d")]);
        let names = |limit| -> Vec<CompactString> {
            let gone = superfluous(&revisions, &live, limit);
            gone.iter()
                .map(|revision| revision.name().clone())
                .collect()
        };
        assert_eq!(names(1), ["b"]);
        assert_eq!(names(0), ["b", "c"]);
        assert!(names(2).is_empty());
        assert!(names(-1).is_empty());
    }

    #[test]
    fn a_revision_gives_the_template_back() {
        let template = revision("a", 1, "old").template();
        assert_eq!(json::to_string(&template), r#"{"image":"old"}"#);
    }
}
