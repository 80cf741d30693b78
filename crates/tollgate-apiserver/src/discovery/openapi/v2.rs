//! The one document of OpenAPI version 2: its pieces, and the document as JSON.

use super::DocumentError;
use super::facts::Facts;
use super::fields::REFERENCE;
use super::operation::{Body, Content, Operation, Parameter, Path, Place, meaning};
use super::schemas::{Schemas, kind_entry};
use super::sections::Section;
use super::v3::entry;
use crate::discovery::document::Packer;
use crate::resources::Catalog;
use std::collections::BTreeMap;
use tollgate_api::{Object, Release, Value, json};

/// How version 2 refers to a schema.
pub(super) const DEFINITION: &str = "#/definitions/";

/// What the document is made of; paths and definitions become trees one at a time.
pub(super) struct Model<'f> {
    paths: Vec<Path>,
    schemas: Schemas<'f>,
    /// Parameters that many operations have.
    shared: BTreeMap<&'static str, Parameter>,
}

impl<'f> Model<'f> {
    pub(super) fn new(catalog: &Catalog, facts: &'f Facts) -> Self {
        let mut schemas = Schemas::new(facts);
        let mut paths: Vec<Path> = Section::all(catalog)
            .into_iter()
            .flat_map(|section| section.paths(&mut schemas))
            .collect();
        paths.sort_by(|a, b| a.text.cmp(&b.text));
        let operations = paths.iter().flat_map(|path| &path.operations);
        let shared = operations
            .flat_map(|operation| &operation.parameters)
            .chain(paths.iter().flat_map(|path| &path.parameters))
            .filter(|parameter| !parameter.stays)
            .map(|parameter| (shared_name(parameter), *parameter))
            .collect();
        Self {
            paths,
            schemas,
            shared,
        }
    }

    /// The paths, and what can be done there.
    pub(super) fn paths(&self) -> impl Iterator<Item = (&str, Value)> {
        let paths = self.paths.iter();
        paths.map(|path| (path.text.as_str(), path_item(path)))
    }

    /// The schemas.
    pub(super) fn definitions(&self) -> impl Iterator<Item = (&str, Value)> {
        self.schemas.names().map(|name| {
            let mut schema = self.schemas.schema(name, false);
            if schema.bool(OPEN) == Some(true) {
                schema = open_kind(&schema);
            }
            translate(&mut schema);
            (name, schema)
        })
    }

    /// The parameters that operations refer to.
    pub(super) fn parameters(&self) -> Value {
        let shared = self.shared.iter();
        shared
            .map(|(name, parameter)| (*name, written_parameter(parameter)))
            .collect()
    }
}

/// What identifies the API.
pub(super) fn info(release: Release) -> Value {
    let version = format!("v{release}.0");
    [("title", "Kubernetes"), ("version", version.as_str())]
        .into_iter()
        .collect()
}

/// How clients may say who they are.
pub(super) fn security_definitions() -> Value {
    let token: Value = [
        ("type", "apiKey"),
        ("name", "authorization"),
        ("in", "header"),
    ]
    .into_iter()
    .collect();
    [("BearerToken", token)].into_iter().collect()
}

/// What every request needs of that.
pub(super) fn security() -> Value {
    let token: Value = [("BearerToken", Value::Array(Vec::new()))]
        .into_iter()
        .collect();
    Value::Array(vec![token])
}

