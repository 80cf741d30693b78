//! Objects of which a client wants the metadata alone: `PartialObjectMetadata`.

use std::sync::LazyLock;
use tollgate_api::{GroupVersionKind, Value};
use tollgate_objects::encode;
use tollgate_objects::schema::{ShapeRef, StructType, type_of};

/// The kind of such objects in a version of `meta.k8s.io`; their list has `List` behind it.
pub fn kind(version: &str) -> GroupVersionKind {
    GroupVersionKind::new(&format!("meta.k8s.io/{version}"), "PartialObjectMetadata")
}

static OBJECT_META: LazyLock<Option<StructType>> = LazyLock::new(|| {
    let of = type_of(&kind("v1"))?;
    match of.field("metadata")?.shape() {
        ShapeRef::Struct(meta) => Some(meta),
        _ => None,
    }
});

/// Appends the metadata of an object as an object of its own; `version` is one of `meta.k8s.io`.
pub fn write(version: &str, object: &Value, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/");
    out.extend_from_slice(version.as_bytes());
    out.extend_from_slice(b"\",\"metadata\":");
    match (*OBJECT_META, object.get("metadata")) {
        (Some(of), Some(metadata)) => encode::json_of(of, metadata, out),
        _ => out.extend_from_slice(b"{}"),
    }
    out.push(b'}');
}
