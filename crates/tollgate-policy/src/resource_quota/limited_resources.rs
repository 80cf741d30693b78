//! What the server's configuration allows only under a quota: `limitedResources`.

use super::scopes::ScopeSelector;
use crate::admission_configuration::{
    ConfigError, Shape, Struct, interpret_section, not_registered, strict_error,
};
use tollgate_api::field::{self, Path};
use tollgate_api::status::aggregate;
use tollgate_api::value::CompactString;
use tollgate_api::{GroupResource, Value};

/// Use of one resource that is allowed only under a quota.
#[derive(Debug, Clone)]
pub struct LimitedResource {
    resource: GroupResource,
    match_contains: Vec<CompactString>,
    match_scopes: Vec<ScopeSelector>,
}

impl LimitedResource {
    /// The resource it is about.
    pub fn resource(&self) -> &GroupResource {
        &self.resource
    }

    /// Whether use under `key` is limited: a part of the key is enough.
    pub(super) fn limits(&self, key: &str) -> bool {
        self.match_contains
            .iter()
            .any(|part| key.contains(part.as_str()))
    }

    /// The scopes whose objects are limited, of whatever resource.
    pub(super) fn match_scopes(&self) -> &[ScopeSelector] {
        &self.match_scopes
    }

    /// Reads an entry of `limitedResources`; what is not as it should be is absent.
    pub fn from_value(entry: &Value) -> Self {
        Self {
            resource: GroupResource::new(
                entry.str_or_empty("apiGroup"),
                entry.str_or_empty("resource"),
            ),
            match_contains: entry
                .items("matchContains")
                .iter()
                .filter_map(|part| part.as_str().map(CompactString::new))
                .collect(),
            match_scopes: entry
                .items("matchScopes")
                .iter()
                .map(ScopeSelector::from_value)
                .collect(),
        }
    }

    /// The entry as a configuration writes it.
    pub fn to_value(&self) -> Value {
        let mut value = Value::object();
        if !self.resource.group.is_empty() {
            value.set("apiGroup", self.resource.group.clone());
        }
        value.set("resource", self.resource.resource.clone());
        if !self.match_contains.is_empty() {
            value.set("matchContains", self.match_contains.clone());
        }
        if !self.match_scopes.is_empty() {
            let scopes: Vec<Value> = self
                .match_scopes
                .iter()
                .map(ScopeSelector::to_value)
                .collect();
            value.set("matchScopes", scopes);
        }
        value
    }
}

/// Reads the configuration of the ResourceQuota plugin: what stands under `configuration` in the server's admission
/// configuration, or in the file it names. `null` is no configuration. Wrong is wrong in upstream's words.
pub fn limited_resources(configuration: &Value) -> Result<Vec<LimitedResource>, ConfigError> {
    if configuration.is_null() {
        return Ok(Vec::new());
    }
    let kind = interpret_section(configuration)?;
    let shape = match (kind.api_version().as_str(), kind.kind.as_str()) {
        ("apiserver.config.k8s.io/v1", "ResourceQuotaConfiguration") => &CONFIGURATION_V1,
        ("resourcequota.admission.k8s.io/v1beta1", "Configuration") => &CONFIGURATION_V1BETA1,
        ("resourcequota.admission.k8s.io/v1alpha1", "Configuration") => &CONFIGURATION_V1ALPHA1,
        _ => return Err(not_registered(&kind)),
    };
    strict_error(&shape.check(configuration)?)?;
    let entries = configuration.items("limitedResources");
    let entries: Vec<LimitedResource> = entries.iter().map(LimitedResource::from_value).collect();
    let path = Path::root("limitedResources");
    let errors: Vec<field::Error> = entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.resource.resource.is_empty())
        .map(|(index, _)| field::Error::required(&path.index(index).child("resource"), ""))
        .collect();
    if errors.is_empty() {
        Ok(entries)
    } else {
        Err(ConfigError::new(aggregate(&errors)))
    }
}

const SELECTOR: Struct = Struct {
    name: "ScopedResourceSelectorRequirement",
    fields: &[
        ("scopeName", Shape::Text("v1.ResourceQuotaScope")),
        ("operator", Shape::Text("v1.ScopeSelectorOperator")),
        ("values", Shape::Texts),
    ],
};

const LIMITED_RESOURCE: Struct = Struct {
    name: "LimitedResource",
    fields: &[
        ("apiGroup", Shape::Text("string")),
        ("resource", Shape::Text("string")),
        ("matchContains", Shape::Texts),
        (
            "matchScopes",
            Shape::Structs("v1.ScopedResourceSelectorRequirement", &SELECTOR),
        ),
    ],
};

macro_rules! configuration {
    ($go_type:literal) => {
        Struct {
            name: "Configuration",
            fields: &[
                ("apiVersion", Shape::Text("string")),
                ("kind", Shape::Text("string")),
                (
                    "limitedResources",
                    Shape::Structs($go_type, &LIMITED_RESOURCE),
                ),
            ],
        }
    };
}

const CONFIGURATION_V1: Struct = configuration!("v1.LimitedResource");
const CONFIGURATION_V1BETA1: Struct = configuration!("v1beta1.LimitedResource");
const CONFIGURATION_V1ALPHA1: Struct = configuration!("v1alpha1.LimitedResource");

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[track_caller]
    fn check(fields: &str, expected: Result<usize, &str>) {
        let head =
            r#""apiVersion":"apiserver.config.k8s.io/v1","kind":"ResourceQuotaConfiguration""#;
        let configuration = from_str(&format!("{{{head}{fields}}}")).unwrap();
        let got = limited_resources(&configuration).map(|entries| entries.len());
        assert_eq!(
            got.map_err(|error| error.to_string()),
            expected.map_err(str::to_owned)
        );
    }

    #[test]
    fn reads_entries_and_says_what_is_wrong_with_them() {
        check("", Ok(0));
        check(
            r#","limitedResources":[{"resource":"pods"},null,{}]"#,
            Err(
                "[limitedResources[1].resource: Required value, limitedResources[2].resource: Required value]",
            ),
        );
        check(
            r#","limitedResources":"x""#,
            Err(
                "json: cannot unmarshal string into Go struct field Configuration.limitedResources of type []v1.LimitedResource",
            ),
        );
        check(
            r#","limitedResources":[{"matchScopes":[{"values":[1]}],"x":1}]"#,
            Err(
                "json: cannot unmarshal number into Go struct field ScopedResourceSelectorRequirement.limitedResources.matchScopes.values of type string",
            ),
        );
    }

    #[test]
    fn no_configuration_limits_nothing() {
        assert!(limited_resources(&Value::Null).unwrap().is_empty());
        let missing = limited_resources(&from_str(r#"{"b":1,"a":"<"}"#).unwrap());
        assert_eq!(
            missing.unwrap_err().to_string(),
            "Object 'Kind' is missing in '{\"a\":\"\\u003c\",\"b\":1}'"
        );
    }
}
