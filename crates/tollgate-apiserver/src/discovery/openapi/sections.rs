//! The parts of the whole: version 3 has a document for each, version 2 has all of them in one.

use super::names;
use super::operation::{Content, Media, Path};
use super::paths::Writer;
use super::schemas::Schemas;
use super::special;
use crate::resources::{Catalog, Group, Resource, Version};
use std::sync::Arc;
use tollgate_api::GroupVersionKind;

/// One part: what the document at its path is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Section<'c> {
    /// `/.well-known/openid-configuration`
    Configuration,
    /// `/openid/v1/jwks`
    Keys,
    /// `/version`
    Info,
    /// `/api`
    Core,
    /// `/apis`
    Groups,
    /// `/apis/GROUP`
    Group(&'c Group),
    /// `/api/v1` and `/apis/GROUP/VERSION`
    Version(&'c Group, &'c Version),
}

impl<'c> Section<'c> {
    /// All parts of what a catalog lists.
    pub(super) fn all(catalog: &'c Catalog) -> Vec<Self> {
        let mut all = vec![Self::Configuration, Self::Core];
        let (core, named): (Vec<&Group>, Vec<&Group>) = catalog
            .groups()
            .iter()
            .partition(|group| group.name.is_empty());
        let versions = |group: &'c Group| {
            let versions = group.versions.iter();
            versions.map(move |version| Self::Version(group, version))
        };
        all.extend(core.into_iter().flat_map(versions));
        all.push(Self::Groups);
        for group in named {
            // Upstream has none for the groups of custom resources.
            if group.versions.iter().any(is_built_in) {
                all.push(Self::Group(group));
            }
            all.extend(versions(group));
        }
        all.extend([Self::Keys, Self::Info]);
        all
    }

    /// The path of what it is about, without the slash at its front: `apis/apps/v1`.
    pub(super) fn path(self) -> String {
        match self {
            Self::Configuration => ".well-known/openid-configuration".to_owned(),
            Self::Keys => "openid/v1/jwks".to_owned(),
            Self::Info => "version".to_owned(),
            Self::Core => "api".to_owned(),
            Self::Groups => "apis".to_owned(),
            Self::Group(group) => format!("apis/{}", group.name),
            Self::Version(group, version) if group.name.is_empty() => {
                format!("api/{}", version.name)
            }
            Self::Version(group, version) => format!("apis/{}/{}", group.name, version.name),
        }
    }

    /// The resources it is about.
    pub(super) fn resources(self) -> &'c [Arc<Resource>] {
        match self {
            Self::Version(_, version) => &version.resources,
            _ => &[],
        }
    }

    /// Its paths; the schemas they need are added to `schemas`.
    pub(super) fn paths(self, schemas: &mut Schemas<'_>) -> Vec<Path> {
        let meta = |schemas: &mut Schemas<'_>, kind: &str| {
            let name = schemas.add_kind(&GroupVersionKind::new("v1", kind));
            Content::Schema(name.unwrap_or_default())
        };
        let (id, tag, content, media) = match self {
            Self::Configuration => (
                "getServiceAccountIssuerOpenIDConfiguration".to_owned(),
                "WellKnown".to_owned(),
                Content::Text,
                Media::Json,
            ),
            Self::Keys => (
                "getServiceAccountIssuerOpenIDKeyset".to_owned(),
                "openid".to_owned(),
                Content::Text,
                Media::Other("application/jwk-set+json"),
            ),
            Self::Info => {
                let name = schemas.add_special(special::INFO);
                let content = Content::Schema(name);
                (
                    "getCodeVersion".to_owned(),
                    "version".to_owned(),
                    content,
                    Media::Json,
                )
            }
            Self::Core => {
                let content = meta(schemas, "APIVersions");
                let id = "getCoreAPIVersions".to_owned();
                (id, "core".to_owned(), content, Media::Object)
            }
            Self::Groups => {
                let content = meta(schemas, "APIGroupList");
                let id = "getAPIVersions".to_owned();
                (id, "apis".to_owned(), content, Media::Object)
            }
            Self::Group(group) => {
                let content = meta(schemas, "APIGroup");
                let name = names::of_group(&group.name);
                let id = format!("get{name}APIGroup");
                (id, names::uncapitalized(&name), content, Media::Object)
            }
            Self::Version(group, version) => {
                let content = meta(schemas, "APIResourceList");
                let (name, version) = (names::of_group(&group.name), &version.name);
                let id = format!("get{name}{}APIResources", names::capitalized(version));
                let tag = format!("{}_{version}", names::uncapitalized(&name));
                (id, tag, content, Media::Object)
            }
        };
        let root = format!("/{}", self.path());
        let mut writer = Writer::new(schemas);
        if let Self::Version(_, version) = self {
            if is_built_in(version) {
                writer.document(&format!("{root}/"), id, tag, content, media);
            }
            for resource in &version.resources {
                writer.resource(&root, resource);
            }
        } else {
            writer.document(&format!("{root}/"), id, tag, content, media);
        }
        writer.finish()
    }
}

fn is_built_in(version: &Version) -> bool {
    version
        .resources
        .iter()
        .any(|resource| !resource.is_custom())
}
