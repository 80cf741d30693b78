//! The configuration of the plugin: `PodSecurityConfiguration` of `pod-security.admission.config.k8s.io`.

use super::{Exemptions, Level, LevelVersion, Mode, Policy, Version};
use compact_str::CompactString;
use std::collections::BTreeSet;
use tollgate_api::field::{self, Path};
use tollgate_api::{GroupVersionKind, Value, names, status};

const GROUP: &str = "pod-security.admission.config.k8s.io";
const KIND: &str = "PodSecurityConfiguration";
const VERSIONS: [&str; 3] = ["v1", "v1beta1", "v1alpha1"];

/// The plugin's configuration, complete and valid.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// What namespaces demand whose labels do not say otherwise.
    pub defaults: Policy,
    /// Whom no policy applies to.
    pub exemptions: Exemptions,
}

/// Why a configuration cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// It is of another kind or of a version nobody knows.
    #[error("no kind \"{kind}\" is registered for version \"{api_version}\"")]
    UnknownKind {
        /// Its kind.
        kind: String,
        /// Its API version.
        api_version: String,
    },
    /// A field is of another type.
    #[error("json: cannot unmarshal {found} into Go struct field {field} of type {wanted}")]
    WrongType {
        /// The type found.
        found: &'static str,
        /// The Go struct and the field's path.
        field: String,
        /// The Go type wanted.
        wanted: &'static str,
    },
    /// It has fields that nobody knows, or fields twice.
    #[error("strict decoding error: {}", .0.join(", "))]
    Strict(Vec<String>),
    /// It says something that makes no sense.
    #[error("{}", status::aggregate(.0))]
    Invalid(field::Errors),
}

impl Config {
    /// Reads, completes and validates a `PodSecurityConfiguration`.
    pub fn from_value(value: &Value) -> Result<Self, ConfigError> {
        let gvk = GroupVersionKind::of(value);
        if gvk.group != GROUP || gvk.kind != KIND || !VERSIONS.contains(&gvk.version.as_str()) {
            return Err(ConfigError::UnknownKind {
                kind: gvk.kind.to_string(),
                api_version: gvk.api_version(),
            });
        }
        let mut reader = Reader::default();
        let root = reader.object(value, "", &["apiVersion", "kind", "defaults", "exemptions"]);
        let defaults = reader.read_defaults(root)?;
        let lists = reader.read_exemptions(root)?;
        if !reader.strict.is_empty() {
            return Err(ConfigError::Strict(reader.strict));
        }
        validate(&defaults, &lists)
    }
}

/// The texts of the `defaults` section for one mode, completed.
struct Texts<'a> {
    mode: Mode,
    level: &'a str,
    version: &'a str,
}

/// The lists of the `exemptions` section, as written.
#[derive(Default)]
struct Lists<'a> {
    namespaces: Vec<&'a str>,
    runtime_classes: Vec<&'a str>,
    usernames: Vec<&'a str>,
}

/// Reads fields as upstream's strict decoder does.
#[derive(Default)]
struct Reader {
    strict: Vec<String>,
}

