//! What is served, built in and defined.

use super::definition::{Definition, priority};
use crate::resources::{Catalog, Group, Resource, Version, measured};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is built in, and what the definitions add. What is built in cannot be replaced.
pub fn catalog_with<'d>(
    built_in: &Catalog,
    definitions: impl IntoIterator<Item = &'d Definition>,
) -> Catalog {
    let mut groups = built_in.groups().to_vec();
    let mut added: BTreeMap<&str, BTreeMap<&str, Vec<Arc<Resource>>>> = BTreeMap::new();
    for definition in definitions {
        for resource in definition.resources() {
            let kind = &resource.kind;
            if built_in
                .resource(&kind.group, &kind.version, resource.plural())
                .is_none()
            {
                let group = added.entry(kind.group.as_str()).or_default();
                let version = group.entry(kind.version.as_str()).or_default();
                version.push(Arc::clone(resource));
            }
        }
    }
    for (name, versions) in added {
        let place = groups.iter().position(|group| group.name == name);
        let mut group = match place {
            Some(place) => groups.remove(place),
            None => Group {
                name: name.into(),
                versions: Vec::new(),
            },
        };
        let mut new = Vec::new();
        for (version, resources) in versions {
            match group
                .versions
                .iter_mut()
                .find(|known| known.name == version)
            {
                Some(known) => known.resources.extend(resources),
                None => new.push(Version {
                    name: version.into(),
                    resources,
                }),
            }
        }
        new.sort_by_key(|version| std::cmp::Reverse(priority(&version.name)));
        group.versions.extend(new);
        // What is measured is the last of all.
        let end = groups
            .iter()
            .rposition(|known| known.name != measured::GROUP);
        let end = end.map_or(0, |last| last.saturating_add(1));
        groups.insert(place.unwrap_or(end), group);
    }
    Catalog::new(groups)
}
