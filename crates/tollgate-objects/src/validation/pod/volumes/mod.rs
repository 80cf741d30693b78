//! Volumes of a pod: `ValidateVolumes`. One sort of source, one line in [`SOURCES`].

mod cloud;
mod files;
mod iscsi;
mod network;
mod node;
mod projected;

use super::{Scope, container};
use crate::validation::object_meta::invalid_each;
use std::collections::BTreeMap;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::go_format::quote;
use tollgate_api::{Quantity, Value, names};

/// The volumes that are good, by name: only these can be mounted.
pub(super) struct Volumes<'v>(BTreeMap<&'v str, &'v Value>);

impl<'v> Volumes<'v> {
    /// The volume of this name.
    pub(super) fn get(&self, name: &str) -> Option<&'v Value> {
        self.0.get(name).copied()
    }

    /// Validates `volumes` and collects the good ones.
    pub(super) fn validate(scope: Scope<'v>, path: &Path<'_>, errors: &mut Errors) -> Self {
        let volumes = scope.spec.items("volumes");
        let mut good: BTreeMap<&str, &Value> = BTreeMap::new();
        for (index, volume) in volumes.iter().enumerate() {
            let path = path.index(index);
            let before = errors.len();
            let name = volume.str_or_empty("name");
            let name_path = path.child("name");
            source(volume, name, scope, &path, errors);
            if name.is_empty() {
                errors.push(Error::required(&name_path, ""));
            } else {
                invalid_each(names::dns1123_label(name), name, &name_path, errors);
            }
            if good.contains_key(name) {
                errors.push(Error::duplicate(&name_path, name));
            }
            if errors.len() == before {
                good.insert(name, volume);
            }
            claim_of_another_volume(volume, scope, &path, errors);
        }
        Self(good)
    }
}

/// The claim that is made for an ephemeral volume belongs to that volume alone.
fn claim_of_another_volume(volume: &Value, scope: Scope<'_>, path: &Path<'_>, errors: &mut Errors) {
    let Some(claim) = volume.get("persistentVolumeClaim") else {
        return;
    };
    let pod = scope.metadata.map(|metadata| metadata.str_or_empty("name"));
    let Some(pod) = pod.filter(|name| !name.is_empty()) else {
        return;
    };
    let claim_name = claim.str_or_empty("claimName");
    let made = scope.spec.items("volumes").iter().any(|other| {
        other.get("ephemeral").is_some()
            && claim_name
                .strip_prefix(pod)
                .and_then(|rest| rest.strip_prefix('-'))
                == Some(other.str_or_empty("name"))
    });
    if made {
        errors.push(Error::invalid(
            &path.child("persistentVolumeClaim.claimName"),
            claim_name,
            "must not reference a PVC that gets created for an ephemeral volume",
        ));
    }
}

/// One sort of source. Upstream has its own spellings in two sorts of messages.
struct Source {
    /// The field of the volume.
    key: &'static str,
    /// The field as it prints where the source is one too many.
    too_many: &'static str,
    /// The field as it prints in errors of the source itself.
    own: &'static str,
    validate: fn(&Value, &Path<'_>, &mut Errors),
}

const fn same(key: &'static str, validate: fn(&Value, &Path<'_>, &mut Errors)) -> Source {
    Source {
        key,
        too_many: key,
        own: key,
        validate,
    }
}

/// All sorts, in upstream's order.
const SOURCES: &[Source] = &[
    same("emptyDir", empty_dir),
    same("hostPath", node::host_path),
    same("gitRepo", node::git_repo),
    Source {
        key: "gcePersistentDisk",
        too_many: "gcePersistentDisk",
        own: "persistentDisk",
        validate: cloud::gce_persistent_disk,
    },
    same("awsElasticBlockStore", cloud::aws_elastic_block_store),
    same("secret", files::secret),
    same("nfs", network::nfs),
    same("iscsi", iscsi::validate),
    same("glusterfs", network::glusterfs),
    same("flocker", node::flocker),
    same("persistentVolumeClaim", node::persistent_volume_claim),
    same("rbd", network::rbd),
    same("cinder", cloud::cinder),
    Source {
        key: "cephfs",
        too_many: "cephFS",
        own: "cephfs",
        validate: network::cephfs,
    },
    same("quobyte", network::quobyte),
    Source {
        key: "downwardAPI",
        too_many: "downwarAPI",
        own: "downwardAPI",
        validate: files::downward_api,
    },
    same("fc", network::fc),
    same("flexVolume", node::flex_volume),
    same("configMap", files::config_map),
    same("azureFile", cloud::azure_file),
    same("vsphereVolume", cloud::vsphere_volume),
    same("photonPersistentDisk", cloud::photon_persistent_disk),
    same("portworxVolume", cloud::portworx_volume),
    same("azureDisk", cloud::azure_disk),
    same("storageos", cloud::storage_os),
    same("projected", projected::validate),
    same("scaleIO", cloud::scale_io),
    same("csi", cloud::csi),
    same("ephemeral", node::ephemeral),
    same("image", image),
];

