//! The file of `tollgate serve --config`: flags as YAML, by their names without dashes.

use crate::manifest::{self, Source};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tollgate_api::Value;

/// Why a file holds no flags.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("cannot read `{}`: {why}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A value cannot be that of a flag.
    #[error("`{}`: `{name}` must be a text, a number, a boolean or a list of those", file.display())]
    Value {
        /// The file.
        file: PathBuf,
        /// The flag.
        name: String,
    },
}

/// The flags of a file, as the command line would have them.
pub(super) fn flags(file: &Path) -> Result<Vec<String>, ConfigError> {
    let unreadable = |why: String| ConfigError::Read {
        file: file.to_owned(),
        why,
    };
    let bytes = std::fs::read(file).map_err(|error| unreadable(error.to_string()))?;
    let name = file.display().to_string();
    let mut documents = manifest::split(Arc::new(Source { name, bytes }));
    let Some(document) = documents.next() else {
        return Ok(Vec::new());
    };
    let tree = document
        .read()
        .map_err(|error| unreadable(error.to_string()))?;
    let Some(entries) = tree.as_object() else {
        return Err(unreadable("it is no map of flags".to_owned()));
    };
    let mut flags = Vec::new();
    for (name, value) in entries.iter() {
        let texts = match value {
            Value::Array(items) => items.iter().map(text).collect(),
            other => text(other).map(|text| vec![text]),
        };
        let texts: Vec<String> = texts.ok_or_else(|| ConfigError::Value {
            file: file.to_owned(),
            name: name.to_owned(),
        })?;
        flags.push(format!("--{name}={}", texts.join(",")));
    }
    Ok(flags)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}
