//! YAML bodies, read as `tollgate check` reads manifests.

use crate::manifest::{self, Source};
use std::sync::Arc;
use tollgate_api::Value;
use tollgate_apiserver::verbs::Yaml;

/// What the reader puts before its own words.
const CONVERTING: &str = "error converting YAML to JSON: ";

/// Reads the first document of a body.
pub(super) fn read(body: &[u8]) -> Result<Yaml, String> {
    let source = Arc::new(Source {
        name: String::new(),
        bytes: body.to_vec(),
    });
    let Some(document) = manifest::split(source).next() else {
        return Ok(Yaml {
            tree: Value::Null,
            duplicates: Vec::new(),
        });
    };
    let tree = document.read().map_err(|error| {
        let words = error.message;
        words
            .strip_prefix(CONVERTING)
            .map_or_else(|| words.clone(), str::to_owned)
    })?;
    let duplicates = manifest::duplicate_keys(&document, &tree);
    let duplicates = duplicates
        .into_iter()
        .map(|(line, key)| format!("line {line}: key \"{key}\" already set in map"));
    Ok(Yaml {
        duplicates: duplicates.collect(),
        tree,
    })
}