impl Reader {
    /// Notes the fields of `value` that are unknown or there twice.
    fn object<'a>(&mut self, value: &'a Value, path: &str, known: &[&str]) -> &'a Value {
        let mut seen = BTreeSet::new();
        for key in value
            .as_object()
            .into_iter()
            .flat_map(tollgate_api::Object::keys)
        {
            if !known.contains(&key) {
                self.strict.push(format!("unknown field \"{path}{key}\""));
            } else if !seen.insert(key) {
                self.strict.push(format!("duplicate field \"{path}{key}\""));
            }
        }
        value
    }

    /// The struct under `key`; absent is empty.
    fn section<'a>(
        &mut self,
        root: &'a Value,
        key: &'static str,
        known: &[&str],
    ) -> Result<Option<&'a Value>, ConfigError> {
        let Some(section) = root.get(key) else {
            return Ok(None);
        };
        if section.as_object().is_none() {
            let (wanted, field) = match key {
                "defaults" => (
                    "v1.PodSecurityDefaults",
                    "PodSecurityConfiguration.defaults",
                ),
                _ => (
                    "v1.PodSecurityExemptions",
                    "PodSecurityConfiguration.exemptions",
                ),
            };
            return Err(wrong_type(section, field.to_owned(), wanted));
        }
        Ok(Some(self.object(section, &format!("{key}."), known)))
    }

    fn read_defaults<'a>(&mut self, root: &'a Value) -> Result<[Texts<'a>; 3], ConfigError> {
        const KNOWN: [&str; 6] = [
            "enforce",
            "enforce-version",
            "audit",
            "audit-version",
            "warn",
            "warn-version",
        ];
        let section = self.section(root, "defaults", &KNOWN)?;
        let text = |key: String, default: &'static str| match section
            .and_then(|section| section.get(&key))
        {
            None => Ok(default),
            Some(Value::String(text)) if text.is_empty() => Ok(default),
            Some(Value::String(text)) => Ok(text.as_str()),
            Some(other) => {
                let field = format!("PodSecurityDefaults.defaults.{key}");
                Err(wrong_type(other, field, "string"))
            }
        };
        let read = |mode: Mode| {
            let name = mode.as_str();
            Ok(Texts {
                mode,
                level: text(name.to_owned(), "privileged")?,
                version: text(format!("{name}-version"), "latest")?,
            })
        };
        // The order in which upstream validates.
        Ok([read(Mode::Enforce)?, read(Mode::Warn)?, read(Mode::Audit)?])
    }

    fn read_exemptions<'a>(&mut self, root: &'a Value) -> Result<Lists<'a>, ConfigError> {
        const KNOWN: [&str; 3] = ["usernames", "namespaces", "runtimeClasses"];
        let Some(section) = self.section(root, "exemptions", &KNOWN)? else {
            return Ok(Lists::default());
        };
        let list = |key: &str| {
            let field = || format!("PodSecurityExemptions.exemptions.{key}");
            match section.get(key) {
                None => Ok(Vec::new()),
                Some(Value::Array(items)) => items
                    .iter()
                    .map(|item| match item {
                        Value::String(text) => Ok(text.as_str()),
                        Value::Null => Ok(""),
                        other => Err(wrong_type(other, field(), "string")),
                    })
                    .collect(),
                Some(other) => Err(wrong_type(other, field(), "[]string")),
            }
        };
        Ok(Lists {
            namespaces: list("namespaces")?,
            runtime_classes: list("runtimeClasses")?,
            usernames: list("usernames")?,
        })
    }
}

fn wrong_type(value: &Value, field: String, wanted: &'static str) -> ConfigError {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    ConfigError::WrongType {
        found,
        field,
        wanted,
    }
}

