//! Claims of storage: `ValidatePersistentVolumeClaim`.

use super::label_selector::{self, Values};
use super::object_meta::{self, annotations, invalid_each, labels};
use super::pod::resources::quantity;
use super::workload::metadata_update;
use super::{Options, fields, go_struct, object_meta_update};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Quantity, Value, names, resource_list};

/// Sorted, as messages list them.
pub(super) const ACCESS_MODES: &[&str] = &[
    "ReadOnlyMany",
    "ReadWriteMany",
    "ReadWriteOnce",
    "ReadWriteOncePod",
];

const ALONE: &str = "ReadWriteOncePod";

/// Validates a claim that is to be created.
pub fn validate_create(claim: &Value, _options: &Options, errors: &mut Errors) {
    object_meta::validate(
        claim.get("metadata").unwrap_or(&Value::Null),
        true,
        names::dns1123_subdomain,
        &Path::root("metadata"),
        errors,
    );
    let spec = claim.get("spec").unwrap_or(&Value::Null);
    validate_spec(spec, &Path::root("spec"), errors);
}

const IMMUTABLE: &str = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// Validates what a claim becomes by an update: a volume may be found for it, and a bound claim may grow.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    metadata_update(new, old, errors);
    validate_create(new, options, errors);
    let mut kept = new.clone();
    let mut before = old.clone();
    let is_bound = new.at(&["status", "phase"]).and_then(Value::as_str) == Some("Bound");
    let old_spec = old.get("spec").unwrap_or(&Value::Null);
    let new_spec = new.get("spec").unwrap_or(&Value::Null);
    if old_spec.str_or_empty("volumeName").is_empty()
        && let Some(name) = new_spec.get("volumeName")
    {
        before.child_mut("spec").set("volumeName", name.clone());
    }
    if !upgrades_class(new, old, &mut kept) {
        class_annotation_stays(new, old, errors);
    }
    if is_bound && new_spec.at(&["resources", "requests"]).is_some() {
        let spec = kept.child_mut("spec");
        let storage = old_spec.at(&["resources", "requests", "storage"]).cloned();
        let requests = spec.child_mut("resources").child_mut("requests");
        requests.set("storage", storage);
        let class = "volumeAttributesClassName";
        match old_spec.get(class) {
            Some(value) => spec.set(class, value.clone()),
            None => {
                spec.remove(class);
            }
        }
    }
    let [shown_before, shown] = [&before, &kept]
        .map(|claim| go_struct::of_field("v1", "PersistentVolumeClaim", "spec", claim));
    let path = Path::root("spec");
    if !go_struct::same(&shown, &shown_before) {
        let diff = go_struct::diff(&shown_before, &shown);
        errors.push(Error::forbidden(&path, format!("{IMMUTABLE}\n{diff}")));
    }
    not_below_capacity(new, old, &path, errors);
    let mode = Path::root("volumeMode");
    fields::stays(new_spec, old_spec, "volumeMode", &mode, errors);
}

/// Validates an update of a claim's status: what it has got.
pub(super) fn validate_status_update(
    new: &Value,
    old: &Value,
    _options: &Options,
    errors: &mut Errors,
) {
    metadata_update(new, old, errors);
    let modes = new
        .get("spec")
        .map_or(&[][..], |spec| spec.items("accessModes"));
    if modes.is_empty() {
        let path = Path::root("spec");
        errors.push(Error::required(&path.child("accessModes"), ""));
    }
    let status = new.get("status").unwrap_or(&Value::Null);
    let path = Path::root("status");
    let path = path.child("capacity");
    for (name, amount) in resource_list::amounts(status.get("capacity")) {
        if amount.value() < 0 {
            let why = "must be a valid resource quantity";
            errors.push(Error::invalid(&path.key(name), amount.value(), why));
        }
    }
}

/// A class that stood in an annotation, or that was none, may become a field.
fn upgrades_class(new: &Value, old: &Value, kept: &mut Value) -> bool {
    let class = new
        .at(&["spec", "storageClassName"])
        .and_then(Value::as_str);
    let is_new = old.at(&["spec", "storageClassName"]).is_none();
    let annotation = |claim: &Value| claim.at(&["metadata", "annotations", BETA_CLASS]).cloned();
    let Some(class) = class.filter(|_| is_new) else {
        return false;
    };
    let upgrades = match (annotation(old), annotation(new)) {
        // From no class at all.
        (None, None) => true,
        (Some(before), None) => before.as_str() == Some(class),
        (Some(before), Some(now)) => before == now && before.as_str() == Some(class),
        (None, Some(_)) => false,
    };
    if upgrades {
        kept.child_mut("spec").remove("storageClassName");
    }
    upgrades
}

fn class_annotation_stays(new: &Value, old: &Value, errors: &mut Errors) {
    let [now, before] = [new, old].map(|claim| {
        let found = claim.at(&["metadata", "annotations", BETA_CLASS]);
        found.and_then(Value::as_str).unwrap_or_default()
    });
    if now != before {
        let path = Path::root("metadata");
        let path = path.child("annotations");
        let value = Value::from(now);
        object_meta_update::immutable(&path.key(BETA_CLASS), value, errors);
    }
}

/// A claim that could not grow may shrink again, but not to what its volume has already.
fn not_below_capacity(new: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    let amount = |value: Option<&Value>| {
        let found = value.and_then(|amount| Quantity::from_value(amount).ok());
        found.unwrap_or_else(|| Quantity::from_int(0))
    };
    let requests = ["spec", "resources", "requests", "storage"];
    let size = amount(new.at(&requests));
    let capacity = amount(old.at(&["status", "capacity", "storage"]));
    if size.compare(&amount(old.at(&requests))).is_lt() && size.compare(&capacity).is_le() {
        let path = path.child("resources");
        let path = path.child("requests");
        let why = "field can not be less than status.capacity";
        errors.push(Error::forbidden(&path.child("storage"), why));
    }
}

