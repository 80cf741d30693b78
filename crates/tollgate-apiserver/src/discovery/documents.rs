//! The documents about a catalog: each is made when somebody first asks for it, and kept while the catalog is served.

use super::aggregated::{self, Root};
use super::document::Document;
use super::openapi::{self, DocumentError};
use crate::resources::Catalog;
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
    current: Mutex<Arc<Kept>>,
}

/// The documents about one catalog.
#[derive(Debug, Default)]
struct Kept {
    catalog: Arc<Catalog>,
    aggregated: [OnceLock<Document>; 2],
    openapi_v2: [OnceLock<Document>; 2],
    openapi_v3_index: OnceLock<Document>,
    openapi_v3: Mutex<BTreeMap<String, Document>>,
}

impl Documents {
    /// No documents yet, of a server of that release.
    pub fn new(release: Release) -> Self {
        Self {
            release,
            current: Mutex::default(),
        }
    }

    fn kept(&self, catalog: &Arc<Catalog>) -> Arc<Kept> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&current.catalog, catalog) {
            *current = Arc::new(Kept {
                catalog: Arc::clone(catalog),
                ..Kept::default()
            });
        }
        Arc::clone(&current)
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
            let tree = aggregated::document(catalog, root);
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
            Protocol::Json => openapi::v2_json(catalog, self.release),
            Protocol::Protobuf => openapi::v2_protobuf(catalog, self.release),
        })
    }

    /// `/openapi/v3`: where the documents of version 3 are.
    pub fn openapi_v3_index(&self, catalog: &Arc<Catalog>) -> Result<Document, DocumentError> {
        let kept = self.kept(catalog);
        kept_or_made(&kept.openapi_v3_index, || {
            openapi::v3_index(catalog, self.release)
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
        let made = openapi::v3_document(catalog, self.release, path)?;
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
