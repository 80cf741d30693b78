//! ConfigMaps and Secrets that a pod's volumes and environment name, and which of them are not there.

use std::fmt::Debug;
use tollgate_api::Value;

/// What data comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A ConfigMap.
    ConfigMap,
    /// A Secret.
    Secret,
}

impl Source {
    const fn lower(self) -> &'static str {
        match self {
            Self::ConfigMap => "configmap",
            Self::Secret => "secret",
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::ConfigMap => "config key",
            Self::Secret => "secret key",
        }
    }
}

/// The ConfigMaps and Secrets of one namespace.
pub trait Sources: Debug {
    /// The keys of an object; none if it is not there.
    fn keys(&self, source: Source, name: &str) -> Option<Vec<String>>;
}

/// The ConfigMap that every namespace gets from a controller, which may be turned off. A pod does not wait for it: in
/// the kubelet it would, and no pod would ever run without that controller.
const ROOT_CA: &str = "kube-root-ca.crt";

/// The volumes that cannot be set up, and why.
pub(crate) fn missing_volumes(pod: &Value, sources: &dyn Sources) -> Vec<(String, String)> {
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let mut missing = Vec::new();
    for volume in spec.items("volumes") {
        let problem = volume_problem(volume, sources);
        missing.extend(problem.map(|problem| (volume.str_or_empty("name").to_owned(), problem)));
    }
    missing
}

fn volume_problem(volume: &Value, sources: &dyn Sources) -> Option<String> {
    if let Some(config_map) = volume.get("configMap") {
        return source_problem(Source::ConfigMap, config_map, "name", sources);
    }
    if let Some(secret) = volume.get("secret") {
        return source_problem(Source::Secret, secret, "secretName", sources);
    }
    let projected = volume.get("projected")?;
    projected.items("sources").iter().find_map(|part| {
        let config_map = part
            .get("configMap")
            .filter(|map| map.str("name") != Some(ROOT_CA));
        config_map
            .and_then(|map| source_problem(Source::ConfigMap, map, "name", sources))
            .or_else(|| source_problem(Source::Secret, part.get("secret")?, "name", sources))
    })
}

fn source_problem(
    source: Source,
    reference: &Value,
    name_field: &str,
    sources: &dyn Sources,
) -> Option<String> {
    if reference.bool("optional") == Some(true) {
        return None;
    }
    let name = reference.str_or_empty(name_field);
    let Some(keys) = sources.keys(source, name) else {
        return Some(format!("{} \"{name}\" not found", source.lower()));
    };
    let items = reference.items("items").iter();
    let mut wanted = items.map(|item| item.str_or_empty("key"));
    let absent = wanted.find(|wanted| !keys.iter().any(|key| key == wanted))?;
    Some(format!(
        "{} references non-existent {}: {absent}",
        source.lower(),
        source.key()
    ))
}

/// Why the environment of a container cannot be made, if it cannot.
pub(crate) fn missing_environment(
    pod: &Value,
    container: &Value,
    sources: &dyn Sources,
) -> Option<String> {
    let whole = container.items("envFrom").iter().find_map(|from| {
        let parts = [
            ("configMapRef", Source::ConfigMap),
            ("secretRef", Source::Secret),
        ];
        parts
            .iter()
            .find_map(|(field, source)| source_problem(*source, from.get(field)?, "name", sources))
    });
    if whole.is_some() {
        return whole;
    }
    let namespace = pod
        .at(&["metadata", "namespace"])
        .and_then(Value::as_str)
        .unwrap_or_default();
    container.items("env").iter().find_map(|variable| {
        let from = variable.get("valueFrom")?;
        let parts = [
            ("configMapKeyRef", Source::ConfigMap),
            ("secretKeyRef", Source::Secret),
        ];
        parts.iter().find_map(|(field, source)| {
            let reference = from.get(field)?;
            let name = reference.str_or_empty("name");
            let key = reference.str_or_empty("key");
            if reference.bool("optional") == Some(true) {
                return None;
            }
            match sources.keys(*source, name) {
                None => Some(format!("{} \"{name}\" not found", source.lower())),
                Some(keys) if keys.iter().any(|known| known == key) => None,
                Some(_) => Some(format!(
                    "couldn't find key {key} in {} {namespace}/{name}",
                    source.kind()
                )),
            }
        })
    })
}
