//! PersistentVolume.

use super::set::{if_absent, if_empty, structure};
use super::{resource_list, volume};
use tollgate_api::Value;

/// Sets the defaults of a volume.
pub fn set_defaults(persistent_volume: &mut Value) {
    if let Some(status) = structure(persistent_volume, "status") {
        if_empty(status, "phase", "Pending");
    }
    if let Some(spec) = structure(persistent_volume, "spec") {
        if_empty(spec, "persistentVolumeReclaimPolicy", "Retain");
        if_absent(spec, "volumeMode", "Filesystem");
        resource_list::set_defaults(spec, "capacity");
        volume::set_shared_source_defaults(spec);
    }
}
