//! kube-apiserver's AdmissionConfiguration file: the sections of PodSecurity and ResourceQuota.

use crate::manifest;
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tollgate_api::Value;
use tollgate_policy::admission_configuration::{ConfigFile, Section, section};
use tollgate_policy::pod_security;
use tollgate_policy::resource_quota::{self, LimitedResource};

/// What the file says.
#[derive(Debug, Clone, Default)]
pub struct AdmissionConfig {
    /// The section of PodSecurity, or its defaults.
    pub pod_security: pod_security::Config,
    /// The section of ResourceQuota.
    pub limited_resources: Vec<LimitedResource>,
}

/// Reads the file and the files it names, as strictly as kube-apiserver does.
pub fn read(path: &Path) -> Result<AdmissionConfig> {
    let (document, tree) = read_yaml(path)?;
    let text = document.text();
    let file = ConfigFile {
        text: &text,
        tree: &tree,
        duplicate_keys: &manifest::duplicate_keys(&document, &tree),
    };
    let shown = path.display();
    let configuration = |plugin: &str| -> Result<Value> {
        match section(&file, plugin).with_context(|| shown.to_string())? {
            Section::Absent => Ok(Value::Null),
            Section::Here(configuration) => Ok(configuration.clone()),
            Section::File(name) => {
                let folder = path.parent().unwrap_or(Path::new(""));
                Ok(read_yaml(&folder.join(name))?.1)
            }
        }
    };
    let mut config = AdmissionConfig::default();
    let pod_security = configuration("PodSecurity")?;
    if !pod_security.is_null() {
        config.pod_security = pod_security::Config::from_value(&pod_security)
            .with_context(|| format!("{shown}: plugin PodSecurity"))?;
    }
    config.limited_resources = resource_quota::limited_resources(&configuration("ResourceQuota")?)
        .with_context(|| format!("{shown}: plugin ResourceQuota"))?;
    Ok(config)
}

/// Reads the first document of a file that is not empty.
pub(crate) fn read_yaml(path: &Path) -> Result<(manifest::Document, Value)> {
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
            return Ok((document, value));
        }
    }
    bail!("{shown} is empty")
}
