//! Field errors of what is about to be stored, as the status that a client sees.

use super::call::Call;
use crate::resources::Resource;
use tollgate_api::field::{Errors, Path};
use tollgate_api::{Status, Value, names};
use tollgate_objects::validation::object_meta::NameRule;
use tollgate_objects::validation::{Options, object_meta, object_meta_update, validate_create};

const METADATA: Path<'static> = Path::root("metadata");

/// Kinds whose own validation looks at the metadata, too.
const WITH_METADATA: &[(&str, &str)] = &[
    ("", "limitranges"),
    ("", "persistentvolumeclaims"),
    ("", "pods"),
    ("", "resourcequotas"),
    ("policy", "podsecuritypolicies"),
    ("scheduling.k8s.io", "priorityclasses"),
];

fn validates_metadata(resource: &Resource) -> bool {
    WITH_METADATA.contains(&(resource.group(), resource.plural()))
}

/// How objects of a resource may be named.
fn name_rule(resource: &Resource) -> NameRule {
    match (resource.group(), resource.plural()) {
        ("", "namespaces" | "services") => names::dns1123_label,
        ("rbac.authorization.k8s.io", _) => names::path_segment,
        _ => names::dns1123_subdomain,
    }
}

fn validate_metadata(resource: &Resource, object: &Value, errors: &mut Errors) {
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    let rule = name_rule(resource);
    if resource.is_custom() {
        object_meta::validate_generic(metadata, resource.namespaced, rule, &METADATA, errors);
    } else {
        object_meta::validate(metadata, resource.namespaced, rule, &METADATA, errors);
    }
}

fn refuse(call: &Call<'_>, name: &str, errors: &Errors) -> Result<(), Status> {
    if errors.is_empty() {
        return Ok(());
    }
    let kind = &call.resource.kind;
    Err(Status::invalid(&kind.group, &kind.kind, name, errors))
}

/// Judges an object that is about to be created.
pub(super) fn creation(call: &Call<'_>, object: &Value) -> Result<(), Status> {
    let mut errors = Errors::new();
    if !validates_metadata(call.resource) {
        validate_metadata(call.resource, object, &mut errors);
    }
    errors.extend(validate_create(
        &call.resource.kind,
        object,
        &Options::default(),
    ));
    refuse(call, super::metadata::name(object), &errors)
}

/// Judges an object that is about to replace another.
pub(super) fn replacement(call: &Call<'_>, new: &Value, old: &Value) -> Result<(), Status> {
    let mut errors = Errors::new();
    let metadata = |object: &Value| object.get("metadata").cloned().unwrap_or_default();
    let (new_metadata, old_metadata) = (metadata(new), metadata(old));
    if call.resource.is_custom() {
        object_meta_update::validate_generic(&new_metadata, &old_metadata, &METADATA, &mut errors);
    } else {
        object_meta_update::validate(&new_metadata, &old_metadata, &METADATA, &mut errors);
    }
    refuse(call, super::metadata::name(old), &errors)
}