/// Fields of metadata that a template must not have, in the order in which Go declares them.
const NOT_IN_TEMPLATES: &[&str] = &[
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "ownerReferences",
    "finalizers",
    "managedFields",
];

/// Validates the template of a claim in an ephemeral volume.
pub(super) fn validate_template(template: &Value, path: &Path<'_>, errors: &mut Errors) {
    let metadata = template.get("metadata").unwrap_or(&Value::Null);
    let metadata_path = path.child("metadata");
    annotations(metadata, &metadata_path.child("annotations"), errors);
    labels(metadata, "labels", &metadata_path.child("labels"), errors);
    for field in NOT_IN_TEMPLATES {
        let is_zero = match metadata.get(field) {
            None => true,
            Some(Value::String(text)) => text.is_empty(),
            // A number that is no pointer.
            Some(Value::Number(_)) if *field == "generation" => metadata.int(field) == Some(0),
            Some(_) => false,
        };
        if !is_zero {
            let path = match *field {
                // Go's field is `UID`, of which upstream lowers the first letter.
                "uid" => metadata_path.child("uID"),
                field => metadata_path.child(field),
            };
            errors.push(Error::forbidden(&path, "cannot be set"));
        }
    }
    let spec = template.get("spec").unwrap_or(&Value::Null);
    validate_spec(spec, &path.child("spec"), errors);
}

/// Validates the spec of a claim: `ValidatePersistentVolumeClaimSpec`.
pub(super) fn validate_spec(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let modes = spec.items("accessModes");
    let modes_path = path.child("accessModes");
    if modes.is_empty() {
        errors.push(Error::required(
            &modes_path,
            "at least 1 access mode is required",
        ));
    }
    let selector_path = path.child("selector");
    label_selector::validate(spec, "selector", Values::Strict, &selector_path, errors);
    access_modes(modes, &modes_path, errors);
    storage(spec, path, errors);
    class_name(spec, "storageClassName", path, errors);
    if let Some(mode) = spec.str("volumeMode")
        && !matches!(mode, "Block" | "Filesystem")
    {
        errors.push(Error::not_supported(
            &path.child("volumeMode"),
            mode,
            &["Block", "Filesystem"],
        ));
    }
    data_sources(spec, path, errors);
    class_name(spec, "volumeAttributesClassName", path, errors);
}

/// Validates that the modes are known and go together.
pub(super) fn access_modes(modes: &[Value], path: &Path<'_>, errors: &mut Errors) {
    let mut alone = false;
    let mut others = false;
    for mode in modes {
        let mode = mode.as_str().unwrap_or_default();
        if !ACCESS_MODES.contains(&mode) {
            errors.push(Error::not_supported(path, mode, ACCESS_MODES));
        } else if mode == ALONE {
            alone = true;
        } else {
            others = true;
        }
    }
    if alone && others {
        errors.push(Error::forbidden(
            path,
            "may not use ReadWriteOncePod with other access modes",
        ));
    }
}

fn storage(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("resources");
    let path = path.key("storage");
    let requests = spec.at(&["resources", "requests"]);
    let amount = requests
        .and_then(Value::as_object)
        .and_then(|requests| requests.get_or_null("storage"))
        .and_then(|amount| Quantity::from_value(amount).ok());
    match amount {
        None => errors.push(Error::required(&path, "")),
        Some(amount) if amount.sign() <= 0 => errors.push(Error::invalid(
            &path,
            amount.to_string(),
            "must be greater than zero",
        )),
        Some(amount) => quantity("storage", &amount, &path, errors),
    }
}

fn class_name(spec: &Value, field: &'static str, path: &Path<'_>, errors: &mut Errors) {
    let name = spec.str_or_empty(field);
    if !name.is_empty() {
        let messages = names::dns1123_subdomain(name);
        invalid_each(messages, name, &path.child(field), errors);
    }
}

fn data_sources(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let source = spec.get("dataSource");
    let reference = spec.get("dataSourceRef");
    for (field, data) in [("dataSource", source), ("dataSourceRef", reference)] {
        if let Some(data) = data {
            data_source(data, &path.child(field), errors);
        }
    }
    let (Some(source), Some(reference)) = (source, reference) else {
        return;
    };
    let why = if !reference.str_or_empty("namespace").is_empty() {
        "may not be specified when dataSourceRef.namespace is specified"
    } else if ["kind", "name"]
        .into_iter()
        .any(|field| source.str_or_empty(field) != reference.str_or_empty(field))
        || source.str("apiGroup") != reference.str("apiGroup")
    {
        "must match dataSourceRef"
    } else {
        return;
    };
    // Upstream shows a path here, which prints as an empty struct.
    errors.push(Error::invalid(path, Value::object(), why));
}

fn data_source(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    for field in ["name", "kind"] {
        if source.str_or_empty(field).is_empty() {
            errors.push(Error::required(&path.child(field), ""));
        }
    }
    let group = source.str_or_empty("apiGroup");
    let kind = source.str_or_empty("kind");
    if group.is_empty() && kind != "PersistentVolumeClaim" {
        errors.push(Error::invalid(
            path,
            kind,
            "must be 'PersistentVolumeClaim' when referencing the default apiGroup",
        ));
    }
    if !group.is_empty() {
        let messages = names::dns1123_subdomain(group);
        invalid_each(messages, group, &path.child("apiGroup"), errors);
    }
    let namespace = source.str_or_empty("namespace");
    if !namespace.is_empty() {
        let messages = names::dns1123_label(namespace);
        invalid_each(messages, namespace, &path.child("namespace"), errors);
    }
}
