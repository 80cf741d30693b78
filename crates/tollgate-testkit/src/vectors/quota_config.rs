//! `quota-config.jsonl`: an admission configuration file to what it limits.

use super::{Outcome, compare};
use std::sync::Arc;
use tollgate::manifest::{Source, duplicate_keys, split};
use tollgate_api::Value;
use tollgate_policy::admission_configuration::{ConfigFile, Section, section};
use tollgate_policy::resource_quota::{LimitedResource, limited_resources};

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    let mut expected = Value::object();
    for field in ["valid", "error", "limitedResources"] {
        expected.set(field, case.get(field).cloned());
    }
    let read = read(case.str_or_empty("config"));
    let mut got = Value::object();
    got.set("valid", read.is_ok());
    got.set("error", read.as_ref().err().cloned());
    let entries = read.map(|entries| {
        let entries = entries.iter().map(LimitedResource::to_value);
        entries.collect::<Vec<Value>>()
    });
    got.set("limitedResources", entries.ok());
    compare(&expected, &got)
}

fn read(text: &str) -> Result<Vec<LimitedResource>, String> {
    let source = Arc::new(Source {
        name: "config".to_owned(),
        bytes: text.as_bytes().to_vec(),
    });
    let document = split(source).next().ok_or("no document")?;
    let tree = document.read().map_err(|error| error.to_string())?;
    let file = ConfigFile {
        text,
        tree: &tree,
        duplicate_keys: &duplicate_keys(&document, &tree),
    };
    let section = section(&file, "ResourceQuota").map_err(|error| error.to_string())?;
    let configuration = match section {
        Section::Absent => &Value::Null,
        Section::Here(configuration) => configuration,
        Section::File(name) => return Err(format!("the configuration is in file {name}")),
    };
    limited_resources(configuration).map_err(|error| error.to_string())
}
