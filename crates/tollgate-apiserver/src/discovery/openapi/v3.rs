//! The documents of OpenAPI version 3, as JSON.

use super::DocumentError;
use super::facts::Facts;
use super::fields::reference;
use super::operation::{Content, Operation, Parameter, Path, Place, meaning};
use super::schemas::{Schemas, kind_entry};
use super::sections::Section;
use crate::discovery::document::Packer;
use tollgate_api::{Object, Release, Value, json};

/// Writes the document of a section.
pub(super) fn write(
    section: Section<'_>,
    facts: &Facts,
    release: Release,
    out: &mut Packer,
) -> Result<(), DocumentError> {
    let mut schemas = Schemas::new(facts);
    let paths = section.paths(&mut schemas);
    out.push(format!(
        r#"{{"openapi":"3.0.0","info":{{"title":"Kubernetes","version":"v{release}.0"}},"paths":{{"#
    ))?;
    for (index, path) in paths.iter().enumerate() {
        entry(index, &path.text, &path_item(path), out)?;
    }
    out.push(r#"},"components":{"schemas":{"#)?;
    for (index, name) in schemas.names().enumerate() {
        entry(index, name, &schemas.schema(name, true), out)?;
    }
    out.push(
        r#"},"securitySchemes":{"BearerToken":{"type":"apiKey","in":"header","name":"authorization"}}}}"#,
    )?;
    Ok(())
}

/// One entry of an object: the comma before it, its key and its value.
pub(super) fn entry(
    index: usize,
    key: &str,
    value: &Value,
    out: &mut Packer,
) -> Result<(), DocumentError> {
    if index > 0 {
        out.push(",")?;
    }
    out.push(json::to_string(&Value::from(key)))?;
    out.push(":")?;
    out.push(json::to_string(value))?;
    Ok(())
}

fn path_item(path: &Path) -> Value {
    let mut item = Value::object();
    for operation in &path.operations {
        item.set(operation.method, written(operation));
    }
    if !path.parameters.is_empty() {
        item.set("parameters", parameters(&path.parameters));
    }
    item
}

fn parameters(parameters: &[Parameter]) -> Value {
    let parameter = |parameter: &Parameter| {
        let mut entry = Value::object();
        entry.set("name", parameter.name);
        match parameter.place {
            Place::Path => {
                entry.set("in", "path");
                entry.set("required", true);
            }
            Place::Query => entry.set("in", "query"),
        }
        let schema = entry.child_mut("schema");
        schema.set("type", parameter.kind);
        schema.set("uniqueItems", true);
        entry
    };
    Value::Array(parameters.iter().map(parameter).collect())
}

fn content(media: &[&'static str], schema: &Value) -> Value {
    let entry = |media: &&'static str| {
        let with_schema: Value = [("schema", schema.clone())].into_iter().collect();
        (*media, with_schema)
    };
    media.iter().map(entry).collect()
}

fn written(operation: &Operation) -> Value {
    let mut entry = Object::new();
    entry.insert("tags", vec![operation.tag.as_str()]);
    entry.insert("operationId", operation.id.as_str());
    if !operation.parameters.is_empty() {
        entry.insert("parameters", parameters(&operation.parameters));
    }
    if let Some(body) = &operation.body {
        let mut request = Value::object();
        request.set("content", content(body.media, &reference(&body.schema)));
        if body.required {
            request.set("required", true);
        }
        entry.insert("requestBody", request);
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
            response.set("content", content(operation.media.types(), &schema));
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
