//! The types of volume that 1.24 knows.

use std::fmt::Write as _;
use tollgate_api::Value;
use tollgate_api::go_format::quote;

/// The field of a volume's source and the name that policies have for its type, in upstream's order.
const TYPES: [(&str, &str); 29] = [
    ("hostPath", "hostPath"),
    ("emptyDir", "emptyDir"),
    ("gcePersistentDisk", "gcePersistentDisk"),
    ("awsElasticBlockStore", "awsElasticBlockStore"),
    ("gitRepo", "gitRepo"),
    ("secret", "secret"),
    ("nfs", "nfs"),
    ("iscsi", "iscsi"),
    ("glusterfs", "glusterfs"),
    ("persistentVolumeClaim", "persistentVolumeClaim"),
    ("rbd", "rbd"),
    ("flexVolume", "flexVolume"),
    ("cinder", "cinder"),
    ("cephfs", "cephFS"),
    ("flocker", "flocker"),
    ("downwardAPI", "downwardAPI"),
    ("fc", "fc"),
    ("azureFile", "azureFile"),
    ("configMap", "configMap"),
    ("vsphereVolume", "vsphereVolume"),
    ("quobyte", "quobyte"),
    ("azureDisk", "azureDisk"),
    ("photonPersistentDisk", "photonPersistentDisk"),
    ("storageos", "storageos"),
    ("projected", "projected"),
    ("portworxVolume", "portworxVolume"),
    ("scaleIO", "scaleIO"),
    ("csi", "csi"),
    ("ephemeral", "ephemeral"),
];

/// The fields of Go's `VolumeSource` in their order, for the text about a volume without a known source.
const GO_FIELDS: [(&str, &str); 29] = [
    ("HostPath", "HostPathVolumeSource"),
    ("EmptyDir", "EmptyDirVolumeSource"),
    ("GCEPersistentDisk", "GCEPersistentDiskVolumeSource"),
    ("AWSElasticBlockStore", "AWSElasticBlockStoreVolumeSource"),
    ("GitRepo", "GitRepoVolumeSource"),
    ("Secret", "SecretVolumeSource"),
    ("NFS", "NFSVolumeSource"),
    ("ISCSI", "ISCSIVolumeSource"),
    ("Glusterfs", "GlusterfsVolumeSource"),
    ("PersistentVolumeClaim", "PersistentVolumeClaimVolumeSource"),
    ("RBD", "RBDVolumeSource"),
    ("Quobyte", "QuobyteVolumeSource"),
    ("FlexVolume", "FlexVolumeSource"),
    ("Cinder", "CinderVolumeSource"),
    ("CephFS", "CephFSVolumeSource"),
    ("Flocker", "FlockerVolumeSource"),
    ("DownwardAPI", "DownwardAPIVolumeSource"),
    ("FC", "FCVolumeSource"),
    ("AzureFile", "AzureFileVolumeSource"),
    ("ConfigMap", "ConfigMapVolumeSource"),
    ("VsphereVolume", "VsphereVirtualDiskVolumeSource"),
    ("AzureDisk", "AzureDiskVolumeSource"),
    ("PhotonPersistentDisk", "PhotonPersistentDiskVolumeSource"),
    ("Projected", "ProjectedVolumeSource"),
    ("PortworxVolume", "PortworxVolumeSource"),
    ("ScaleIO", "ScaleIOVolumeSource"),
    ("StorageOS", "StorageOSVolumeSource"),
    ("CSI", "CSIVolumeSource"),
    ("Ephemeral", "EphemeralVolumeSource"),
];

/// The type of a volume, as policies name it, and its source.
pub(super) fn type_of(volume: &Value) -> Option<(&'static str, &Value)> {
    TYPES.iter().find_map(|(field, type_)| {
        let source = volume.get(field)?;
        source.as_object().map(|_| (*type_, source))
    })
}

/// What upstream says about a volume of no known type: the struct in Go's syntax.
pub(super) fn unknown_volume(name: &str) -> String {
    let mut fields = String::new();
    for (field, type_) in GO_FIELDS {
        let separator = if fields.is_empty() { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(fields, "{separator}{field}:(*core.{type_})(nil)");
    }
    let name = quote(name);
    format!(
        "unknown volume type for volume: core.Volume{{Name:{name}, VolumeSource:core.VolumeSource{{{fields}}}}}"
    )
}
