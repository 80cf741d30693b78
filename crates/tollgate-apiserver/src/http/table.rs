//! Tables and metadata in place of objects.

use super::body::AnswerBody;
use super::negotiate::{Form, Media, Shape};
use super::pieces::{self, ListWriter};
use super::render::{self, Around, ProtobufList, encoded};
use crate::crd;
use crate::resources::Resource;
use crate::storage::Record;
use crate::table::{self, Column, IncludeObject, metadata, write};
use crate::verbs::Listing;
use crate::verbs::record::Encoded;
use compact_str::{CompactString, ToCompactString as _};
use std::sync::Arc;
use tollgate_api::{GroupVersionKind, Status, Timestamp, Value, json};
use tollgate_objects::encode::{self, ListMeta};
use tollgate_objects::protobuf;
use tollgate_objects::schema::type_of;

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
pub(super) fn of_list(listing: Listing, form: Form, look: &Look) -> Result<AnswerBody, Status> {
    let version = match form.shape {
        Shape::Table(version) | Shape::Partial(version) | Shape::PartialList(version) => {
            version.name()
        }
        Shape::Object => return render::list(listing, form),
    };
    let is_table = matches!(form.shape, Shape::Table(_));
    if form.media == Media::Protobuf
        && !is_table
        && let Some(of) = type_of(&metadata::kind("v1"))
    {
        let resource = Arc::clone(&listing.resource);
        let list = ProtobufList::new(&listing, &partial_list(version), move |record, out| {
            let tree = served(&resource, record);
            let mut partial = Value::object();
            partial.set("metadata", tree.get("metadata").cloned());
            *out = protobuf::encode_raw(of, &partial);
        });
        return Ok(pieces::body(list, listing.items));
    }
    let list = ShapedList {
        around: Around::of(&listing),
        resource: listing.resource,
        version,
        table: is_table.then_some(*look),
    };
    if form.media == Media::Json && !form.pretty {
        return Ok(pieces::body(list, listing.items));
    }
    let mut out = Vec::with_capacity(4096);
    list.head(&mut out);
    for (place, (_, record)) in listing.items.iter().enumerate() {
        list.item(record, place == 0, &mut out);
    }
    list.tail(listing.items.is_empty(), &mut out);
    Ok(finish(out, form).into())
}

fn partial_list(version: &str) -> GroupVersionKind {
    let api_version = format!("meta.k8s.io/{version}");
    GroupVersionKind::new(&api_version, "PartialObjectMetadataList")
}

fn served(resource: &Resource, record: &Record) -> Value {
    render::served(resource, &encoded(record)).unwrap_or_else(|_| Value::object())
}

/// A Table, or a list of metadata.
struct ShapedList {
    resource: Arc<Resource>,
    around: Around,
    /// The version of `meta.k8s.io`.
    version: &'static str,
    /// What rows hold, if it is a Table.
    table: Option<Look>,
}

impl ListWriter for ShapedList {
    fn head(&self, out: &mut Vec<u8>) {
        let meta = self.around.meta();
        if self.table.is_some() {
            write::head(self.version, &meta, Some(columns(&self.resource)), out);
        } else {
            encode::list_head(&partial_list(self.version), false, &meta, out);
        }
    }

    fn item(&self, record: &Record, is_first: bool, out: &mut Vec<u8>) {
        if !is_first {
            out.push(b',');
        }
        let tree = served(&self.resource, record);
        match &self.table {
            Some(look) => row(self.version, &self.resource, &tree, look, out),
            None => metadata::write(self.version, &tree, out),
        }
    }

    fn tail(&self, is_empty: bool, out: &mut Vec<u8>) {
        if is_empty && self.table.is_none() {
            // Upstream writes a list that nobody made.
            out.pop();
            out.extend_from_slice(b"null}");
        } else {
            write::tail(out);
        }
    }
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
    if resource.is_measured() {
        return table::measured::columns();
    }
    table::columns(resource.group(), &resource.kind.version, resource.plural())
}

fn row(version: &str, resource: &Resource, tree: &Value, look: &Look, out: &mut Vec<u8>) {
    let cells = if let Some(custom) = crd::custom_of(resource) {
        custom.columns.row(tree, look.now)
    } else if resource.is_measured() {
        table::measured::row(tree)
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
                let kind = GroupVersionKind::of(&tree);
                protobuf::encode(&kind, &tree).unwrap_or(json)
            }
            Err(_) => json,
        },
    }
}
