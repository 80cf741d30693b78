//! Volumes of cloud providers and of drivers.

use super::{required, required_in_secret_ref};
use crate::validation::numbers::range_message;
use crate::validation::object_meta::invalid_each;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

const PARTITION_MAX: i64 = 255;
const DRIVER_BYTES_MAX: usize = 63;

pub(super) fn gce_persistent_disk(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    required(source, "pdName", path, errors);
    partition(source, path, errors);
}

pub(super) fn aws_elastic_block_store(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    required(source, "volumeID", path, errors);
    partition(source, path, errors);
}

/// 0 stands for the whole disk, though the message does not say so.
fn partition(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    let partition = source.int("partition").unwrap_or_default();
    if !(0..=PARTITION_MAX).contains(&partition) {
        errors.push(Error::invalid(
            &path.child("partition"),
            partition,
            range_message(1, PARTITION_MAX),
        ));
    }
}

pub(super) fn cinder(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    required(source, "volumeID", path, errors);
    required_in_secret_ref(source, path, errors);
}

pub(super) fn azure_file(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    required(source, "secretName", path, errors);
    required(source, "shareName", path, errors);
}

pub(super) fn azure_disk(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    required(source, "diskName", path, errors);
    required(source, "diskURI", path, errors);
    for (field, supported) in [
        ("cachingMode", ["None", "ReadOnly", "ReadWrite"]),
        ("kind", ["Dedicated", "Managed", "Shared"]),
    ] {
        if let Some(value) = source.str(field).filter(|value| !supported.contains(value)) {
            errors.push(Error::not_supported(&path.child(field), value, &supported));
        }
    }
    let uri = source.str_or_empty("diskURI");
    let (prefix, form) = match source.str("kind") {
        None => return,
        Some("Managed") => (
            "/subscriptions/",
            "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}",
        ),
        Some(_) => (
            "https://",
            "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd",
        ),
    };
    if !uri.starts_with(prefix) {
        errors.push(Error::not_supported(&path.child("diskURI"), uri, &[form]));
    }
}

pub(super) fn vsphere_volume(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    required(source, "volumePath", path, errors);
}

pub(super) fn photon_persistent_disk(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    required(source, "pdID", path, errors);
}

pub(super) fn portworx_volume(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    required(source, "volumeID", path, errors);
}

pub(super) fn scale_io(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    for field in ["gateway", "system", "volumeName"] {
        required(source, field, path, errors);
    }
}

pub(super) fn storage_os(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    required(source, "volumeName", path, errors);
    for field in ["volumeName", "volumeNamespace"] {
        let name = source.str_or_empty(field);
        if !name.is_empty() {
            invalid_each(names::dns1123_label(name), name, &path.child(field), errors);
        }
    }
    required_in_secret_ref(source, path, errors);
}

pub(super) fn csi(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    csi_driver_name(source.str_or_empty("driver"), &path.child("driver"), errors);
    let Some(secret) = source.get("nodePublishSecretRef") else {
        return;
    };
    let name = secret.str_or_empty("name");
    if name.is_empty() {
        errors.push(Error::required(
            &path.child("nodePublishSecretRef.name"),
            "",
        ));
    } else {
        let messages = names::dns1123_subdomain(name);
        invalid_each(messages, name, &path.child("name"), errors);
    }
}

/// The name of a CSI driver, whose case does not matter: `ValidateCSIDriverName`.
fn csi_driver_name(name: &str, path: &Path<'_>, errors: &mut Errors) {
    if name.is_empty() {
        errors.push(Error::required(path, ""));
    }
    if name.len() > DRIVER_BYTES_MAX {
        errors.push(Error::too_long(path, DRIVER_BYTES_MAX));
    }
    let messages = names::dns1123_subdomain(&name.to_lowercase());
    invalid_each(messages, name, path, errors);
}
