//! Volumes of a pod, and the volume sources that persistent volumes share with them.

use super::set::{if_absent, if_empty, pointer, structure, structures};
use super::{env, image, persistent_volume_claim, resource_list};
use tollgate_api::Value;

/// The mode of projected files: `0644`.
const FILE_MODE: i64 = 0o644;

/// Every source a volume can have; without one it is an empty directory.
const SOURCES: [&str; 30] = [
    "hostPath",
    "emptyDir",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "persistentVolumeClaim",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "downwardAPI",
    "fc",
    "azureFile",
    "configMap",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "projected",
    "portworxVolume",
    "scaleIO",
    "storageos",
    "csi",
    "ephemeral",
    "image",
];

/// Sets the defaults of one volume of a pod.
pub(super) fn set_defaults(volume: &mut Value) {
    let has_source = volume.as_object().is_some_and(|volume| {
        volume
            .keys()
            .any(|key| SOURCES.contains(&key) && volume.contains_key(key))
    });
    if !has_source {
        if_absent(volume, "emptyDir", Value::object());
    }
    set_shared_source_defaults(volume);
    for key in ["secret", "configMap", "downwardAPI", "projected"] {
        if let Some(source) = pointer(volume, key) {
            if_absent(source, "defaultMode", FILE_MODE);
        }
    }
    if let Some(empty_dir) = pointer(volume, "emptyDir") {
        resource_list::canonicalize(empty_dir, "sizeLimit");
    }
    if let Some(downward) = pointer(volume, "downwardAPI") {
        set_downward_defaults(downward);
    }
    if let Some(projected) = pointer(volume, "projected") {
        for source in structures(projected, "sources") {
            if let Some(downward) = pointer(source, "downwardAPI") {
                set_downward_defaults(downward);
            }
            if let Some(token) = pointer(source, "serviceAccountToken") {
                if_absent(token, "expirationSeconds", 3600);
            }
        }
    }
    if let Some(template) =
        pointer(volume, "ephemeral").and_then(|source| pointer(source, "volumeClaimTemplate"))
        && let Some(spec) = structure(template, "spec")
    {
        persistent_volume_claim::set_spec_defaults(spec);
    }
    if let Some(source) = pointer(volume, "image") {
        let policy = image::pull_policy(source.str_or_empty("reference"));
        if_empty(source, "pullPolicy", policy);
    }
}

/// Sets the defaults of the sources that volumes and persistent volumes have in common.
pub(super) fn set_shared_source_defaults(volume: &mut Value) {
    if let Some(host_path) = pointer(volume, "hostPath") {
        if_absent(host_path, "type", "");
    }
    if let Some(iscsi) = pointer(volume, "iscsi") {
        if_empty(iscsi, "iscsiInterface", "default");
    }
    if let Some(rbd) = pointer(volume, "rbd") {
        if_empty(rbd, "pool", "rbd");
        if_empty(rbd, "user", "admin");
        if_empty(rbd, "keyring", "/etc/ceph/keyring");
    }
    if let Some(azure) = pointer(volume, "azureDisk") {
        if_absent(azure, "cachingMode", "ReadWrite");
        if_absent(azure, "kind", "Shared");
        if_absent(azure, "fsType", "ext4");
        if_absent(azure, "readOnly", false);
    }
    if let Some(scale_io) = pointer(volume, "scaleIO") {
        if_empty(scale_io, "storageMode", "ThinProvisioned");
        if_empty(scale_io, "fsType", "xfs");
    }
}

fn set_downward_defaults(downward: &mut Value) {
    for file in structures(downward, "items") {
        env::set_field_defaults(file);
    }
}
