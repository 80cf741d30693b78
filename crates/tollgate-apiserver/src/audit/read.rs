//! The file of `--audit-policy-file`, read strictly: a rule with a field that nobody knows would say more than it was
//! meant to.

use super::policy::{GroupResources, Level, Policy, Rule, Stage, Stages};
use std::collections::BTreeSet;
use tollgate_api::field::{Error, Path};
use tollgate_api::go_format::json_kind;
use tollgate_api::{GroupVersionKind, Object, Value, names, status};

/// Why a file is no policy.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PolicyError {
    /// It is another kind of object.
    #[error(
        "failed decoding: no kind \"{}\" is registered for version \"{}\" in scheme \"pkg/audit/scheme.go:30\"",
        .0.kind,
        .0.api_version()
    )]
    Kind(GroupVersionKind),
    /// A field has another type than it must have.
    #[error(
        "failed decoding: json: cannot unmarshal {found} into Go struct field {field} of type {wanted}"
    )]
    Type {
        /// What was found.
        found: &'static str,
        /// Where.
        field: String,
        /// What must be there.
        wanted: &'static str,
    },
    /// There are fields that are unknown, or there twice.
    #[error("strict decoding error: {}", .0.join(", "))]
    Strict(Vec<String>),
    /// Values cannot be followed.
    #[error("{}", status::aggregate(.0))]
    Invalid(Vec<Error>),
    /// There are no rules.
    #[error("loaded illegal policy with 0 rules")]
    Empty,
}

const POLICY_FIELDS: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "rules",
    "omitStages",
    "omitManagedFields",
];
const RULE_FIELDS: &[&str] = &[
    "level",
    "users",
    "userGroups",
    "verbs",
    "resources",
    "namespaces",
    "nonResourceURLs",
    "omitStages",
    "omitManagedFields",
];
const RESOURCES_FIELDS: &[&str] = &["group", "resources", "resourceNames"];

impl Policy {
    /// Reads a policy; `duplicate_keys` are what the text has twice, as its reader says it.
    pub fn from_value(value: &Value, duplicate_keys: &[String]) -> Result<Self, PolicyError> {
        let kind = GroupVersionKind::of(value);
        if kind != GroupVersionKind::new("audit.k8s.io/v1", "Policy") {
            return Err(PolicyError::Kind(kind));
        }
        let mut reader = Reader::default();
        reader.strict.extend_from_slice(duplicate_keys);
        reader.fields(value, "", POLICY_FIELDS);
        let stages = texts(value, "", "omitStages")?;
        let omits_managed_fields = boolean(value, "", "omitManagedFields")?.unwrap_or_default();
        let mut rules = Vec::new();
        for (place, rule) in list(value, "", "rules")?.iter().enumerate() {
            rules.push(reader.rule(rule, &format!("rules[{place}]."))?);
        }
        if !reader.strict.is_empty() {
            return Err(PolicyError::Strict(reader.strict));
        }
        let mut errors = Vec::new();
        let root = Path::root("rules");
        for (place, rule) in rules.iter().enumerate() {
            rule.validate(&root.index(place), &mut errors);
        }
        // Upstream looks at the stages of rules only, and never at those it does not know of the whole policy.
        validate_stages(&stages, &Path::root("omitStages"), &mut errors);
        if !errors.is_empty() {
            return Err(PolicyError::Invalid(errors));
        }
        if rules.is_empty() {
            return Err(PolicyError::Empty);
        }
        let everywhere = stages_of(&stages);
        let prepare = |written: Written| {
            let mut rule = written.rule;
            rule.verdict.omitted = stages_of(&written.stages).and(everywhere);
            rule.verdict.omits_managed_fields =
                written.omits_managed_fields.unwrap_or(omits_managed_fields);
            rule
        };
        Ok(Self {
            rules: rules.into_iter().map(prepare).collect(),
        })
    }
}

/// A rule as it is written.
struct Written {
    rule: Rule,
    level: String,
    stages: Vec<String>,
    omits_managed_fields: Option<bool>,
}

/// Reads fields, and notes what upstream's strict decoder does not take.
#[derive(Default)]
struct Reader {
    strict: Vec<String>,
}

impl Reader {
    fn fields(&mut self, value: &Value, path: &str, known: &[&str]) {
        let mut seen = BTreeSet::new();
        let keys = value.as_object().into_iter().flat_map(Object::keys);
        for key in keys {
            if !known.contains(&key) {
                self.strict.push(format!("unknown field \"{path}{key}\""));
            } else if !seen.insert(key) {
                self.strict.push(format!("duplicate field \"{path}{key}\""));
            }
        }
    }

    fn rule(&mut self, value: &Value, path: &str) -> Result<Written, PolicyError> {
        object(value, path)?;
        self.fields(value, path, RULE_FIELDS);
        let level = optional_text(value, path, "level")?;
        let mut rule = Rule {
            users: texts(value, path, "users")?,
            user_groups: texts(value, path, "userGroups")?,
            verbs: texts(value, path, "verbs")?,
            namespaces: texts(value, path, "namespaces")?,
            non_resource_urls: texts(value, path, "nonResourceURLs")?,
            ..Rule::default()
        };
        let mut levels = Level::ALL.into_iter();
        rule.verdict.level = levels
            .find(|known| known.as_str() == level)
            .unwrap_or_default();
        for (place, resources) in list(value, path, "resources")?.iter().enumerate() {
            let path = format!("{path}resources[{place}].");
            object(resources, &path)?;
            self.fields(resources, &path, RESOURCES_FIELDS);
            rule.resources.push(GroupResources {
                group: optional_text(resources, &path, "group")?,
                resources: texts(resources, &path, "resources")?,
                resource_names: texts(resources, &path, "resourceNames")?,
            });
        }
        Ok(Written {
            rule,
            level,
            stages: texts(value, path, "omitStages")?,
            omits_managed_fields: boolean(value, path, "omitManagedFields")?,
        })
    }
}

