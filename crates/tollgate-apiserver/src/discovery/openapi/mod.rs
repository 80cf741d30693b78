//! OpenAPI documents, made from the catalog and the table of types: paths and schemas are found once (`sections`,
//! `paths`, `schemas`), and written in three ways (`v3`, `v2`, `gnostic`).
//!
//! What types and fields mean is said in our own words, those of [`Descriptions`](tollgate_objects::schema::Descriptions).
//! A custom resource's schema comes from [`CustomOrigin::openapi_schema`](crate::resources::CustomOrigin::openapi_schema).

mod custom;
mod facts;
mod fields;
mod gnostic;
mod names;
mod operation;
mod parameters;
mod paths;
mod place;
mod schemas;
mod sections;
mod special;
mod v2;
mod v3;

#[cfg(test)]
mod tests;

use super::document::{Document, Packer};
use crate::resources::{Catalog, DamagedData, Resource};
use facts::Facts;
use sections::Section;
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_api::{Release, Value, json};

/// Why a document cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The program is damaged.
    #[error(transparent)]
    Data(#[from] DamagedData),
    /// It cannot be compressed.
    #[error("cannot compress an OpenAPI document: {0}")]
    Compress(#[from] std::io::Error),
}

/// `/openapi/v2` as JSON.
pub fn v2_json(catalog: &Catalog, release: Release) -> Result<Document, DocumentError> {
    let facts = Facts::unpack()?;
    let mut packer = Packer::keeping();
    v2::write(&v2::Model::new(catalog, &facts), release, &mut packer)?;
    Ok(packer.finish()?)
}

/// `/openapi/v2` as protobuf.
pub fn v2_protobuf(catalog: &Catalog, release: Release) -> Result<Document, DocumentError> {
    let facts = Facts::unpack()?;
    let mut packer = Packer::keeping();
    gnostic::write(&v2::Model::new(catalog, &facts), release, &mut packer)?;
    Ok(packer.finish()?)
}

/// The document of version 3 at a path below `/openapi/v3/`, if there is one.
pub fn v3_document(
    catalog: &Catalog,
    release: Release,
    path: &str,
) -> Result<Option<Document>, DocumentError> {
    let mut sections = Section::all(catalog).into_iter();
    let Some(section) = sections.find(|section| section.path() == path) else {
        return Ok(None);
    };
    let facts = Facts::unpack()?;
    let mut packer = Packer::keeping();
    v3::write(section, &facts, release, &mut packer)?;
    Ok(Some(packer.finish()?))
}

/// Where a document of version 3 is, with the tag it has.
pub fn v3_address(path: &str, etag: &str) -> String {
    format!("/openapi/v3/{path}?hash={etag}")
}

/// The tags of the documents of version 3, which change only with the resources of their section: one more custom
/// resource costs one more document.
#[derive(Debug, Default)]
pub struct Tags(BTreeMap<String, (Vec<Arc<Resource>>, Arc<str>)>);

/// `/openapi/v3`: the documents that there are, with their tags. Those in `known` are not found out again.
pub fn v3_index(
    catalog: &Catalog,
    release: Release,
    known: &mut Tags,
) -> Result<Document, DocumentError> {
    let mut facts = None;
    let mut tags = BTreeMap::new();
    let mut paths = Value::object();
    for section in Section::all(catalog) {
        let path = section.path();
        let before = known.0.remove(&path);
        let resources = section.resources();
        let is_same = |(listed, _): &(Vec<Arc<Resource>>, _)| {
            listed.len() == resources.len()
                && listed.iter().zip(resources).all(|(a, b)| Arc::ptr_eq(a, b))
        };
        let (listed, tag) = if let Some(entry) = before.filter(is_same) {
            entry
        } else {
            let facts = match &mut facts {
                Some(facts) => facts,
                none => none.insert(Facts::unpack()?),
            };
            let mut packer = Packer::tagging();
            v3::write(section, facts, release, &mut packer)?;
            (resources.to_vec(), packer.finish()?.etag)
        };
        let address = v3_address(&path, &tag);
        let entry: Value = [("serverRelativeURL", address)].into_iter().collect();
        paths.set(path.as_str(), entry);
        tags.insert(path, (listed, tag));
    }
    known.0 = tags;
    let index: Value = [("paths", paths)].into_iter().collect();
    Ok(Document::plain(json::to_string(&index)))
}
