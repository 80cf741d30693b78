//! Tables and metadata in place of objects.

use super::negotiate::{Form, Media, Shape};
use super::render::{self, encoded};
use crate::crd;
use crate::resources::Resource;
use crate::table::{self, Column, IncludeObject, metadata, write};
use crate::verbs::Listing;
use crate::verbs::record::Encoded;
use compact_str::{CompactString, ToCompactString as _};
use tollgate_api::{Status, Timestamp, Value, json};
use tollgate_objects::encode::{self, ListMeta};

/// What Tables are to hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// What stands in each row beside the cells.
    pub(super) include: IncludeObject,
    /// When the ages are told.
    pub(super) now: Timestamp,
}

/// One object in another shape.
pub(super) fn of_object(
    resource: &Resource,
    object: &Encoded,
    form: Form,
    look: &Look,
) -> Result<Vec<u8>, Status> {
    let tree = render::served(resource, object)?;
    let mut out = Vec::with_capacity(2048);
    match form.shape {
        Shape::Table(version) => {
            let revision = object.revision.to_compact_string();
            let meta = ListMeta {
                resource_version: if object.revision > 0 { &revision } else { "" },
                ..ListMeta::default()
            };
            let columns = columns(resource);
            write::head(version.name(), &meta, Some(columns), &mut out);
            row(version.name(), resource, &tree, look, &mut out);
            write::tail(&mut out);
        }
        Shape::Partial(version) | Shape::PartialList(version) => {
            metadata::write(version.name(), &tree, &mut out);
        }
        Shape::Object => return Ok(render::value(&resource.kind, &tree, form)),
    }
    Ok(finish(out, form))
}

/// A page of a collection in another shape.
pub(super) fn of_list(listing: &Listing, form: Form, look: &Look) -> Result<Vec<u8>, Status> {
    let resource = &listing.resource;
    let revision = listing.revision.to_compact_string();
    let meta = ListMeta {
        resource_version: &revision,
        continue_token: &listing.continue_token,
        remaining_item_count: listing.remaining,
    };
    let mut out = Vec::with_capacity(4096);
    let is_table = matches!(form.shape, Shape::Table(_));
    let version = match form.shape {
        Shape::Table(version) | Shape::Partial(version) | Shape::PartialList(version) => {
            version.name()
        }
        Shape::Object => "v1",
    };
    if is_table {
        write::head(version, &meta, Some(columns(resource)), &mut out);
    } else {
        let kind = tollgate_api::GroupVersionKind::new(
            &format!("meta.k8s.io/{version}"),
            "PartialObjectMetadataList",
        );
        encode::list_head(&kind, false, &meta, &mut out);
    }
    for (place, (_, record)) in listing.items.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        let tree = render::served(resource, &encoded(record))?;
        if is_table {
            row(version, resource, &tree, look, &mut out);
        } else {
            metadata::write(version, &tree, &mut out);
        }
    }
    write::tail(&mut out);
    if listing.items.is_empty() && !is_table {
        // Upstream writes a list that nobody made.
        out.truncate(out.len().saturating_sub(b"[]}".len()));
        out.extend_from_slice(b"null}");
    }
    Ok(finish(out, form))
}

/// One object as a watch tells it; the columns are told once.
pub(super) fn of_event(
    resource: &Resource,
    tree: &Value,
    form: Form,
    look: &Look,
    with_columns: bool,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    match form.shape {
        Shape::Table(version) => {
            let revision: CompactString = tree
                .at(&["metadata", "resourceVersion"])
                .and_then(Value::as_str)
                .unwrap_or_default()
                .into();
            let meta = ListMeta {
                resource_version: &revision,
                ..ListMeta::default()
            };
            let columns = with_columns.then(|| columns(resource));
            write::head(version.name(), &meta, columns, &mut out);
            row(version.name(), resource, tree, look, &mut out);
            write::tail(&mut out);
        }
        Shape::Partial(version) | Shape::PartialList(version) => {
            metadata::write(version.name(), tree, &mut out);
        }
        Shape::Object => encode::json(&resource.kind, tree, &mut out),
    }
    out
}

/// Upstream's name of the Go type of a kind, which its errors tell.
pub(super) fn internal_name(resource: &Resource, kind: &str) -> String {
    if resource.is_custom() {
        let list = if kind == resource.list_kind {
            "List"
        } else {
            ""
        };
        return format!("*unstructured.Unstructured{list}");
    }
    let package = match resource.group().split('.').next().unwrap_or_default() {
        "" => "core",
        first => first,
    };
    format!("*{package}.{kind}")
}

fn columns(resource: &Resource) -> &[Column] {
    if let Some(custom) = crd::custom_of(resource) {
        return custom.columns.columns();
    }
    table::columns(resource.group(), &resource.kind.version, resource.plural())
}

fn row(version: &str, resource: &Resource, tree: &Value, look: &Look, out: &mut Vec<u8>) {
    let cells = if let Some(custom) = crd::custom_of(resource) {
        custom.columns.row(tree, look.now)
    } else {
        let (group, version) = (resource.group(), &resource.kind.version);
        table::row(group, version, resource.plural(), tree, look.now)
    };
    let mut text = Vec::new();
    if look.include == IncludeObject::Object {
        encode::json(&resource.kind, tree, &mut text);
    }
    write::row(version, &cells, look.include, tree, &text, out);
}

fn finish(json: Vec<u8>, form: Form) -> Vec<u8> {
    match form.media {
        Media::Yaml => super::yaml::from_json(&json).unwrap_or(json),
        Media::Json if form.pretty => render::pretty(&json),
        Media::Json => json,
        Media::Protobuf => match json::from_slice(&json) {
            Ok(tree) => {
                let kind = tollgate_api::GroupVersionKind::of(&tree);
                tollgate_objects::protobuf::encode(&kind, &tree).unwrap_or(json)
            }
            Err(_) => json,
        },
    }
}
