//! Where a container sees volumes: `ValidateVolumeMounts`, `ValidateVolumeDevices`.

use super::volumes::Volumes;
use crate::validation::paths::{has_backsteps, local_descending};
use crate::validation::repeats::Repeats;
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

const NOT_UNIQUE: &str = "must be unique";

/// Validates `volumeMounts`. Upstream reports some errors at the list, not at its member.
pub(super) fn validate(
    container: &Value,
    volumes: &Volumes<'_>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let mounts = container.items("volumeMounts");
    let devices = container.items("volumeDevices");
    let mut repeats = Repeats::new(mounts, |mount| mount.str_or_empty("mountPath"));
    for (index, mount) in mounts.iter().enumerate() {
        let own_path = path.index(index);
        let name = mount.str_or_empty("name");
        let name_path = own_path.child("name");
        if name.is_empty() {
            errors.push(Error::required(&name_path, ""));
        }
        if volumes.get(name).is_none() {
            errors.push(Error::not_found(&name_path, name));
        }
        let mount_path = mount.str_or_empty("mountPath");
        let mount_path_path = own_path.child("mountPath");
        if mount_path.is_empty() {
            errors.push(Error::required(&mount_path_path, ""));
        }
        if repeats.next() {
            errors.push(Error::invalid(&mount_path_path, mount_path, NOT_UNIQUE));
        }
        if has(devices, "name", name) {
            errors.push(Error::invalid(
                &name_path,
                name,
                "must not already exist in volumeDevices",
            ));
        }
        if has_path(devices, "devicePath", mount_path) {
            errors.push(Error::invalid(
                &mount_path_path,
                mount_path,
                "must not already exist as a path in volumeDevices",
            ));
        }
        sub_path(mount, path, &own_path, errors);
        propagation(mount, container, &path.child("mountPropagation"), errors);
        recursive_read_only(mount, &path.child("recursiveReadOnly"), errors);
    }
}

fn has(list: &[Value], field: &str, text: &str) -> bool {
    list.iter().any(|entry| entry.str_or_empty(field) == text)
}

/// Whether one of the entries has this path; of entries with the same name upstream sees the last one.
fn has_path(list: &[Value], field: &str, text: &str) -> bool {
    list.iter().enumerate().any(|(index, entry)| {
        let rest = list.get(index.saturating_add(1)..).unwrap_or_default();
        entry.str_or_empty(field) == text && !has(rest, "name", entry.str_or_empty("name"))
    })
}

fn sub_path(mount: &Value, path: &Path<'_>, own_path: &Path<'_>, errors: &mut Errors) {
    let sub_path = mount.str_or_empty("subPath");
    if !sub_path.is_empty() {
        local_descending(sub_path, &path.child("subPath"), errors);
    }
    let expression = mount.str_or_empty("subPathExpr");
    if expression.is_empty() {
        return;
    }
    if !sub_path.is_empty() {
        errors.push(Error::invalid(
            &own_path.child("subPathExpr"),
            expression,
            "subPathExpr and subPath are mutually exclusive",
        ));
    }
    local_descending(expression, &path.child("subPathExpr"), errors);
}

fn propagation(mount: &Value, container: &Value, path: &Path<'_>, errors: &mut Errors) {
    const MODES: &[&str] = &["Bidirectional", "HostToContainer", "None"];
    let Some(mode) = mount.str("mountPropagation") else {
        return;
    };
    if !MODES.contains(&mode) {
        errors.push(Error::not_supported(path, mode, MODES));
    }
    let privileged = container
        .get("securityContext")
        .is_some_and(|context| context.bool("privileged") == Some(true));
    if mode == "Bidirectional" && !privileged {
        errors.push(Error::forbidden(
            path,
            "Bidirectional mount propagation is available only to privileged containers",
        ));
    }
}

fn recursive_read_only(mount: &Value, path: &Path<'_>, errors: &mut Errors) {
    match mount.str("recursiveReadOnly") {
        None | Some("Disabled") => {}
        Some("Enabled" | "IfPossible") => {
            if mount.bool("readOnly") != Some(true) {
                errors.push(Error::forbidden(
                    path,
                    "may only be specified when readOnly is true",
                ));
            }
            if !matches!(mount.str("mountPropagation"), None | Some("None")) {
                errors.push(Error::forbidden(
                    path,
                    "may only be specified when mountPropagation is None or not specified",
                ));
            }
        }
        Some(other) => errors.push(Error::not_supported(
            path,
            other,
            &["Disabled", "Enabled", "IfPossible"],
        )),
    }
}

/// Validates `volumeDevices`.
pub(super) fn validate_devices(
    container: &Value,
    volumes: &Volumes<'_>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let mounts = container.items("volumeMounts");
    let devices = container.items("volumeDevices");
    for (index, device) in devices.iter().enumerate() {
        let path = path.index(index);
        let earlier = devices.get(..index).unwrap_or_default();
        device_name(device, earlier, volumes, &path.child("name"), errors);
        let device_path = device.str_or_empty("devicePath");
        let device_path_path = path.child("devicePath");
        if device_path.is_empty() {
            errors.push(Error::required(&device_path_path, ""));
        }
        if !has_backsteps(device_path) && has(earlier, "devicePath", device_path) {
            errors.push(Error::invalid(&device_path_path, device_path, NOT_UNIQUE));
        }
        if has_backsteps(device_path) {
            errors.push(Error::invalid(
                &device_path_path,
                device_path,
                "can not contain backsteps ('..')",
            ));
        }
        let name = device.str_or_empty("name");
        if has(mounts, "name", name) {
            errors.push(Error::invalid(
                &path.child("name"),
                name,
                "must not already exist in volumeMounts",
            ));
        }
        if has_path(mounts, "mountPath", device_path) {
            errors.push(Error::invalid(
                &device_path_path,
                device_path,
                "must not already exist as a path in volumeMounts",
            ));
        }
    }
}

fn device_name(
    device: &Value,
    earlier: &[Value],
    volumes: &Volumes<'_>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let name = device.str_or_empty("name");
    if name.is_empty() {
        errors.push(Error::required(path, ""));
    } else if has(earlier, "name", name) {
        errors.push(Error::invalid(path, name, NOT_UNIQUE));
    }
    match volumes.get(name) {
        None => errors.push(Error::not_found(path, name)),
        Some(volume) => {
            let is_claim =
                volume.get("persistentVolumeClaim").is_some() || volume.get("ephemeral").is_some();
            if !is_claim {
                errors.push(Error::invalid(path, name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"));
            }
        }
    }
}
