//! Field errors of what is about to be stored, as the status that a client sees.

use super::call::Call;
use crate::admission::expressions;
use crate::crd;
use crate::resources::Resource;
use tollgate_api::field::{Errors, Path};
use tollgate_api::{GroupVersionKind, Status, Value, names};
use tollgate_objects::validation::object_meta::NameRule;
use tollgate_objects::validation::{
    Options, object_meta, object_meta_update, refusal, validate_create, validate_finalize_update,
    validate_status_update, validate_subresource_update, validate_update, validates_create,
    validates_update,
};

const METADATA: Path<'static> = Path::root("metadata");

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
    refuse_as(call, &call.resource.kind.kind, name, errors)
}

/// The same in the name of another kind, which is what an object says that it is.
fn refuse_as(call: &Call<'_>, kind: &str, name: &str, errors: &Errors) -> Result<(), Status> {
    if errors.is_empty() {
        return Ok(());
    }
    let kind = GroupVersionKind {
        kind: kind.into(),
        ..call.resource.kind.clone()
    };
    Err(refusal(&kind, name, errors))
}

/// Judges an object that is about to be created.
pub(super) fn creation(call: &Call<'_>, object: &Value) -> Result<(), Status> {
    let mut errors = Errors::new();
    let custom = crd::custom_of(call.resource);
    if let Some(custom) = custom {
        let wrong = crd::objects::validate_type(custom, object);
        refuse_as(
            call,
            object.str_or_empty("kind"),
            super::metadata::name(object),
            &wrong,
        )?;
    }
    if !validates_create(&call.resource.kind) {
        validate_metadata(call.resource, object, &mut errors);
    }
    errors.extend(validate_create(
        &call.resource.kind,
        object,
        &Options::default(),
    ));
    errors.extend(expressions::check(&call.resource.kind, object));
    if let Some(custom) = custom {
        errors.extend(crd::objects::validate(custom, object, None));
    }
    if crd::is_definition(call.resource) {
        errors.extend(crd::rules::check(object));
    }
    let name = super::metadata::name(object);
    refuse(call, name, &errors)?;
    // The registry holds the metadata of every kind, and names that no path could hold.
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    let namespaced = call.resource.namespaced;
    object_meta::validate_generic(
        metadata,
        namespaced,
        names::path_segment,
        &METADATA,
        &mut errors,
    );
    refuse(call, name, &errors)
}

/// Judges an object that is about to replace another.
pub(super) fn replacement(call: &Call<'_>, new: &Value, old: &Value) -> Result<(), Status> {
    let mut errors = Errors::new();
    let kind = &call.resource.kind;
    let options = Options::default();
    let of_status = call.subresource == "status";
    // The registry holds the metadata of every kind first; what a kind says of them comes again. Those of custom objects
    // are looked at below.
    let metadata = |object: &Value| object.get("metadata").cloned().unwrap_or_default();
    object_meta_update::validate_generic(&metadata(new), &metadata(old), &METADATA, &mut errors);
    if !call.resource.is_custom() {
        object_meta::validate_generic(
            &metadata(new),
            call.resource.namespaced,
            names::path_segment,
            &METADATA,
            &mut errors,
        );
    }
    if let Some(found) = validate_subresource_update(kind, call.subresource, new, old, &options) {
        errors.extend(found);
    } else if of_status && validates_update(kind, true) {
        errors.extend(validate_status_update(kind, new, old, &options));
    } else if call.subresource.is_empty() && validates_update(kind, false) {
        errors.extend(validate_update(kind, new, old, &options));
        if crd::is_definition(call.resource) && new.get("spec") != old.get("spec") {
            errors.extend(crd::rules::check(new));
        }
    } else if call.subresource == "finalize" {
        validate_finalize_update(new, old, &mut errors);
    } else {
        if let Some(custom) = crd::custom_of(call.resource) {
            let wrong = crd::objects::validate_type(custom, new);
            refuse_as(
                call,
                new.str_or_empty("kind"),
                super::metadata::name(old),
                &wrong,
            )?;
            // What a kind says of the metadata of an update, it says by the rules of a creation, too.
            validate_metadata_update(call.resource, new, old, &mut errors);
            validate_metadata(call.resource, new, &mut errors);
            errors.extend(crd::objects::validate(custom, new, Some(old)));
            return refuse(call, super::metadata::name(old), &errors);
        }
        validate_metadata_update(call.resource, new, old, &mut errors);
        if call.subresource.is_empty() && validates_create(kind) {
            // Until a kind has rules for updates, what it becomes must at least be good.
            errors.extend(good_again(call.resource, new, options));
        }
    }
    if call.subresource.is_empty() {
        errors.extend(expressions::check_changed(kind, new, old));
    }
    refuse(call, super::metadata::name(old), &errors)
}

fn validate_metadata_update(resource: &Resource, new: &Value, old: &Value, errors: &mut Errors) {
    let metadata = |object: &Value| object.get("metadata").cloned().unwrap_or_default();
    let (new, old) = (metadata(new), metadata(old));
    if resource.is_custom() {
        object_meta_update::validate_generic(&new, &old, &METADATA, errors);
    } else {
        object_meta_update::validate(&new, &old, &METADATA, errors);
    }
}

/// What is wrong outside of the metadata, which an update judges in its own way.
fn good_again(resource: &Resource, object: &Value, options: Options) -> Errors {
    let errors = validate_create(&resource.kind, object, &options);
    let outside = errors
        .into_iter()
        .filter(|error| !error.field.starts_with("metadata"));
    outside.collect()
}