impl Written {
    fn validate(&self, path: &Path<'_>, errors: &mut Vec<Error>) {
        let levels = Level::ALL.map(Level::as_str);
        if self.level.is_empty() {
            errors.push(Error::required(&path.child("level"), ""));
        } else if !levels.contains(&self.level.as_str()) {
            let level = self.level.as_str();
            errors.push(Error::not_supported(&path.child("level"), level, &levels));
        }
        let rule = &self.rule;
        validate_urls(
            &rule.non_resource_urls,
            &path.child("nonResourceURLs"),
            errors,
        );
        for resources in &rule.resources {
            validate_resources(resources, &path.child("resources"), errors);
        }
        validate_stages(&self.stages, &path.child("omitStages"), errors);
        let names_resources = !rule.resources.is_empty() || !rule.namespaces.is_empty();
        if !rule.non_resource_urls.is_empty() && names_resources {
            let urls: Value = rule.non_resource_urls.clone().into();
            let why = "rules cannot apply to both regular resources and non-resource URLs";
            errors.push(Error::invalid(&path.child("nonResourceURLs"), urls, why));
        }
    }
}

fn validate_urls(urls: &[String], path: &Path<'_>, errors: &mut Vec<Error>) {
    for (place, url) in urls.iter().enumerate() {
        if url == "*" {
            continue;
        }
        let mut refuse = |why: &str| {
            errors.push(Error::invalid(&path.index(place), url.as_str(), why));
        };
        if !url.starts_with('/') {
            refuse("non-resource URL rules must begin with a '/' character");
        }
        let star = url.find('*');
        if star.is_some_and(|star| star.saturating_add(1) < url.len()) {
            refuse("non-resource URL wildcards '*' must be the final character of the rule");
        }
    }
}

fn validate_resources(resources: &GroupResources, path: &Path<'_>, errors: &mut Vec<Error>) {
    if !resources.group.is_empty() {
        let faults = names::dns1123_subdomain(&resources.group);
        if !faults.is_empty() {
            let group = resources.group.as_str();
            errors.push(Error::invalid(
                &path.child("group"),
                group,
                faults.join(","),
            ));
        }
    }
    if !resources.resource_names.is_empty() && resources.resources.is_empty() {
        let names: Value = resources.resource_names.clone().into();
        let why = "using resourceNames requires at least one resource";
        errors.push(Error::invalid(&path.child("resourceNames"), names, why));
    }
}

fn validate_stages(stages: &[String], path: &Path<'_>, errors: &mut Vec<Error>) {
    let known = Stage::ALL.map(Stage::as_str);
    for (place, stage) in stages.iter().enumerate() {
        if !known.contains(&stage.as_str()) {
            let why = format!("allowed stages are {}", known.join(","));
            errors.push(Error::invalid(&path.index(place), stage.as_str(), why));
        }
    }
}

fn stages_of(names: &[String]) -> Stages {
    let named = |stage: &Stage| names.iter().any(|name| name == stage.as_str());
    let stages = Stage::ALL.into_iter().filter(named);
    stages.fold(Stages::default(), Stages::with)
}

fn wrong(found: &Value, field: String, wanted: &'static str) -> PolicyError {
    PolicyError::Type {
        found: json_kind(found),
        field,
        wanted,
    }
}

fn object(value: &Value, path: &str) -> Result<(), PolicyError> {
    match value {
        Value::Object(_) | Value::Null => Ok(()),
        other => Err(wrong(
            other,
            path.trim_end_matches('.').to_owned(),
            "object",
        )),
    }
}

fn list<'v>(value: &'v Value, path: &str, key: &str) -> Result<&'v [Value], PolicyError> {
    match value.get(key) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(other) => Err(wrong(other, format!("{path}{key}"), "list")),
    }
}

fn texts(value: &Value, path: &str, key: &str) -> Result<Vec<String>, PolicyError> {
    let items = list(value, path, key)?.iter();
    let texts = items.map(|item| text(item, || format!("{path}{key}")));
    texts.collect()
}

fn text(value: &Value, field: impl FnOnce() -> String) -> Result<String, PolicyError> {
    match value {
        Value::String(text) => Ok(text.to_string()),
        other => Err(wrong(other, field(), "string")),
    }
}

fn optional_text(value: &Value, path: &str, key: &str) -> Result<String, PolicyError> {
    match value.get(key) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(found) => text(found, || format!("{path}{key}")),
    }
}

fn boolean(value: &Value, path: &str, key: &str) -> Result<Option<bool>, PolicyError> {
    match value.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(is)) => Ok(Some(*is)),
        Some(other) => Err(wrong(other, format!("{path}{key}"), "bool")),
    }
}
