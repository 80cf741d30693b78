//! Sorts of volumes that are gone or going.

use super::fractional_amount;
use tollgate_api::Value;
use tollgate_api::field::Path;

/// The field, the field as it prints, and what is to be said, in upstream's order.
const GONE: &[(&str, &str, &str)] = &[
    (
        "photonPersistentDisk",
        "photonPersistentDisk",
        "deprecated in v1.11, non-functional in v1.16+",
    ),
    ("gitRepo", "gitRepo", "deprecated in v1.11"),
    (
        "scaleIO",
        "scaleIO",
        "deprecated in v1.16, non-functional in v1.22+",
    ),
    (
        "flocker",
        "flocker",
        "deprecated in v1.22, non-functional in v1.25+",
    ),
    (
        "storageos",
        "storageOS",
        "deprecated in v1.22, non-functional in v1.25+",
    ),
    (
        "quobyte",
        "quobyte",
        "deprecated in v1.22, non-functional in v1.25+",
    ),
    (
        "glusterfs",
        "glusterfs",
        "deprecated in v1.25, non-functional in v1.26+",
    ),
    ("ephemeral", "", ""),
    (
        "cephfs",
        "cephfs",
        "deprecated in v1.28, non-functional in v1.31+",
    ),
    (
        "rbd",
        "rbd",
        "deprecated in v1.28, non-functional in v1.31+",
    ),
];

pub(super) fn collect(spec: &Value, path: &Path<'_>, warnings: &mut Vec<String>) {
    for (index, volume) in spec.items("volumes").iter().enumerate() {
        let path = path.index(index);
        for (field, printed, why) in GONE {
            let Some(source) = volume.get(field) else {
                continue;
            };
            if *field == "ephemeral" {
                claim_template(source, &path, warnings);
            } else {
                warnings.push(format!("{}: {why}", path.child(printed)));
            }
        }
    }
}

/// `GetWarningsForPersistentVolumeClaimSpec`
fn claim_template(ephemeral: &Value, path: &Path<'_>, warnings: &mut Vec<String>) {
    let resources = ephemeral.at(&["volumeClaimTemplate", "spec", "resources"]);
    let path = path.child("ephemeral.volumeClaimTemplate.spec.resources");
    for list in ["requests", "limits"] {
        let amounts = resources.and_then(|resources| resources.get(list));
        fractional_amount(amounts, "storage", &path.child(list), warnings);
    }
}
