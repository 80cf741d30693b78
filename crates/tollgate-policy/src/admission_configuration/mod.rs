//! kube-apiserver's admission configuration: the file that holds the configurations of admission plugins.
//!
//! Read as strictly as the server reads it, and wrong in the server's words.

mod shape;
#[cfg(test)]
mod tests;

pub(crate) use shape::{Shape, Struct, strict_error};

use tollgate_api::go_format::json_kind;
use tollgate_api::{GroupVersionKind, Value, go_format, json};

/// Why a configuration cannot be used; prints upstream's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConfigError {
    message: String,
    // The kind is missing or unknown: this may be a configuration of the time before kinds.
    is_about_kind: bool,
}

impl ConfigError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            is_about_kind: false,
        }
    }

    fn about_kind(message: String) -> Self {
        Self {
            message,
            is_about_kind: true,
        }
    }
}

/// A configuration file: its text, what was read from it, and what its reader saw that the tree does not show.
#[derive(Debug, Clone, Copy)]
pub struct ConfigFile<'f> {
    /// The text, which some messages repeat.
    pub text: &'f str,
    /// The tree.
    pub tree: &'f Value,
    /// Keys that stand in one map twice: the line of the second one, from 1, and the key.
    pub duplicate_keys: &'f [(usize, String)],
}

/// Where the configuration of a plugin stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Section<'f> {
    /// Nowhere: the plugin's defaults hold.
    Absent,
    /// In the file itself.
    Here(&'f Value),
    /// In the file of this name, seen from the folder of the configuration file.
    File(&'f str),
}

const PLUGIN: Struct = Struct {
    name: "AdmissionPluginConfiguration",
    fields: &[
        ("name", Shape::Text("string")),
        ("path", Shape::Text("string")),
        ("configuration", Shape::Any),
    ],
};

const FILE_V1: Struct = Struct {
    name: "AdmissionConfiguration",
    fields: &[
        ("apiVersion", Shape::Text("string")),
        ("kind", Shape::Text("string")),
        (
            "plugins",
            Shape::Structs("v1.AdmissionPluginConfiguration", &PLUGIN),
        ),
    ],
};

const FILE_V1ALPHA1: Struct = Struct {
    name: "AdmissionConfiguration",
    fields: &[
        ("apiVersion", Shape::Text("string")),
        ("kind", Shape::Text("string")),
        (
            "plugins",
            Shape::Structs("v1alpha1.AdmissionPluginConfiguration", &PLUGIN),
        ),
    ],
};

/// Where a file has the configuration of a plugin. Of several sections of one plugin the first one counts.
pub fn section<'f>(file: &ConfigFile<'f>, plugin: &str) -> Result<Section<'f>, ConfigError> {
    if let Err(error) = check_file(file) {
        // Two plugins once had files of their own kind, without a version.
        let is_legacy = file.tree.get("imagePolicy").is_some()
            || file.tree.get("podNodeSelectorPluginConfig").is_some();
        if error.is_about_kind && is_legacy {
            return Ok(Section::Absent);
        }
        return Err(error);
    }
    let mut plugins = file.tree.items("plugins").iter();
    let Some(found) = plugins.find(|entry| entry.str_or_empty("name") == plugin) else {
        return Ok(Section::Absent);
    };
    Ok(
        match (found.get("configuration"), found.str_or_empty("path")) {
            (Some(configuration), _) => Section::Here(configuration),
            (None, "") => Section::Absent,
            (None, path) => Section::File(path),
        },
    )
}

fn check_file(file: &ConfigFile<'_>) -> Result<(), ConfigError> {
    let kind = interpret(file.tree, file.text)?;
    let shape = match (kind.api_version().as_str(), kind.kind.as_str()) {
        ("apiserver.config.k8s.io/v1", "AdmissionConfiguration") => &FILE_V1,
        ("apiserver.k8s.io/v1alpha1", "AdmissionConfiguration") => &FILE_V1ALPHA1,
        _ => return Err(not_registered(&kind)),
    };
    let unknown = shape.check(file.tree)?;
    let mut faults = Vec::new();
    if !file.duplicate_keys.is_empty() {
        let mut fault = "yaml: unmarshal errors:".to_owned();
        for (line, key) in file.duplicate_keys {
            let key = go_format::quote(key);
            fault.push_str(&format!("\n  line {line}: key {key} already set in map"));
        }
        faults.push(fault);
    }
    faults.extend(unknown);
    strict_error(&faults)
}

/// The kind of a configuration that stands in a file or inside another one; `text` is repeated if there is none.
fn interpret(tree: &Value, text: &str) -> Result<GroupVersionKind, ConfigError> {
    let wrong = |value: &Value, into: &str| {
        ConfigError::new(format!(
            "couldn't get version/kind; json parse error: json: cannot unmarshal {} into {into}",
            json_kind(value)
        ))
    };
    if !matches!(tree, Value::Object(_) | Value::Null) {
        return Err(wrong(
            tree,
            "Go value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }",
        ));
    }
    for field in ["apiVersion", "kind"] {
        if let Some(value) = tree.get(field).filter(|value| value.as_str().is_none()) {
            let into = format!("Go struct field .{field} of type string");
            return Err(wrong(value, &into));
        }
    }
    let api_version = tree.str_or_empty("apiVersion");
    if api_version.matches('/').count() > 1 {
        return Err(ConfigError::new(format!(
            "unexpected GroupVersion string: {api_version}"
        )));
    }
    let kind = GroupVersionKind::of(tree);
    let missing =
        |what: &str| ConfigError::about_kind(format!("Object '{what}' is missing in '{text}'"));
    if kind.kind.is_empty() {
        return Err(missing("Kind"));
    }
    if kind.version.is_empty() {
        return Err(missing("apiVersion"));
    }
    Ok(kind)
}

/// The kind of a plugin's configuration. The server has it as JSON, with sorted keys.
pub(crate) fn interpret_section(configuration: &Value) -> Result<GroupVersionKind, ConfigError> {
    interpret(configuration, &json::to_string(&sorted(configuration)))
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            // Of a key that stands there twice the last one counts.
            let mut keys: Vec<&str> = object.keys().collect();
            keys.sort_unstable();
            keys.dedup();
            let entries = keys.into_iter();
            entries
                .map(|key| (key, object.get(key).map(sorted).unwrap_or_default()))
                .collect()
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

/// The error about a kind that the server does not know in this place.
pub(crate) fn not_registered(kind: &GroupVersionKind) -> ConfigError {
    ConfigError::about_kind(format!(
        "no kind {} is registered for version {} in scheme \"pkg/runtime/scheme.go:111\"",
        go_format::quote(&kind.kind),
        go_format::quote(&kind.api_version()),
    ))
}
