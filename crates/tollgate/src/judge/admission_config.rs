//! kube-apiserver's AdmissionConfiguration file: the sections of PodSecurity and ResourceQuota.

use crate::manifest;
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tollgate_api::Value;
use tollgate_policy::pod_security;
use tollgate_policy::resource_quota::{self, LimitedResource};

/// The API versions of the file.
const API_VERSIONS: &[&str] = &["apiserver.config.k8s.io/v1", "apiserver.k8s.io/v1alpha1"];

/// What the file says.
#[derive(Debug, Clone, Default)]
pub struct AdmissionConfig {
    /// The section of PodSecurity, or its defaults.
    pub pod_security: pod_security::Config,
    /// The section of ResourceQuota.
    pub limited_resources: Vec<LimitedResource>,
}

/// Reads the file and the files it names.
pub fn read(path: &Path) -> Result<AdmissionConfig> {
    let document = read_yaml(path)?;
    let shown = path.display();
    let api_version = document.str_or_empty("apiVersion");
    if document.str_or_empty("kind") != "AdmissionConfiguration"
        || !API_VERSIONS.contains(&api_version)
    {
        bail!(
            "{shown} is no AdmissionConfiguration of {}",
            API_VERSIONS.join(" or ")
        );
    }
    let mut config = AdmissionConfig::default();
    for plugin in document.items("plugins") {
        let name = plugin.str_or_empty("name");
        if !matches!(name, "PodSecurity" | "ResourceQuota") {
            continue;
        }
        let section = section(plugin, path)?;
        let context = || format!("{shown}: plugin {name}");
        if name == "PodSecurity" {
            config.pod_security =
                pod_security::Config::from_value(&section).with_context(context)?;
        } else {
            config.limited_resources =
                resource_quota::limited_resources(&section).with_context(context)?;
        }
    }
    Ok(config)
}

/// A plugin's configuration: in place, or in the file that `path` names, seen from the configuration file.
fn section(plugin: &Value, file: &Path) -> Result<Value> {
    if let Some(configuration) = plugin.get("configuration") {
        return Ok(configuration.clone());
    }
    let path = plugin.str_or_empty("path");
    if path.is_empty() {
        return Ok(Value::Null);
    }
    read_yaml(&file.parent().unwrap_or(Path::new("")).join(path))
}

fn read_yaml(path: &Path) -> Result<Value> {
    let shown = path.display();
    let bytes = fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    let source = Arc::new(manifest::Source {
        name: shown.to_string(),
        bytes,
    });
    for document in manifest::split(source) {
        let value = document
            .read()
            .with_context(|| format!("{shown}: line {}", document.first_line()))?;
        if !value.is_null() {
            return Ok(value);
        }
    }
    bail!("{shown} is empty")
}
