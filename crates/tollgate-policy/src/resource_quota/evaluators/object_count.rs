//! Counting objects: every object of a resource is one, under `count/<resource>.<group>`.

use crate::resource_quota::usage::{Key, Usage, key};
use tollgate_api::{GroupResource, Quantity};

/// The keys under which a resource is counted, sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectCount {
    keys: Vec<Key>,
}

/// Core resources that were counted under their bare name before `count/` came.
const BARE_NAMES: &[&str] = &[
    "configmaps",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
];

/// Resources that moved out of the group `extensions`, with the group they moved to.
const MOVED_FROM_EXTENSIONS: &[(&str, &str)] = &[
    ("daemonsets", "apps"),
    ("deployments", "apps"),
    ("ingresses", "networking.k8s.io"),
    ("replicasets", "apps"),
];

/// Whether keys of the group `extensions` count the objects of today's groups.
///
/// Documented walkthroughs limit `count/deployments.extensions`; upstream takes such a key and never counts a
/// Deployment of `apps/v1` under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExtensionsKeys {
    /// `count/deployments.extensions` counts what `count/deployments.apps` counts.
    #[default]
    CountSuccessors,
    /// As upstream: each group counts its own.
    CountNothingElse,
}

impl ObjectCount {
    pub(super) fn of(resource: &GroupResource, extensions: ExtensionsKeys) -> Self {
        let name = resource.resource.as_str();
        let mut keys = vec![count_key(name, &resource.group)];
        if resource.group.is_empty() && BARE_NAMES.contains(&name) {
            keys.push(resource.resource.clone());
        }
        if extensions == ExtensionsKeys::CountSuccessors {
            let moved = MOVED_FROM_EXTENSIONS
                .iter()
                .find(|(moved, _)| *moved == name);
            match moved {
                Some((_, group)) if resource.group == *group => {
                    keys.push(count_key(name, "extensions"));
                }
                Some((_, group)) if resource.group == "extensions" => {
                    keys.push(count_key(name, group));
                }
                _ => {}
            }
        }
        keys.sort_unstable();
        Self { keys }
    }

    pub(super) fn keys(&self) -> std::slice::Iter<'_, Key> {
        self.keys.iter()
    }

    pub(super) fn usage(&self) -> Usage {
        let one = |key: &Key| (key.clone(), Quantity::from_int(1));
        self.keys.iter().map(one).collect()
    }
}

/// `count/<resource>[.<group>]`
fn count_key(resource: &str, group: &str) -> Key {
    let mut text = key("count/");
    text.push_str(resource);
    if !group.is_empty() {
        text.push('.');
        text.push_str(group);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(resource: &str, group: &str, extensions: ExtensionsKeys, keys: &[&str]) {
        let count = ObjectCount::of(&GroupResource::new(group, resource), extensions);
        assert!(count.keys().eq(keys), "{count:?}");
    }

    #[test]
    fn every_resource_is_counted_under_its_group() {
        let upstream = ExtensionsKeys::CountNothingElse;
        check(
            "configmaps",
            "",
            upstream,
            &["configmaps", "count/configmaps"],
        );
        check("serviceaccounts", "", upstream, &["count/serviceaccounts"]);
        check("deployments", "apps", upstream, &["count/deployments.apps"]);
        check(
            "widgets",
            "example.com",
            upstream,
            &["count/widgets.example.com"],
        );
    }

    #[test]
    fn keys_of_the_old_group_count_the_successors() {
        let ours = ExtensionsKeys::CountSuccessors;
        let both = ["count/deployments.apps", "count/deployments.extensions"];
        check("deployments", "apps", ours, &both);
        check("deployments", "extensions", ours, &both);
        check(
            "deployments",
            "example.com",
            ours,
            &["count/deployments.example.com"],
        );
        let ingresses = [
            "count/ingresses.extensions",
            "count/ingresses.networking.k8s.io",
        ];
        check("ingresses", "networking.k8s.io", ours, &ingresses);
    }
}
