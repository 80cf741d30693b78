//! `ValidateIngressClass` and its update.

use super::fields::{self, child};
use super::job::domain_prefixed_path;
use super::workload::metadata_update;
use super::{Options, ingress};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

const CONTROLLER_BYTES_MAX: usize = 250;

/// Validates an IngressClass that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, false, names::dns1123_subdomain, errors);
    let spec = child(object, "spec");
    let path = Path::root("spec");
    let controller = spec.str_or_empty("controller");
    let controller_path = path.child("controller");
    if controller.len() > CONTROLLER_BYTES_MAX {
        errors.push(Error::too_long(&controller_path, CONTROLLER_BYTES_MAX));
    }
    domain_prefixed_path(controller, &controller_path, errors);
    if let Some(parameters) = spec.get("parameters") {
        validate_parameters(parameters, &path.child("parameters"), errors);
    }
}

fn validate_parameters(parameters: &Value, path: &Path<'_>, errors: &mut Errors) {
    ingress::object_reference(parameters, path, errors);
    let namespace = parameters.str("namespace");
    let namespace_path = path.child("namespace");
    match (parameters.str_or_empty("scope"), namespace) {
        ("Namespace", None | Some("")) => {
            let why = "`parameters.scope` is set to 'Namespace'";
            errors.push(Error::required(&namespace_path, why));
        }
        ("Namespace", Some(_)) => {
            fields::name_if_any(parameters, "namespace", names::dns1123_label, path, errors);
        }
        ("Cluster", Some(_)) => {
            let why = "`parameters.scope` is set to 'Cluster'";
            errors.push(Error::forbidden(&namespace_path, why));
        }
        ("Cluster", None) => {}
        _ => fields::required_word(parameters, "scope", &["Cluster", "Namespace"], path, errors),
    }
}

/// Validates what an IngressClass becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    metadata_update(new, old, errors);
    let path = Path::root("spec");
    let path = path.child("controller");
    let [spec, before] = [new, old].map(|object| child(object, "spec"));
    fields::stays(spec, before, "controller", &path, errors);
    validate_create(new, options, errors);
}
