//! Go's names for types, as its JSON decoder prints them.

use super::lookup::ShapeRef;
use super::table::Field;

/// `v1.Container` for `core/v1.Container`.
fn struct_name(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, name)| name)
}

/// The bare name of a struct: `Container`.
pub(super) fn bare_name(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, name)| name)
}

/// The Go type of a shape, without the names that upstream gives to strings and maps.
pub(super) fn go_type(shape: ShapeRef) -> String {
    match shape {
        ShapeRef::Bool => "bool".to_owned(),
        ShapeRef::Int32 | ShapeRef::IntOrString => "int32".to_owned(),
        ShapeRef::Int64 => "int64".to_owned(),
        ShapeRef::Float64 => "float64".to_owned(),
        ShapeRef::Bytes => "[]uint8".to_owned(),
        ShapeRef::Quantity => "resource.Quantity".to_owned(),
        ShapeRef::String | ShapeRef::Time { .. } => "string".to_owned(),
        ShapeRef::Any => "runtime.RawExtension".to_owned(),
        ShapeRef::SchemaOr(inner, _) | ShapeRef::Struct(inner) => {
            struct_name(inner.name()).to_owned()
        }
        ShapeRef::List(inner) => format!("[]{}", go_type(inner.shape())),
        ShapeRef::Map(inner) => format!("map[string]{}", go_type(inner.shape())),
    }
}

/// The Go type of a field; its protobuf tag tells the name of a named string, list or map.
pub(super) fn go_type_of(field: &Field, package: &str) -> String {
    let cast = field
        .protobuf
        .split(',')
        .find_map(|part| part.strip_prefix("casttype="));
    let Some(cast) = cast else {
        return go_type(field.shape());
    };
    // A name without a path is of the struct's own package; `k8s.io/.../types.UID` prints as `types.UID`.
    let named = match cast.rsplit_once('/') {
        Some((_, name)) => name.to_owned(),
        None if cast.contains('.') => cast.to_owned(),
        None => {
            let version = struct_name(package).split('.').next().unwrap_or_default();
            format!("{version}.{cast}")
        }
    };
    match field.shape() {
        ShapeRef::List(_) => format!("[]{named}"),
        _ => named,
    }
}
