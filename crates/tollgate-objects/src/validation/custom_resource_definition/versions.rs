//! Versions, and what all of them have in common.

use super::{columns, validate_schema};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// Where a schema of a definition stands in errors.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The version; for a schema of all versions, the first.
    pub version: usize,
    /// As printed: `spec.validation.openAPIV3Schema`.
    pub path: String,
}

/// The schemas of a definition, each once, and where they stand in errors.
pub fn schema_places(spec: &Value) -> Vec<Place> {
    let versions = spec.items("versions");
    if common(versions, "schema").is_some() {
        let path = "spec.validation.openAPIV3Schema".to_owned();
        return vec![Place { version: 0, path }];
    }
    let with_schema = versions.iter().enumerate();
    let with_schema =
        with_schema.filter(|(_, version)| version.at(&["schema", "openAPIV3Schema"]).is_some());
    with_schema
        .map(|(version, _)| Place {
            version,
            path: format!("spec.versions[{version}].schema.openAPIV3Schema"),
        })
        .collect()
}

/// What stands under a key if it is the same in all versions.
fn common<'v>(versions: &'v [Value], key: &str) -> Option<&'v Value> {
    let first = versions.first()?.get(key)?;
    let same = versions
        .iter()
        .all(|version| version.get(key) == Some(first));
    same.then_some(first)
}

const HOISTED: [&str; 4] = [
    "schema",
    "subresources",
    "additionalPrinterColumns",
    "selectableFields",
];

pub(super) fn validate(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let versions = spec.items("versions");
    let list = path.child("versions");
    for (place, version) in versions.iter().enumerate() {
        let has_schema = version.at(&["schema", "openAPIV3Schema"]).is_some();
        if version.bool("served") == Some(true) && !has_schema {
            let path = list.index(place);
            let path = path.child("schema");
            errors.push(Error::required(&path.child("openAPIV3Schema"), ""));
        }
    }
    let mut is_unique = true;
    let mut storage = 0_usize;
    for (place, version) in versions.iter().enumerate() {
        let name = version.str_or_empty("name");
        let earlier = versions.get(..place).unwrap_or_default();
        is_unique &= !earlier
            .iter()
            .any(|other| other.str_or_empty("name") == name);
        storage = storage.saturating_add(usize::from(version.bool("storage") == Some(true)));
        let path = list.index(place);
        let faults = names::dns1035_label(name);
        if !faults.is_empty() {
            errors.push(Error::invalid(&path.child("name"), name, faults.join(",")));
        }
        validate_version(versions, version, &path, errors);
    }
    let shown = || match spec.get("versions") {
        None => Value::Null,
        Some(_) => Value::Array(
            versions
                .iter()
                .map(|version| printed(versions, version))
                .collect(),
        ),
    };
    if !is_unique {
        errors.push(Error::invalid(
            &list,
            shown(),
            "must contain unique version names",
        ));
    }
    if storage != 1 {
        let why = "must have exactly one version marked as storage version";
        errors.push(Error::invalid(&list, shown(), why));
    }
    // The internal form names its first version once more.
    if let Some(first) = versions.first() {
        let name = first.str_or_empty("name");
        let faults = names::dns1035_label(name);
        if !faults.is_empty() && !name.is_empty() {
            errors.push(Error::invalid(
                &path.child("version"),
                name,
                faults.join(","),
            ));
        }
    }
}

/// What is said of one version and not of all.
fn validate_version(versions: &[Value], version: &Value, path: &Path<'_>, errors: &mut Errors) {
    validate_deprecation(version, path, errors);
    let own = |key: &str| version.get(key).filter(|_| common(versions, key).is_none());
    let has_status = version.at(&["subresources", "status"]).is_some();
    if let Some(schema) = own("schema").and_then(|schema| schema.get("openAPIV3Schema")) {
        validate_schema(schema, has_status, &path.child("schema"), errors);
    }
    if let Some(subresources) = own("subresources") {
        columns::validate_subresources(subresources, &path.child("subresources"), errors);
    }
    if let Some(found) = own("additionalPrinterColumns").and_then(Value::as_array) {
        columns::validate_columns(found, &path.child("additionalPrinterColumns"), errors);
    }
    if let Some(found) = own("selectableFields").and_then(Value::as_array) {
        let schema = version.at(&["schema", "openAPIV3Schema"]);
        columns::validate_selectable(found, schema, &path.child("selectableFields"), errors);
    }
}

fn validate_deprecation(version: &Value, path: &Path<'_>, errors: &mut Errors) {
    const WARNING_BYTES_MAX: usize = 256;
    let Some(warning) = version.str("deprecationWarning") else {
        return;
    };
    let path = path.child("deprecationWarning");
    if version.bool("deprecated") != Some(true) {
        let why = "can only be set for deprecated versions";
        errors.push(Error::invalid(&path, warning, why));
    }
    if warning.is_empty() {
        errors.push(Error::invalid(
            &path,
            warning,
            "must not be an empty string",
        ));
    } else if warning.len() > WARNING_BYTES_MAX {
        let why = format!("must be <= {WARNING_BYTES_MAX} characters long");
        errors.push(Error::invalid(&path, warning, why));
    }
    if let Some((place, _)) = warning.char_indices().find(|(_, c)| c.is_control()) {
        let why = format!(
            "must only contain printable UTF-8 characters; non-printable character found at index {place}"
        );
        errors.push(Error::invalid(&path, warning, why));
    }
}

/// What all versions have in common.
pub(super) fn validate_common(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let versions = spec.items("versions");
    let schema = common(versions, "schema").and_then(|schema| schema.get("openAPIV3Schema"));
    let has_status = versions
        .iter()
        .any(|version| version.at(&["subresources", "status"]).is_some());
    if let Some(schema) = schema {
        validate_schema(schema, has_status, &path.child("validation"), errors);
    }
    if let Some(subresources) = common(versions, "subresources") {
        columns::validate_subresources(subresources, &path.child("subresources"), errors);
    }
    if let Some(found) = common(versions, "additionalPrinterColumns").and_then(Value::as_array) {
        columns::validate_columns(found, &path.child("additionalPrinterColumns"), errors);
    }
    if let Some(found) = common(versions, "selectableFields").and_then(Value::as_array) {
        let schema = schema.or_else(|| versions.first()?.at(&["schema", "openAPIV3Schema"]));
        columns::validate_selectable(found, schema, &path.child("selectableFields"), errors);
    }
}

/// A version as upstream prints its internal form.
fn printed(versions: &[Value], version: &Value) -> Value {
    let [schema, subresources, columns, fields] = HOISTED.map(|key| {
        let own = version.get(key).filter(|_| common(versions, key).is_none());
        own.cloned().unwrap_or_default()
    });
    [
        ("Name", version.str_or_empty("name").into()),
        ("Served", Value::Bool(version.bool("served") == Some(true))),
        (
            "Storage",
            Value::Bool(version.bool("storage") == Some(true)),
        ),
        (
            "Deprecated",
            Value::Bool(version.bool("deprecated") == Some(true)),
        ),
        (
            "DeprecationWarning",
            version
                .get("deprecationWarning")
                .cloned()
                .unwrap_or_default(),
        ),
        ("Schema", schema),
        ("Subresources", subresources),
        ("AdditionalPrinterColumns", columns),
        ("SelectableFields", fields),
    ]
    .into_iter()
    .collect()
}