fn validate(defaults: &[Texts<'_>; 3], lists: &Lists<'_>) -> Result<Config, ConfigError> {
    let mut errors = field::Errors::new();
    let mut config = Config::default();
    let section = Path::root("defaults");
    for texts in defaults {
        let name = texts.mode.as_str();
        let level = Level::parse(texts.level).unwrap_or_else(|why| {
            errors.push(field::Error::invalid(
                &section.child(name),
                texts.level,
                why,
            ));
            Level::default()
        });
        let version = Version::parse(texts.version).unwrap_or_else(|why| {
            let name = format!("{name}-version");
            errors.push(field::Error::invalid(
                &section.child(&name),
                texts.version,
                why,
            ));
            Version::default()
        });
        *config.defaults.of_mut(texts.mode) = LevelVersion::new(level, version);
    }
    let exemptions = &mut config.exemptions;
    exemptions.namespaces = validate_names(
        "namespaces",
        &lists.namespaces,
        names::dns1123_label,
        &mut errors,
    );
    exemptions.runtime_classes = validate_names(
        "runtimeClasses",
        &lists.runtime_classes,
        names::dns1123_subdomain,
        &mut errors,
    );
    exemptions.usernames = validate_names("usernames", &lists.usernames, username, &mut errors);
    if errors.is_empty() {
        Ok(config)
    } else {
        Err(ConfigError::Invalid(errors))
    }
}

fn username(name: &str) -> Vec<String> {
    let message = name
        .is_empty()
        .then(|| "username must not be empty".to_owned());
    message.into_iter().collect()
}

fn validate_names(
    field: &str,
    list: &[&str],
    rule: fn(&str) -> Vec<String>,
    errors: &mut field::Errors,
) -> BTreeSet<CompactString> {
    let section = Path::root("exemptions");
    let path = section.child(field);
    let mut valid = BTreeSet::new();
    for (index, name) in list.iter().enumerate() {
        let messages = rule(name);
        if !messages.is_empty() {
            let why = messages.join(", ");
            errors.push(field::Error::invalid(&path.index(index), *name, why));
        } else if !valid.insert(CompactString::from(*name)) {
            errors.push(field::Error::duplicate(&path.index(index), *name));
        }
    }
    valid
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    fn read(version: &str, sections: &str) -> Result<Config, String> {
        let text = format!(
            r#"{{"apiVersion": "pod-security.admission.config.k8s.io/{version}", "kind": "PodSecurityConfiguration"{sections}}}"#
        );
        Config::from_value(&json::from_str(&text).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_said_is_privileged_and_latest() {
        for version in VERSIONS {
            assert_eq!(read(version, ""), Ok(Config::default()));
            let empty = r#", "defaults": {"enforce": "", "warn": null}, "exemptions": null"#;
            assert_eq!(read(version, empty), Ok(Config::default()));
        }
    }

    #[test]
    fn reads_defaults_and_exemptions() {
        let config = read(
            "v1",
            r#", "defaults": {"enforce": "baseline", "enforce-version": "v1.24", "warn": "restricted"},
               "exemptions": {"usernames": ["admin"], "namespaces": ["kube-system"], "runtimeClasses": ["kata"]}"#,
        )
        .unwrap();
        assert_eq!(config.defaults.enforce.to_string(), "baseline:v1.24");
        assert_eq!(config.defaults.warn.to_string(), "restricted:latest");
        assert_eq!(config.defaults.audit.to_string(), "privileged:latest");
        assert!(config.exemptions.has_user("admin") && !config.exemptions.has_user(""));
        assert!(config.exemptions.has_namespace("kube-system"));
        assert!(config.exemptions.has_runtime_class("kata"));
    }

    #[test]
    fn reports_everything_that_makes_no_sense_in_upstreams_order() {
        let error = read(
            "v1",
            r#", "defaults": {"audit": "x", "warn-version": "1.2", "enforce": "y"},
               "exemptions": {"usernames": ["a", "", "a"], "namespaces": ["a.b"], "runtimeClasses": ["A"]}"#,
        )
        .unwrap_err();
        let parts = [
            r#"[defaults.enforce: Invalid value: "y": must be one of privileged, baseline, restricted"#,
            r#"defaults.warn-version: Invalid value: "1.2": must be "latest" or "v1.x""#,
            r#"defaults.audit: Invalid value: "x": must be one of privileged, baseline, restricted"#,
            r#"exemptions.namespaces[0]: Invalid value: "a.b": must not contain dots"#,
            r#"exemptions.runtimeClasses[0]: Invalid value: "A": a lowercase RFC 1123 subdomain must"#,
            r#"exemptions.usernames[1]: Invalid value: "": username must not be empty"#,
            r#"exemptions.usernames[2]: Duplicate value: "a"]"#,
        ];
        let places: Vec<usize> = parts
            .iter()
            .map(|part| error.find(part).expect(part))
            .collect();
        assert!(places.is_sorted(), "{error}");
    }

    #[test]
    fn refuses_what_a_strict_decoder_refuses() {
        let check = |version: &str, sections: &str, text: &str| {
            assert_eq!(read(version, sections).unwrap_err(), text);
        };
        check(
            "v2",
            "",
            r#"no kind "PodSecurityConfiguration" is registered for version "pod-security.admission.config.k8s.io/v2""#,
        );
        check(
            "v1",
            r#", "defaults": {"enforced": "baseline"}, "x": 1"#,
            r#"strict decoding error: unknown field "x", unknown field "defaults.enforced""#,
        );
        check(
            "v1",
            r#", "defaults": {"enforce": 1}"#,
            "json: cannot unmarshal number into Go struct field PodSecurityDefaults.defaults.enforce of type string",
        );
        check(
            "v1",
            r#", "exemptions": {"usernames": "me"}"#,
            "json: cannot unmarshal string into Go struct field PodSecurityExemptions.exemptions.usernames of type []string",
        );
    }
}
