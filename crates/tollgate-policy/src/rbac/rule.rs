//! One rule of a role.

use super::access::{Access, ResourceAccess};
use compact_str::CompactString;
use tollgate_api::Value;

const ALL: &str = "*";

/// What a role allows: any of the verbs on any of the resources, or on any of the paths.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule {
    /// Verbs; `*` is every verb.
    pub verbs: Vec<CompactString>,
    /// API groups; `*` is every group.
    pub api_groups: Vec<CompactString>,
    /// Resources, `resource/subresource`, `*/subresource`; `*` is all of them.
    pub resources: Vec<CompactString>,
    /// The names of objects; none is every object.
    pub resource_names: Vec<CompactString>,
    /// Paths; a `*` at the end is any ending.
    pub non_resource_urls: Vec<CompactString>,
}

impl Rule {
    /// Reads a member of a role's `rules`.
    pub fn read(rule: &Value) -> Self {
        let texts = |key| {
            let texts = rule.items(key).iter().filter_map(Value::as_str);
            texts.map(Into::into).collect()
        };
        Self {
            verbs: texts("verbs"),
            api_groups: texts("apiGroups"),
            resources: texts("resources"),
            resource_names: texts("resourceNames"),
            non_resource_urls: texts("nonResourceURLs"),
        }
    }

    /// Whether this rule alone allows `access`.
    pub fn allows(&self, access: &Access<'_>) -> bool {
        match access {
            Access::Resource(access) => {
                contains(&self.verbs, access.verb)
                    && contains(&self.api_groups, access.group)
                    && self.has_resource(access)
                    && self.has_name(access.name)
            }
            Access::NonResource { verb, path } => {
                contains(&self.verbs, verb) && self.has_path(path)
            }
        }
    }

    fn has_resource(&self, access: &ResourceAccess<'_>) -> bool {
        self.resources.iter().any(|listed| {
            if listed == ALL {
                return true;
            }
            if access.subresource.is_empty() {
                return listed == access.resource;
            }
            let Some((resource, subresource)) = listed.split_once('/') else {
                return false;
            };
            (resource == ALL || resource == access.resource) && subresource == access.subresource
        })
    }

    fn has_name(&self, name: &str) -> bool {
        self.resource_names.is_empty() || self.resource_names.iter().any(|listed| listed == name)
    }

    fn has_path(&self, path: &str) -> bool {
        self.non_resource_urls.iter().any(|listed| {
            listed == path
                || listed.ends_with('*') && path.starts_with(listed.trim_end_matches('*'))
        })
    }
}

fn contains(list: &[CompactString], wanted: &str) -> bool {
    list.iter().any(|listed| listed == ALL || listed == wanted)
}