/// Writes the document as JSON.
pub(super) fn write(
    model: &Model<'_>,
    release: Release,
    out: &mut Packer,
) -> Result<(), DocumentError> {
    let info = info(release);
    out.push(format!(r#"{{"swagger":"2.0","info":{info},"paths":{{"#))?;
    for (index, (path, item)) in model.paths().enumerate() {
        entry(index, path, &item, out)?;
    }
    out.push(r#"},"definitions":{"#)?;
    for (index, (name, schema)) in model.definitions().enumerate() {
        entry(index, name, &schema, out)?;
    }
    out.push(format!(
        r#"}},"parameters":{},"securityDefinitions":{},"security":{}}}"#,
        json::to_string(&model.parameters()),
        json::to_string(&security_definitions()),
        json::to_string(&security()),
    ))?;
    Ok(())
}

/// A parameter in the path may have the name of one in the query.
fn shared_name(parameter: &Parameter) -> &'static str {
    match (parameter.place, parameter.name) {
        (Place::Path, "path") => "pathInPath",
        (_, name) => name,
    }
}

fn path_item(path: &Path) -> Value {
    let mut item = Value::object();
    for operation in &path.operations {
        item.set(operation.method, written(operation));
    }
    if !path.parameters.is_empty() {
        let parameters = path.parameters.iter().map(parameter);
        item.set("parameters", Value::Array(parameters.collect()));
    }
    item
}

fn parameter(parameter: &Parameter) -> Value {
    if parameter.stays {
        return written_parameter(parameter);
    }
    let reference = format!("#/parameters/{}", shared_name(parameter));
    [("$ref", reference)].into_iter().collect()
}

fn written_parameter(parameter: &Parameter) -> Value {
    let mut entry = Value::object();
    entry.set("uniqueItems", true);
    entry.set("type", parameter.kind);
    entry.set("name", parameter.name);
    match parameter.place {
        Place::Path => {
            entry.set("in", "path");
            entry.set("required", true);
        }
        Place::Query => entry.set("in", "query"),
    }
    entry
}

fn reference(name: &str) -> Value {
    let text = format!("{DEFINITION}{name}");
    [("$ref", text)].into_iter().collect()
}

fn body(body: &Body) -> Value {
    let mut entry = Value::object();
    entry.set("name", "body");
    entry.set("in", "body");
    if body.required {
        entry.set("required", true);
    }
    entry.set("schema", reference(&body.schema));
    entry
}

fn written(operation: &Operation) -> Value {
    let mut entry = Object::new();
    if let Some(body) = &operation.body {
        entry.insert("consumes", body.media.to_vec());
    }
    entry.insert("produces", operation.media.types().to_vec());
    entry.insert("schemes", vec!["https"]);
    entry.insert("tags", vec![operation.tag.as_str()]);
    entry.insert("operationId", operation.id.as_str());
    let parameters = operation.parameters.iter().map(parameter);
    let parameters: Vec<Value> = (operation.body.iter().map(body))
        .chain(parameters)
        .collect();
    if !parameters.is_empty() {
        entry.insert("parameters", parameters);
    }
    let schema = match &operation.content {
        Content::Schema(name) => reference(name),
        Content::Text => [("type", "string")].into_iter().collect(),
    };
    let mut responses = Value::object();
    for code in operation.codes.iter().chain(&[401]) {
        let mut response = Value::object();
        response.set("description", meaning(*code));
        if *code != 401 {
            response.set("schema", schema.clone());
        }
        responses.set(code.to_string(), response);
    }
    entry.insert("responses", responses);
    if let Some((action, kind)) = &operation.about {
        entry.insert("x-kubernetes-action", *action);
        entry.insert("x-kubernetes-group-version-kind", kind_entry(kind));
    }
    Value::Object(entry)
}

/// The mark of what may have fields that the schema does not name.
const OPEN: &str = "x-kubernetes-preserve-unknown-fields";

/// A kind that may have any fields: old clients would take the fields that are named for all that there are.
fn open_kind(schema: &Value) -> Value {
    const KINDS: &str = "x-kubernetes-group-version-kind";
    let mut open = Value::object();
    open.set("type", "object");
    open.set(KINDS, schema.get(KINDS).cloned());
    open
}

/// Makes a schema of version 2 from one of version 3: what the old version cannot say is left out.
fn translate(schema: &mut Value) {
    let Some(entries) = schema.as_object_mut() else {
        return;
    };
    entries.remove("default");
    if let Some(reference) = sole_reference(entries) {
        entries.remove("allOf");
        entries.insert("$ref", reference);
    }
    for key in ["allOf", "anyOf", "oneOf", "not"] {
        entries.remove(key);
    }
    let flag = |key: &str| entries.get(key).and_then(Value::as_bool) == Some(true);
    let is_open = flag(OPEN);
    let is_nullable = flag("nullable");
    let either = flag("x-kubernetes-int-or-string");
    entries.remove("nullable");
    if either || is_nullable {
        // Old clients would refuse what fits no single type.
        entries.remove("type");
    }
    if is_open || is_nullable {
        for key in ["items", "properties", "additionalProperties"] {
            entries.remove(key);
        }
    }
    if is_open {
        entries.remove("type");
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = entries.get_mut(key) {
            translate(inner);
        }
    }
    if let Some(Value::Object(properties)) = entries.get_mut("properties") {
        for (_, property) in properties.iter_mut() {
            translate(property);
        }
    }
    let name = entries.get("$ref").and_then(Value::as_str);
    if let Some(name) = name.and_then(|text| text.strip_prefix(REFERENCE)) {
        let text = format!("{DEFINITION}{name}");
        entries.insert("$ref", text);
    }
}

/// What stood alone in `allOf`, because version 3 wants nothing beside a reference.
fn sole_reference(entries: &Object) -> Option<Value> {
    match entries.get("allOf")?.as_array()? {
        [only] => only.get("$ref").cloned(),
        _ => None,
    }
}
