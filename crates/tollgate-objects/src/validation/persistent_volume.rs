//! `ValidatePersistentVolume` and its updates.

use super::fields::{self, child};
use super::persistent_volume_claim::access_modes;
use super::pod::node_selector;
use super::pod::volumes::{self, MORE_THAN_ONE};
use super::workload::metadata_update;
use super::{Options, csi, go_struct, paths};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Quantity, Value, names};

const POLICIES: [&str; 3] = ["Delete", "Recycle", "Retain"];

/// All sorts of sources, in the order in which upstream looks for them.
const SOURCES: [&str; 22] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];

/// Validates a volume that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, false, names::dns1123_subdomain, errors);
    let spec = child(object, "spec");
    validate_spec(spec, &Path::root("spec"), false, errors);
}

/// Validates a volume within a VolumeAttachment.
pub(super) fn validate_inline(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    validate_spec(spec, path, true, errors);
}

fn validate_spec(spec: &Value, path: &Path<'_>, inline: bool, errors: &mut Errors) {
    if inline {
        not_inline(spec, path, errors);
    }
    let modes = spec.items("accessModes");
    let modes_path = path.child("accessModes");
    if modes.is_empty() {
        let why = if inline {
            "at least 1 access mode is required"
        } else {
            ""
        };
        errors.push(Error::required(&modes_path, why));
    }
    access_modes(modes, &modes_path, errors);
    if !inline {
        capacity(spec, &path.child("capacity"), errors);
        let policy = spec.str_or_empty("persistentVolumeReclaimPolicy");
        if !policy.is_empty() {
            let field = "persistentVolumeReclaimPolicy";
            fields::word(spec, field, &POLICIES, path, errors);
        }
    }
    if let Some(affinity) = spec.get("nodeAffinity") {
        let path = path.child("nodeAffinity");
        let required_path = path.child("required");
        if let Some(required) = affinity.get("required") {
            node_selector::validate(required, &required_path, errors);
        } else {
            let why = "must specify required node constraints";
            errors.push(Error::required(&required_path, why));
        }
    }
    source(spec, path, errors);
    let recycled = spec.str_or_empty("persistentVolumeReclaimPolicy") == "Recycle";
    let folder = spec.at(&["hostPath", "path"]).and_then(Value::as_str);
    if recycled && folder.is_some_and(is_root) {
        let why = "may not be 'recycle' for a hostPath mount of '/'";
        let path = path.child("persistentVolumeReclaimPolicy");
        errors.push(Error::forbidden(&path, why));
    }
    if !inline {
        let rule = names::dns1123_subdomain;
        fields::name_if_any(spec, "storageClassName", rule, path, errors);
    }
    fields::word(spec, "volumeMode", &["Block", "Filesystem"], path, errors);
    attributes_class(spec, path, errors);
}

fn not_inline(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    for (field, why) in [
        (
            "claimRef",
            "may not be specified in the context of inline volumes",
        ),
        (
            "capacity",
            "may not be specified in the context of inline volumes",
        ),
        (
            "persistentVolumeReclaimPolicy",
            "may only be retain in the context of inline volumes",
        ),
        (
            "storageClassName",
            "may not be specified in the context of inline volumes",
        ),
    ] {
        let is_set = match spec.get(field) {
            None => false,
            Some(Value::String(text)) if field == "persistentVolumeReclaimPolicy" => {
                !matches!(text.as_str(), "" | "Retain")
            }
            Some(Value::String(text)) => !text.is_empty(),
            Some(_) => spec.entries(field).next().is_some(),
        };
        if is_set {
            errors.push(Error::forbidden(&path.child(field), why));
        }
    }
    if spec.get("csi").is_none() {
        let why = "must specify CSI volume in the context of inline volumes";
        errors.push(Error::required(&path.child("csi"), why));
    }
}

fn capacity(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let count = spec.entries("capacity").count();
    let has_storage = spec.entries("capacity").any(|(name, _)| name == "storage");
    if count == 0 {
        errors.push(Error::required(path, ""));
    }
    if !has_storage || count > 1 {
        let mut shown: Vec<(&str, Value)> = spec
            .entries("capacity")
            .map(|(name, amount)| {
                let printed = Quantity::from_value(amount).map(|amount| amount.to_string());
                (name, Value::from(printed.unwrap_or_default()))
            })
            .collect();
        shown.sort_by_key(|(name, _)| *name);
        let shown: Value = match spec.get("capacity") {
            None => Value::Null,
            Some(_) => shown.into_iter().collect(),
        };
        errors.push(Error::not_supported(path, shown, &["storage"]));
    }
    for (name, amount) in spec.entries("capacity") {
        if let Ok(amount) = Quantity::from_value(amount)
            && amount.value() < 0
        {
            let why = "must be a valid resource quantity";
            errors.push(Error::invalid(&path.key(name), amount.value(), why));
        }
    }
}

