//! The catalog: everything that is served at one moment, found by path.

use super::resource::Resource;
use std::sync::{Arc, PoisonError, RwLock};
use tollgate_api::value::CompactString;

/// An API group.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its name; empty is the core group.
    pub name: CompactString,
    /// In the order of discovery: the preferred one first.
    pub versions: Vec<Version>,
}

/// A version of an API group.
#[derive(Debug, Clone)]
pub struct Version {
    /// Such as `v1`.
    pub name: CompactString,
    /// In the order of discovery.
    pub resources: Vec<Arc<Resource>>,
}

/// What is served. Immutable: whoever changes what is served makes a new one and puts it into the [`CatalogCell`].
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    groups: Vec<Group>,
    /// Every resource, by group, version and plural.
    by_path: Vec<Arc<Resource>>,
    /// Every resource, by group, version and kind.
    by_kind: Vec<Arc<Resource>>,
}

impl Catalog {
    /// The catalog of these groups, in the order of discovery.
    pub fn new(groups: Vec<Group>) -> Self {
        let all = || {
            groups
                .iter()
                .flat_map(|group| &group.versions)
                .flat_map(|version| version.resources.iter().cloned())
        };
        let mut by_path: Vec<Arc<Resource>> = all().collect();
        by_path.sort_by(|a, b| path_of(a).cmp(&path_of(b)));
        let mut by_kind: Vec<Arc<Resource>> = all().collect();
        by_kind.sort_by(|a, b| kind_of(a).cmp(&kind_of(b)));
        Self {
            groups,
            by_path,
            by_kind,
        }
    }

    /// The same, with another group after all others.
    #[must_use]
    pub fn with_group(&self, group: Group) -> Self {
        let mut groups = self.groups.clone();
        groups.push(group);
        Self::new(groups)
    }

    /// The groups, in the order of discovery; the core group comes first.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The group of that name.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// The version of a group.
    pub fn version(&self, group: &str, version: &str) -> Option<&Version> {
        let group = self.group(group)?;
        group.versions.iter().find(|known| known.name == version)
    }

    /// The resource under a path.
    pub fn resource(&self, group: &str, version: &str, plural: &str) -> Option<&Arc<Resource>> {
        let wanted = (group, version, plural);
        let found = self
            .by_path
            .binary_search_by(|resource| path_of(resource).cmp(&wanted));
        self.by_path.get(found.ok()?)
    }

    /// The resource of a kind.
    pub fn resource_of(&self, group: &str, version: &str, kind: &str) -> Option<&Arc<Resource>> {
        let wanted = (group, version, kind);
        let found = self
            .by_kind
            .binary_search_by(|resource| kind_of(resource).cmp(&wanted));
        self.by_kind.get(found.ok()?)
    }

    /// Every resource in every version, by group, version and plural.
    pub fn resources(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.by_path.iter()
    }
}

fn path_of(resource: &Resource) -> (&str, &str, &str) {
    (resource.group(), &resource.kind.version, resource.plural())
}

fn kind_of(resource: &Resource) -> (&str, &str, &str) {
    (
        resource.group(),
        &resource.kind.version,
        &resource.kind.kind,
    )
}

/// Where the catalog of the moment is found, and replaced.
#[derive(Debug, Default)]
pub struct CatalogCell {
    current: RwLock<Arc<Catalog>>,
}

impl CatalogCell {
    /// A cell that holds `catalog`.
    pub fn new(catalog: Catalog) -> Self {
        Self {
            current: RwLock::new(Arc::new(catalog)),
        }
    }

    /// The catalog of the moment. A request asks once and stays with the answer.
    pub fn load(&self) -> Arc<Catalog> {
        // A panic elsewhere leaves a whole pointer here.
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }

    /// Puts another catalog in its place.
    pub fn replace(&self, catalog: Catalog) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(catalog);
    }
}
