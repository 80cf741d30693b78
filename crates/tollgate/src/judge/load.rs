//! From a document's tree to an object that the chain can judge: its resource, its namespace, decoded and defaulted.

use super::settings::Settings;
use super::source::Source;
use crate::diagnostics::ObjectRef;
use compact_str::CompactString;
use tollgate_api::field::Errors;
use tollgate_api::{GroupResource, GroupVersionKind, Value};
use tollgate_objects::schema::{self, CustomResource, Problem};
use tollgate_objects::{conversion, defaults, strategy, validation};

/// An object of the input.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Where it came from.
    pub source: Source,
    /// Its kind.
    pub kind: GroupVersionKind,
    /// Its resource.
    pub resource: GroupResource,
    /// Whether the kind is built in or described by a CustomResourceDefinition.
    pub is_known: bool,
    /// Its namespace, or empty.
    pub namespace: CompactString,
    /// Its name, or what it is generated from, with the dash.
    pub name: CompactString,
    /// The object, decoded and defaulted.
    pub object: Value,
    /// What strict decoding refuses.
    pub problems: Vec<Problem>,
}

/// Why a tree is no object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnObject {
    /// A list or a scalar.
    #[error(
        "couldn't get version/kind; json parse error: json: cannot unmarshal {0} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
    )]
    NotAMap(&'static str),
    /// No `kind`.
    #[error("Object 'Kind' is missing in '{0}'")]
    KindMissing(String),
    /// No `apiVersion`.
    #[error("Object 'apiVersion' is missing in '{0}'")]
    ApiVersionMissing(String),
}

/// How much of an object is shown where it cannot be named.
const SHOWN_BYTES_MAX: usize = 200;

/// Loads one object.
pub fn load(
    mut object: Value,
    source: Source,
    settings: &Settings,
    custom: &[CustomResource],
) -> Result<Loaded, NotAnObject> {
    check_is_object(&object)?;
    let kind = GroupVersionKind::of(&object);
    let (resource, namespaced, is_known) = resource_of(&kind, custom);
    let metadata = object.get("metadata");
    let text = |key| metadata.map_or("", |metadata| metadata.str_or_empty(key));
    let name = if text("name").is_empty() {
        text("generateName")
    } else {
        text("name")
    };
    let name = CompactString::from(name);
    let namespace = match (namespaced, text("namespace")) {
        (Some(false), _) => CompactString::default(),
        (Some(true), "") => settings.namespace.as_str().into(),
        // A kind that nobody described is taken to live where it says.
        (Some(true) | None, namespace) => namespace.into(),
    };
    let problems = schema::decode(&kind, &mut object);
    if namespaced == Some(true) {
        object
            .child_mut("metadata")
            .set("namespace", namespace.clone());
    }
    if is_known {
        defaults::set_defaults(&kind, &mut object);
        conversion::convert(&kind, &mut object);
    }
    Ok(Loaded {
        source,
        kind,
        resource,
        is_known,
        namespace,
        name,
        object,
        problems,
    })
}

fn check_is_object(object: &Value) -> Result<(), NotAnObject> {
    match object {
        Value::Object(_) => {}
        Value::Array(_) => return Err(NotAnObject::NotAMap("array")),
        Value::String(_) => return Err(NotAnObject::NotAMap("string")),
        Value::Number(_) => return Err(NotAnObject::NotAMap("number")),
        Value::Bool(_) => return Err(NotAnObject::NotAMap("bool")),
        Value::Null => return Err(NotAnObject::NotAMap("null")),
    }
    if object.str_or_empty("kind").is_empty() {
        return Err(NotAnObject::KindMissing(shown(object)));
    }
    if object.str_or_empty("apiVersion").is_empty() {
        return Err(NotAnObject::ApiVersionMissing(shown(object)));
    }
    Ok(())
}

fn shown(object: &Value) -> String {
    let text = object.to_string();
    if text.len() <= SHOWN_BYTES_MAX {
        return text;
    }
    let end = (0..=SHOWN_BYTES_MAX)
        .rev()
        .find(|end| text.is_char_boundary(*end));
    format!(
        "{}...",
        text.get(..end.unwrap_or_default()).unwrap_or_default()
    )
}

/// The resource of a kind, whether it lives in namespaces, and whether anybody described it.
fn resource_of(
    kind: &GroupVersionKind,
    custom: &[CustomResource],
) -> (GroupResource, Option<bool>, bool) {
    if let Some(built_in) = schema::resource_of(kind) {
        let resource = GroupResource::new(built_in.group, built_in.plural);
        return (resource, Some(built_in.namespaced), true);
    }
    if let Some(described) = custom.iter().find(|custom| custom.kind == *kind) {
        let resource = GroupResource::new(kind.group.clone(), described.plural.clone());
        return (resource, Some(described.namespaced), true);
    }
    let resource = GroupResource::new(kind.group.clone(), schema::guess_plural(&kind.kind));
    (resource, None, false)
}

impl Loaded {
    /// How it is named in findings.
    pub fn reference(&self) -> ObjectRef {
        ObjectRef {
            api_version: self.kind.api_version(),
            kind: self.kind.kind.to_string(),
            namespace: self.namespace.to_string(),
            name: self.name.to_string(),
        }
    }

    /// The field errors of the object, as the API server would list them.
    pub fn validate(&self, settings: &Settings) -> Errors {
        field_errors(&self.kind, &self.object, settings)
    }
}

/// Stands for the identity of an object that is not stored.
const UNKNOWN_UID: &str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

/// The field errors of an object of `kind`, prepared as the registry prepares it before it is stored.
pub fn field_errors(kind: &GroupVersionKind, object: &Value, settings: &Settings) -> Errors {
    let options = validation_options(settings);
    if !strategy::prepares_create(kind) {
        return validation::validate_create(kind, object, &options);
    }
    let mut stored = object.clone();
    // What is made of an identity is made of one that only a cluster gives.
    stored
        .child_mut("metadata")
        .set_default("uid", || UNKNOWN_UID);
    strategy::prepare_for_create(kind, &mut stored, settings.release);
    validation::validate_create(kind, &stored, &options)
}

/// How objects are validated under these settings.
pub fn validation_options(settings: &Settings) -> validation::Options {
    let _ = settings;
    validation::Options::default()
}
