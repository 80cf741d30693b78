//! Readers of manifests.

use std::hint::black_box;
use std::sync::Arc;
use tollgate::manifest::{Document, Form, Source, duplicate_keys, expand_list, split};
use tollgate_api::Value;
use tollgate_api::field::{FieldPath, Segment};

fn documents(bytes: &[u8]) -> impl Iterator<Item = Document> {
    split(Arc::new(Source {
        name: "-".to_owned(),
        bytes: bytes.to_vec(),
    }))
}

/// Where the fast YAML reader answers, it answers as the full one.
pub fn yaml_readers_agree(bytes: &[u8]) {
    for document in documents(bytes).filter(|document| document.form() == Form::Yaml) {
        if let Some(fast) = document.read_fast() {
            let full = document.read_fully();
            // Compared as text: a float that is no number does not equal itself, and the order of keys matters, too.
            let full = full.map(|value| value.to_string());
            assert_eq!(
                full.as_deref(),
                Ok(fast.to_string().as_str()),
                "{:?}",
                document.text()
            );
        }
    }
}

/// The documents of a source follow one another, and can be read, taken apart and searched.
pub fn manifests_are_read_without_a_panic(bytes: &[u8]) {
    let mut end = 0;
    for document in documents(bytes) {
        let range = document.range();
        assert!(end <= range.start && range.start <= range.end && range.end <= bytes.len());
        end = range.end;
        match document.read() {
            Err(error) => {
                black_box(error.to_string());
            }
            Ok(tree) => {
                let mut path = FieldPath::default();
                deepest(&tree, &mut path);
                black_box(document.places().map(|places| places.locate(&path)));
                black_box(duplicate_keys(&document, &tree));
                black_box(expand_list(tree));
            }
        }
    }
}

/// The way along the last children.
fn deepest(tree: &Value, path: &mut FieldPath) {
    match tree {
        Value::Array(items) => {
            if let Some(last) = items.last() {
                path.0.push(Segment::Index(items.len() - 1));
                deepest(last, path);
            }
        }
        Value::Object(object) => {
            if let Some((key, last)) = object.iter().next_back() {
                path.0.push(Segment::Field(key.into()));
                deepest(last, path);
            }
        }
        _ => {}
    }
}
