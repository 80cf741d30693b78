//! The documents about a catalog: each is made when somebody first asks for it, and kept while the catalog is served.

use super::aggregated::{self, Root};
use super::document::Document;
use super::openapi::{self, DocumentError, Tags};
use crate::resources::{Catalog, Group, Version};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tollgate_api::{Release, json};

/// How the OpenAPI document of version 2 is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `application/json`
    Json,
    /// `application/com.github.proto-openapi.spec.v2.v1.0+protobuf`
    Protobuf,
}

/// The documents about the catalog of the moment.
#[derive(Debug)]
pub struct Documents {
    release: Release,
    /// Group and version.
    unannounced: Vec<(&'static str, &'static str)>,
    /// They outlive a catalog.
    tags: Mutex<Tags>,
    current: Mutex<Arc<Kept>>,
}

/// The documents about one catalog.
#[derive(Debug, Default)]
struct Kept {
    catalog: Arc<Catalog>,
    /// The catalog without what is not announced.
    announced: Arc<Catalog>,
    aggregated: [OnceLock<Document>; 2],
    openapi_v2: [OnceLock<Document>; 2],
    openapi_v3_index: OnceLock<Document>,
    openapi_v3: Mutex<BTreeMap<String, Document>>,
}

impl Documents {
    /// No documents yet, of a server of that release; versions of groups that are `unannounced` are served all the
    /// same to those who know of them.
    pub fn new(release: Release, unannounced: Vec<(&'static str, &'static str)>) -> Self {
        Self {
            release,
            unannounced,
            tags: Mutex::default(),
            current: Mutex::default(),
        }
    }

    fn kept(&self, catalog: &Arc<Catalog>) -> Arc<Kept> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&current.catalog, catalog) {
            *current = Arc::new(Kept {
                catalog: Arc::clone(catalog),
                announced: self.without_unannounced(catalog),
                ..Kept::default()
            });
        }
        Arc::clone(&current)
    }

    fn without_unannounced(&self, catalog: &Arc<Catalog>) -> Arc<Catalog> {
        let is_hidden = |group: &Group, version: &Version| {
            self.unannounced
                .contains(&(group.name.as_str(), version.name.as_str()))
        };
        let mut groups = catalog.groups().to_vec();
        for group in &mut groups {
            let mut versions = std::mem::take(&mut group.versions);
            versions.retain(|version| !is_hidden(group, version));
            group.versions = versions;
        }
        groups.retain(|group| !group.versions.is_empty());
        Arc::new(Catalog::new(groups))
    }

    /// What discovery tells of a catalog.
    pub fn announced(&self, catalog: &Arc<Catalog>) -> Arc<Catalog> {
        Arc::clone(&self.kept(catalog).announced)
    }

    /// The aggregated discovery document of a root.
    pub fn aggregated(&self, catalog: &Arc<Catalog>, root: Root) -> Document {
        let kept = self.kept(catalog);
        let [core, named] = &kept.aggregated;
        let place = match root {
            Root::Core => core,
            Root::Named => named,
        };
        let document = || {
            let tree = aggregated::document(&kept.announced, root);
            Document::plain(json::to_string(&tree))
        };
        place.get_or_init(document).clone()
    }

    /// `/openapi/v2`
    pub fn openapi_v2(
        &self,
        catalog: &Arc<Catalog>,
        protocol: Protocol,
    ) -> Result<Document, DocumentError> {
        let kept = self.kept(catalog);
        let [json, protobuf] = &kept.openapi_v2;
        let place = match protocol {
            Protocol::Json => json,
            Protocol::Protobuf => protobuf,
        };
        kept_or_made(place, || match protocol {
            Protocol::Json => openapi::v2_json(&kept.announced, self.release),
            Protocol::Protobuf => openapi::v2_protobuf(&kept.announced, self.release),
        })
    }

    /// `/openapi/v3`: where the documents of version 3 are.
    pub fn openapi_v3_index(&self, catalog: &Arc<Catalog>) -> Result<Document, DocumentError> {
        let kept = self.kept(catalog);
        kept_or_made(&kept.openapi_v3_index, || {
            let mut tags = self.tags.lock().unwrap_or_else(PoisonError::into_inner);
            openapi::v3_index(&kept.announced, self.release, &mut tags)
        })
    }

    /// The document under `/openapi/v3/`, if there is one at that path.
    pub fn openapi_v3(
        &self,
        catalog: &Arc<Catalog>,
        path: &str,
    ) -> Result<Option<Document>, DocumentError> {
        let kept = self.kept(catalog);
        let known = || {
            kept.openapi_v3
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(document) = known().get(path) {
            return Ok(Some(document.clone()));
        }
        // Made without the lock: others go on, and two at once make the same.
        let made = openapi::v3_document(&kept.announced, self.release, path)?;
        if let Some(document) = &made {
            known().insert(path.to_owned(), document.clone());
        }
        Ok(made)
    }
}

fn kept_or_made(
    place: &OnceLock<Document>,
    make: impl FnOnce() -> Result<Document, DocumentError>,
) -> Result<Document, DocumentError> {
    if let Some(document) = place.get() {
        return Ok(document.clone());
    }
    let made = make()?;
    Ok(place.get_or_init(|| made).clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::built_in;

    #[test]
    fn what_is_not_announced_is_in_no_document() {
        let catalog = Arc::new(built_in().unwrap());
        let newest = Release::minor(36);
        let silent = Documents::new(newest, vec![("policy", "v1beta1")]);
        let open = Documents::new(newest, Vec::new());
        let aggregated = |documents: &Documents| {
            let document = documents.aggregated(&catalog, Root::Named);
            String::from_utf8(document.body.to_vec()).unwrap()
        };
        assert!(aggregated(&open).contains("podsecuritypolicies"));
        assert!(!aggregated(&silent).contains("podsecuritypolicies"));
        let path = "apis/policy/v1beta1";
        assert!(open.openapi_v3(&catalog, path).unwrap().is_some());
        assert!(silent.openapi_v3(&catalog, path).unwrap().is_none());
        assert!(silent.announced(&catalog).group("policy").is_some());
    }

    #[test]
    fn another_catalog_has_other_documents() {
        let documents = Documents::new(Release::minor(36), Vec::new());
        let catalog = Arc::new(built_in().unwrap());
        let before = documents.aggregated(&catalog, Root::Named);
        let again = documents.aggregated(&catalog, Root::Named);
        assert_eq!(before.body.as_ptr(), again.body.as_ptr(), "made once");
        let fewer: Vec<Group> = catalog.groups().iter().take(3).cloned().collect();
        let after = documents.aggregated(&Arc::new(Catalog::new(fewer)), Root::Named);
        assert_ne!(before.etag, after.etag);
    }
}
