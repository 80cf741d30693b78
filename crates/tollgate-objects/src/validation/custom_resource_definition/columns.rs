//! Printer columns, subresources and fields to select by: all of them paths into an object.

use crate::structural::Schema;
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

const TYPES: &[&str] = &["boolean", "date", "integer", "number", "string"];
const FORMATS: &[&str] = &[
    "byte",
    "date",
    "date-time",
    "double",
    "float",
    "int32",
    "int64",
    "password",
];
const SELECTABLE_MAX: usize = 8;

pub(super) fn validate_columns(columns: &[Value], path: &Path<'_>, errors: &mut Errors) {
    for (place, column) in columns.iter().enumerate() {
        let path = path.index(place);
        if column.str_or_empty("name").is_empty() {
            errors.push(Error::required(&path.child("name"), ""));
        }
        let must = |allowed: &[&str]| format!("must be one of {}", allowed.join(","));
        match column.str_or_empty("type") {
            "" => errors.push(Error::required(&path.child("type"), must(TYPES))),
            text if TYPES.contains(&text) => {}
            text => errors.push(Error::invalid(&path.child("type"), text, must(TYPES))),
        }
        let format = column.str_or_empty("format");
        if !format.is_empty() && !FORMATS.contains(&format) {
            errors.push(Error::invalid(&path.child("format"), format, must(FORMATS)));
        }
        let path = path.child("JSONPath");
        match column.str_or_empty("jsonPath") {
            "" => errors.push(Error::required(&path, "")),
            text => {
                simple_path(text, &path, errors);
            }
        }
    }
}

/// Whether a path is simple: it begins with a dot.
fn simple_path(text: &str, path: &Path<'_>, errors: &mut Errors) -> bool {
    if !text.starts_with('.') {
        let why = "must be a simple json path starting with .";
        errors.push(Error::invalid(path, text, why));
        return false;
    }
    let opened = text.matches('[').count();
    if opened != text.matches(']').count() {
        let why = "is an invalid jsonpath: unterminated array";
        errors.push(Error::invalid(path, text, why));
        return false;
    }
    true
}

pub(super) fn validate_subresources(subresources: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(scale) = subresources.get("scale") else {
        return;
    };
    let path = path.child("scale");
    let wanted = [
        (
            "specReplicasPath",
            ".spec.",
            "should be a json path under .spec",
        ),
        (
            "statusReplicasPath",
            ".status.",
            "should be a json path under .status",
        ),
    ];
    for (key, start, why) in wanted {
        let path = path.child(key);
        match scale.str_or_empty(key) {
            "" => errors.push(Error::required(&path, "")),
            text => {
                if simple_path(text, &path, errors) && !text.starts_with(start) {
                    errors.push(Error::invalid(&path, text, why));
                }
            }
        }
    }
    let text = scale.str_or_empty("labelSelectorPath");
    let path = path.child("labelSelectorPath");
    if !text.is_empty()
        && simple_path(text, &path, errors)
        && !text.starts_with(".spec.")
        && !text.starts_with(".status.")
    {
        let why = "should be a json path under either .spec or .status";
        errors.push(Error::invalid(&path, text, why));
    }
}

pub(super) fn validate_selectable(
    fields: &[Value],
    schema: Option<&Value>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    if fields.len() > SELECTABLE_MAX {
        let length = i64::try_from(fields.len()).unwrap_or(i64::MAX);
        errors.push(Error::too_many(path, length, SELECTABLE_MAX));
    }
    let schema = schema.map(Schema::read);
    for (place, field) in fields.iter().enumerate() {
        let path = path.index(place);
        let path = path.child("jsonPath");
        let text = field.str_or_empty("jsonPath");
        if text.is_empty() {
            errors.push(Error::required(&path, ""));
            continue;
        }
        let earlier = fields.get(..place).unwrap_or_default();
        if earlier
            .iter()
            .any(|other| other.str("jsonPath") == Some(text))
        {
            errors.push(Error::duplicate(&path, text));
            continue;
        }
        if !simple_path(text, &path, errors) {
            continue;
        }
        if text.contains('[') {
            let why = "is an invalid path: array notation is not allowed";
            errors.push(Error::invalid(&path, text, why));
            continue;
        }
        match schema.as_ref().and_then(|schema| find(schema, text)) {
            None => {
                let why = "is an invalid path: does not refer to a valid field";
                errors.push(Error::invalid(&path, text, why));
            }
            Some(found) => {
                let is_plain = found
                    .types
                    .iter()
                    .all(|name| matches!(name.as_str(), "string" | "boolean" | "integer"));
                if !is_plain || found.types.len() != 1 {
                    let why = "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.";
                    errors.push(Error::invalid(&path, text, why));
                }
            }
        }
    }
}

/// The schema of the field at a path.
fn find<'s>(schema: &'s Schema, path: &str) -> Option<&'s Schema> {
    path.split('.')
        .skip(1)
        .try_fold(schema, |schema, name| schema.properties.get(name))
}
