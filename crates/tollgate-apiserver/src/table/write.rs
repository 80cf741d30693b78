//! A Table as JSON, written row by row.

use super::{Column, Row, metadata};
use tollgate_api::Value;
use tollgate_objects::encode::{self, ListMeta};

/// What stands beside the cells of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IncludeObject {
    /// Nothing.
    None,
    /// The metadata of the object.
    #[default]
    Metadata,
    /// The object.
    Object,
}

impl IncludeObject {
    /// Reads the query parameter `includeObject`; the error is the message of the 400 that answers it.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "" | "Metadata" => Ok(Self::Metadata),
            "None" => Ok(Self::None),
            "Object" => Ok(Self::Object),
            _ => Err(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {}: must be 'Metadata', 'Object', 'None', or empty",
                tollgate_api::go_format::quote(text)
            )),
        }
    }
}

/// Appends the beginning of a Table up to the bracket before its first row; rows follow, separated by commas, then [`tail`].
///
/// `version` is one of `meta.k8s.io`. Without columns `null` stands in their place: a watch says them in its first event only.
pub fn head(version: &str, meta: &ListMeta<'_>, columns: Option<&[Column]>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/");
    out.extend_from_slice(version.as_bytes());
    out.extend_from_slice(b"\",\"metadata\":");
    encode::list_meta(meta, out);
    out.extend_from_slice(b",\"columnDefinitions\":");
    match columns {
        None => out.extend_from_slice(b"null"),
        Some(columns) => {
            for (index, column) in columns.iter().enumerate() {
                out.push(if index == 0 { b'[' } else { b',' });
                definition(column, out);
            }
            out.push(b']');
        }
    }
    out.extend_from_slice(b",\"rows\":[");
}

fn definition(column: &Column, out: &mut Vec<u8>) {
    let fields = [
        ("{\"name\":", &column.name),
        (",\"type\":", &column.kind),
        (",\"format\":", &column.format),
        (",\"description\":", &column.description),
    ];
    for (name, text) in fields {
        out.extend_from_slice(name.as_bytes());
        encode::string(text, out);
    }
    out.extend_from_slice(b",\"priority\":");
    encode::untyped(&column.priority.into(), out);
    out.push(b'}');
}

/// Appends the end of a Table.
pub fn tail(out: &mut Vec<u8>) {
    out.extend_from_slice(b"]}");
}

/// Appends one row. `text` is the JSON of the whole object, needed only if it is to stand in the row.
pub fn row(
    version: &str,
    row: &Row,
    include: IncludeObject,
    object: &Value,
    text: &[u8],
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b"{\"cells\":[");
    for (index, cell) in row.cells.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        encode::untyped(cell, out);
    }
    out.push(b']');
    for (index, condition) in row.conditions.iter().enumerate() {
        out.extend_from_slice(if index == 0 {
            b",\"conditions\":["
        } else {
            b","
        });
        for (name, text) in [
            ("{\"type\":", condition.kind),
            (",\"status\":", "True"),
            (",\"reason\":", condition.reason),
            (",\"message\":", condition.message),
        ] {
            out.extend_from_slice(name.as_bytes());
            encode::string(text, out);
        }
        out.push(b'}');
    }
    if !row.conditions.is_empty() {
        out.push(b']');
    }
    out.extend_from_slice(b",\"object\":");
    match include {
        IncludeObject::None => out.extend_from_slice(b"null"),
        IncludeObject::Metadata => metadata::write(version, object, out),
        IncludeObject::Object => out.extend_from_slice(text),
    }
    out.push(b'}');
}
