//! `ValidateRole`, `ValidateClusterRole` and their updates.

use super::label_selector::{self, Values};
use super::{Options, object_meta, object_meta_update};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// Validates a Role that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    validate(object, true, errors);
}

/// Validates a ClusterRole that is to be created.
pub(super) fn validate_cluster_create(object: &Value, _options: &Options, errors: &mut Errors) {
    validate(object, false, errors);
    let Some(aggregation) = object.get("aggregationRule") else {
        return;
    };
    let path = Path::root("aggregationRule");
    let path = path.child("clusterRoleSelectors");
    let selectors = aggregation.items("clusterRoleSelectors");
    if selectors.is_empty() {
        let why = "at least one clusterRoleSelector required if aggregationRule is non-nil";
        errors.push(Error::required(&path, why));
    }
    for (place, selector) in selectors.iter().enumerate() {
        let path = path.index(place);
        let before = errors.len();
        label_selector::validate_at(selector, Values::Strict, &path, errors);
        if errors.len() > before {
            // Upstream shows a selector that it could not make.
            errors.push(Error::invalid(
                &path,
                Value::Null,
                "invalid label selector.",
            ));
        }
    }
}

fn validate(object: &Value, namespaced: bool, errors: &mut Errors) {
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    let path = Path::root("metadata");
    object_meta::validate(metadata, namespaced, names::path_segment, &path, errors);
    let rules = Path::root("rules");
    for (place, rule) in object.items("rules").iter().enumerate() {
        validate_rule(rule, namespaced, &rules.index(place), errors);
    }
}

/// `ValidatePolicyRule`
pub(crate) fn validate_rule(rule: &Value, namespaced: bool, path: &Path<'_>, errors: &mut Errors) {
    if rule.items("verbs").is_empty() {
        let why = "verbs must contain at least one value";
        errors.push(Error::required(&path.child("verbs"), why));
    }
    let urls = rule.items("nonResourceURLs");
    if !urls.is_empty() {
        let path = path.child("nonResourceURLs");
        let shown = || Value::Array(urls.to_vec());
        if namespaced {
            let why = "namespaced rules cannot apply to non-resource URLs";
            errors.push(Error::invalid(&path, shown(), why));
        }
        let others = ["apiGroups", "resources", "resourceNames"];
        if others.iter().any(|field| !rule.items(field).is_empty()) {
            let why = "rules cannot apply to both regular resources and non-resource URLs";
            errors.push(Error::invalid(&path, shown(), why));
        }
        return;
    }
    if rule.items("apiGroups").is_empty() {
        let why = "resource rules must supply at least one api group";
        errors.push(Error::required(&path.child("apiGroups"), why));
    }
    if rule.items("resources").is_empty() {
        let why = "resource rules must supply at least one resource";
        errors.push(Error::required(&path.child("resources"), why));
    }
}

/// Validates what a Role becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    validate_create(new, options, errors);
    update_of_metadata(new, old, errors);
}

/// Validates what a ClusterRole becomes by an update.
pub(super) fn validate_cluster_update(
    new: &Value,
    old: &Value,
    options: &Options,
    errors: &mut Errors,
) {
    validate_cluster_create(new, options, errors);
    update_of_metadata(new, old, errors);
}

/// The rules of metadata in an update.
pub(super) fn update_of_metadata(new: &Value, old: &Value, errors: &mut Errors) {
    let [new, old] = [new, old].map(|object| object.get("metadata").unwrap_or(&Value::Null));
    object_meta_update::validate(new, old, &Path::root("metadata"), errors);
}