/// What is said of a second source.
pub(in crate::validation) const MORE_THAN_ONE: &str = "may not specify more than 1 volume type";

/// How the source under `key` is called where it is one too many.
pub(in crate::validation) fn name_of_too_many(key: &'static str) -> &'static str {
    let sort = SOURCES.iter().find(|sort| sort.key == key);
    sort.map_or(key, |sort| sort.too_many)
}

/// Validates the source under `key` of a PersistentVolume; `path` is the volume's. Some sorts are other types there, of
/// which more is asked.
pub(in crate::validation) fn validate_persistent(
    key: &str,
    source: &Value,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let Some(sort) = SOURCES.iter().find(|sort| sort.key == key) else {
        return;
    };
    let path = path.child(sort.own);
    match key {
        "iscsi" => iscsi::validate_persistent(source, &path, errors),
        _ => (sort.validate)(source, &path, errors),
    }
    match key {
        "cinder" | "storageos" => {
            if let Some(secret) = source.get("secretRef") {
                required(secret, "namespace", &path.child("secretRef"), errors);
            }
        }
        "glusterfs" => network::endpoints_namespace(source, &path, errors),
        "azureFile" if source.str("secretNamespace") == Some("") => {
            errors.push(Error::required(&path.child("secretNamespace"), ""));
        }
        _ => {}
    }
}

/// Validates that a volume has exactly one source, and that one: `validateVolumeSource`.
fn source(volume: &Value, name: &str, scope: Scope<'_>, path: &Path<'_>, errors: &mut Errors) {
    let mut found = false;
    for sort in SOURCES {
        let Some(source) = volume.get(sort.key) else {
            continue;
        };
        if found {
            errors.push(Error::forbidden(&path.child(sort.too_many), MORE_THAN_ONE));
        } else {
            (sort.validate)(source, &path.child(sort.own), errors);
        }
        match sort.key {
            "iscsi" => iscsi::total_length(source, name, &path.child("name"), errors),
            "ephemeral" if !found => ephemeral_claim(name, scope, &path.child("name"), errors),
            _ => {}
        }
        found = true;
    }
    if !found {
        errors.push(Error::required(path, "must specify a volume type"));
    }
}

/// The claim that will be made is named after the pod and the volume.
fn ephemeral_claim(volume: &str, scope: Scope<'_>, path: &Path<'_>, errors: &mut Errors) {
    let pod = scope.metadata.map(|metadata| metadata.str_or_empty("name"));
    if let Some(pod) = pod
        && !pod.is_empty()
        && !volume.is_empty()
    {
        let claim = format!("{pod}-{volume}");
        for why in names::dns1123_subdomain(&claim) {
            errors.push(Error::invalid(
                path,
                volume,
                format!("PVC name {}: {why}", quote(&claim)),
            ));
        }
    }
}

fn empty_dir(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    let limit = source
        .get("sizeLimit")
        .and_then(|limit| Quantity::from_value(limit).ok());
    if limit.is_some_and(|limit| limit.sign() < 0) {
        errors.push(Error::forbidden(
            &path.child("sizeLimit"),
            "SizeLimit field must be a valid resource quantity",
        ));
    }
}

fn image(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    required(source, "reference", path, errors);
    container::pull_policy(
        source.str_or_empty("pullPolicy"),
        &path.child("pullPolicy"),
        errors,
    );
}

/// A text that must not be empty.
fn required(source: &Value, field: &'static str, path: &Path<'_>, errors: &mut Errors) {
    if source.str_or_empty(field).is_empty() {
        errors.push(Error::required(&path.child(field), ""));
    }
}

/// A list that must not be empty.
fn required_list(source: &Value, field: &'static str, path: &Path<'_>, errors: &mut Errors) {
    if source.items(field).is_empty() {
        errors.push(Error::required(&path.child(field), ""));
    }
}

/// The name in a reference to a secret, if there is such a reference.
fn required_in_secret_ref(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    if let Some(secret) = source.get("secretRef") {
        required(secret, "name", &path.child("secretRef"), errors);
    }
}