fn source(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut found = false;
    for key in SOURCES {
        let Some(source) = spec.get(key) else {
            continue;
        };
        // Upstream looks at this sort whatever else is there, and does not count it before others.
        if key == "flexVolume" {
            volumes::validate_persistent(key, source, path, errors);
            found = true;
            continue;
        }
        if found {
            let path = path.child(volumes::name_of_too_many(key));
            errors.push(Error::forbidden(&path, MORE_THAN_ONE));
            continue;
        }
        found = true;
        match key {
            "local" => local(source, spec, path, errors),
            "csi" => container_storage(source, &path.child("csi"), errors),
            _ => volumes::validate_persistent(key, source, path, errors),
        }
    }
    if !found {
        errors.push(Error::required(path, "must specify a volume type"));
    }
}

fn local(source: &Value, spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let local = path.child("local");
    if fields::required(source, "path", &local, errors) {
        let folder = source.str_or_empty("path");
        paths::no_backsteps(folder, &local.child("path"), errors);
    }
    if spec.get("nodeAffinity").is_none() {
        let why = "Local volume requires node affinity";
        errors.push(Error::required(&path.child("nodeAffinity"), why));
    }
}

fn container_storage(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    csi::driver_name(source.str_or_empty("driver"), &path.child("driver"), errors);
    fields::required(source, "volumeHandle", path, errors);
    for field in [
        "controllerPublishSecretRef",
        "controllerExpandSecretRef",
        "nodePublishSecretRef",
        "nodeExpandSecretRef",
    ] {
        if let Some(secret) = source.get(field) {
            let path = path.child(field);
            fields::required_name(secret, "name", names::dns1123_subdomain, &path, errors);
            fields::required_name(secret, "namespace", names::dns1123_label, &path, errors);
        }
    }
}

fn attributes_class(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let field = "volumeAttributesClassName";
    let Some(class) = spec.str(field) else {
        return;
    };
    if class.is_empty() {
        let why = "an empty string is disallowed";
        errors.push(Error::required(&path.child(field), why));
    }
    fields::name_if_any(spec, field, names::dns1123_subdomain, path, errors);
    if spec.get("csi").is_none() {
        let why = "has to be specified when using volumeAttributesClassName";
        errors.push(Error::required(&path.child("csi"), why));
    }
}

/// Whether a path leads to the root once it is cleaned.
fn is_root(path: &str) -> bool {
    path.starts_with('/') && path.split('/').all(|step| matches!(step, "" | "." | ".."))
}

/// Validates what a volume becomes by an update: its source stays.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    // The strategy asks for the whole, and so does the update; nobody asks what of the metadata has changed.
    validate_create(new, options, errors);
    validate_create(new, options, errors);
    let [spec, before] = [new, old].map(|object| child(object, "spec"));
    if SOURCES.iter().any(|key| spec.get(key) != before.get(key)) {
        let diff = go_struct::diff(
            &go_struct::persistent_volume_source(before),
            &go_struct::persistent_volume_source(spec),
        );
        let path = Path::root("spec");
        let path = path.child("persistentvolumesource");
        let why = format!("spec.persistentvolumesource is immutable after creation\n{diff}");
        errors.push(Error::forbidden(&path, why));
    }
    fields::stays(
        spec,
        before,
        "volumeMode",
        &Path::root("volumeMode"),
        errors,
    );
    if before.get("nodeAffinity").is_some()
        && spec.get("nodeAffinity") != before.get("nodeAffinity")
    {
        let shown = go_struct::of_field("v1", "PersistentVolume", "spec.nodeAffinity", new);
        let why = "field is immutable, except for updating from beta label to GA";
        errors.push(Error::invalid(&Path::root("nodeAffinity"), shown, why));
    }
}

/// Validates an update of a volume's status.
pub(super) fn validate_status_update(
    new: &Value,
    old: &Value,
    _options: &Options,
    errors: &mut Errors,
) {
    metadata_update(new, old, errors);
}
