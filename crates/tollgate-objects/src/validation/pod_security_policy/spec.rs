//! The spec, field by field in upstream's order.

use super::{rules, runtime_class, sysctls, wording};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::go_format::{quote, slice_syntax};
use tollgate_api::{Value, names};

const DRIVER_BYTES_MAX: usize = 63;

/// Every type of volume that 1.24 knows, sorted.
const VOLUMES: [&str; 30] = [
    "*",
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephFS",
    "cinder",
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "hostPath",
    "iscsi",
    "nfs",
    "persistentVolumeClaim",
    "photonPersistentDisk",
    "portworxVolume",
    "projected",
    "quobyte",
    "rbd",
    "scaleIO",
    "secret",
    "storageos",
    "vsphereVolume",
];

pub(super) fn validate(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    rules::run_as_user(spec, path, errors);
    rules::run_as_group(spec, path, errors);
    rules::se_linux(spec, path, errors);
    rules::groups(spec, "supplementalGroups", path, errors);
    rules::groups(spec, "fsGroup", path, errors);
    for volume in texts(spec, "volumes").filter(|volume| !VOLUMES.contains(volume)) {
        errors.push(Error::not_supported(
            &path.child("volumes"),
            volume,
            &VOLUMES,
        ));
    }
    capabilities(spec, errors);
    default_escalation(spec, path, errors);
    proc_mounts(spec, path, errors);
    host_paths(spec, path, errors);
    flex_volumes(spec, path, errors);
    csi_drivers(spec, path, errors);
    sysctls::validate(spec, path, errors);
    runtime_class::validate(spec, path, errors);
}

/// The texts of a list; a member of a wrong type reads as empty.
fn texts<'v>(spec: &'v Value, field: &str) -> impl Iterator<Item = &'v str> + use<'v> {
    let items = spec.items(field).iter();
    items.map(|item| item.as_str().unwrap_or_default())
}

fn capabilities(spec: &Value, errors: &mut Errors) {
    let is_dropped =
        |name: &str| texts(spec, "requiredDropCapabilities").any(|dropped| dropped == name);
    let drops = spec.items("requiredDropCapabilities");
    if !drops.is_empty() && texts(spec, "allowedCapabilities").any(|name| name == "*") {
        let quoted = texts(spec, "requiredDropCapabilities").map(quote);
        let shown = slice_syntax("core.Capability", Some(quoted));
        let path = Path::root("requiredDropCapabilities");
        let detail = "must be empty when all capabilities are allowed by a wildcard";
        errors.push(Error::invalid_shown(&path, drops.to_vec(), shown, detail));
    }
    for list in ["defaultAddCapabilities", "allowedCapabilities"] {
        for name in texts(spec, list).filter(|name| is_dropped(name)) {
            let detail = format!("capability is listed in {list} and requiredDropCapabilities");
            errors.push(Error::invalid(&Path::root(list), name, detail));
        }
    }
}

fn default_escalation(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let default = spec.bool("defaultAllowPrivilegeEscalation");
    // Absent reads as allowed: defaulting has set it.
    let allowed = spec.bool("allowPrivilegeEscalation").unwrap_or(true);
    if default == Some(true) && !allowed {
        errors.push(Error::invalid(
            &path.child("defaultAllowPrivilegeEscalation"),
            true,
            "Cannot set DefaultAllowPrivilegeEscalation to true without also setting AllowPrivilegeEscalation to true",
        ));
    }
}

fn proc_mounts(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    const TYPES: [&str; 2] = ["Default", "Unmasked"];
    let path = path.child("allowedProcMountTypes");
    for (index, name) in texts(spec, "allowedProcMountTypes").enumerate() {
        if !TYPES.contains(&name) {
            errors.push(Error::not_supported(&path.index(index), name, &TYPES));
        }
    }
}

fn host_paths(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("allowedHostPaths");
    for (index, entry) in spec.items("allowedHostPaths").iter().enumerate() {
        let path = path.index(index);
        let prefix = entry.str_or_empty("pathPrefix");
        if prefix.is_empty() {
            errors.push(Error::required(&path, "is required"));
            // Upstream looks no further.
            break;
        }
        if prefix.split('/').any(|step| step == "..") {
            errors.push(Error::invalid(&path, prefix, "must not contain '..'"));
        }
    }
}

fn flex_volumes(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("allowedFlexVolumes");
    let path = path.child("allowedFlexVolumes");
    for (index, entry) in spec.items("allowedFlexVolumes").iter().enumerate() {
        if entry.str_or_empty("driver").is_empty() {
            let path = path.index(index);
            errors.push(Error::required(
                &path.child("driver"),
                "must specify a driver",
            ));
        }
    }
}

fn csi_drivers(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("allowedCSIDrivers");
    let path = path.child("allowedCSIDriver");
    for (index, entry) in spec.items("allowedCSIDrivers").iter().enumerate() {
        let path = path.index(index);
        let path = path.child("name");
        let name = entry.str_or_empty("name");
        if name.is_empty() {
            errors.push(Error::required(&path, ""));
        }
        if name.len() > DRIVER_BYTES_MAX {
            let mut error = Error::too_long(&path, DRIVER_BYTES_MAX);
            wording::put_back_length(&mut error);
            errors.push(error);
        }
        for why in names::dns1123_subdomain(&name.to_lowercase()) {
            errors.push(Error::invalid(&path, name, why));
        }
    }
}
