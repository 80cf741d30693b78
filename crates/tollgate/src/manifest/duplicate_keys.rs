//! Keys that stand in one map twice, as strict readers of YAML report them.

use super::document::Document;
use super::lines::LineIndex;
use std::collections::{BTreeMap, BTreeSet};
use tollgate_api::Value;
use tollgate_api::field::{FieldPath, Segment};

/// The keys of a document that stand in one map more than once, each with the line of the value that counts, from 1.
///
/// Inner maps come before the maps around them: in the order in which their reading ends.
pub fn duplicate_keys(document: &Document, tree: &Value) -> Vec<(usize, String)> {
    let mut paths = Vec::new();
    collect(tree, &mut FieldPath::default(), &mut paths);
    if paths.is_empty() {
        return Vec::new();
    }
    let Some(places) = document.places() else {
        return Vec::new();
    };
    let lines = LineIndex::new(document.bytes());
    let found = paths.into_iter().filter_map(|path| {
        let key = match path.0.last()? {
            Segment::Field(key) | Segment::Key(key) => key.to_string(),
            Segment::Index(_) => return None,
        };
        let (line, _) = lines.line(places.locate(&path).span.value.start);
        Some((line, key))
    });
    found.collect()
}

fn collect(tree: &Value, path: &mut FieldPath, paths: &mut Vec<FieldPath>) {
    match tree {
        Value::Object(object) => {
            // How often each key is yet to come.
            let mut left: BTreeMap<&str, usize> = BTreeMap::new();
            for key in object.keys() {
                *left.entry(key).or_default() += 1;
            }
            let repeated: BTreeSet<&str> = left
                .iter()
                .filter(|(_, count)| **count > 1)
                .map(|(key, _)| *key)
                .collect();
            for (key, value) in object.iter() {
                let left = left.entry(key).or_default();
                *left = left.saturating_sub(1);
                // What an earlier one holds has no address of its own.
                if *left == 0 {
                    path.0.push(Segment::Key(key.into()));
                    collect(value, path, paths);
                    if repeated.contains(key) {
                        paths.push(path.clone());
                    }
                    path.0.pop();
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.0.push(Segment::Index(index));
                collect(item, path, paths);
                path.0.pop();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Source, split};
    use std::sync::Arc;

    #[track_caller]
    fn check(text: &str, expected: &[(usize, &str)]) {
        let bytes = text.as_bytes().to_vec();
        let name = "config".to_owned();
        let document = split(Arc::new(Source { name, bytes })).next().unwrap();
        let found = duplicate_keys(&document, &document.read().unwrap());
        let found: Vec<_> = found
            .iter()
            .map(|(line, key)| (*line, key.as_str()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn tells_the_line_of_the_second_value() {
        check("a: 1\nb: 2\n", &[]);
        check("a: 1\nb:\n  c: 1\n  c: 2\na:\n- x\n", &[(4, "c"), (6, "a")]);
        check("- {a: 1, a: 2}\n- a: 1\n", &[(1, "a")]);
    }
}
