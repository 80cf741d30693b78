//! Volumes, claims, and what they are made by.

use super::Subject;
use crate::validation::pod_warnings::{fractional_amount, node_labels};
use tollgate_api::Value;
use tollgate_api::field::Path;

/// Volumes of these sorts: the field, the field as it prints, and what is to be said, in upstream's order.
const GONE: [(&str, &str, &str); 6] = [
    (
        "cephfs",
        "cephfs",
        "deprecated in v1.28, non-functional in v1.31+",
    ),
    (
        "photonPersistentDisk",
        "photonPersistentDisk",
        "deprecated in v1.11, non-functional in v1.16+",
    ),
    (
        "scaleIO",
        "scaleIO",
        "deprecated in v1.16, non-functional in v1.22+",
    ),
    (
        "storageos",
        "storageOS",
        "deprecated in v1.22, non-functional in v1.25+",
    ),
    (
        "glusterfs",
        "glusterfs",
        "deprecated in v1.25, non-functional in v1.26+",
    ),
    (
        "rbd",
        "rbd",
        "deprecated in v1.28, non-functional in v1.31+",
    ),
];

/// The annotation that named the class before there was a field.
fn class_annotation(subject: &Subject<'_>, warnings: &mut Vec<String>) {
    const KEY: &str = "volume.beta.kubernetes.io/storage-class";
    if subject.annotation(KEY).is_some() {
        warnings.push(format!(
            "metadata.annotations[{KEY}]: deprecated since v1.8; use \"storageClassName\" attribute instead"
        ));
    }
}

pub(super) fn volume(subject: &Subject<'_>, warnings: &mut Vec<String>) {
    class_annotation(subject, warnings);
    let Some(spec) = subject.object.get("spec") else {
        return;
    };
    if spec.str("persistentVolumeReclaimPolicy") == Some("Recycle") {
        let why = "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.";
        warnings.push(format!("spec.persistentVolumeReclaimPolicy: {why}"));
    }
    if let Some(required) = spec.at(&["nodeAffinity", "required"]) {
        let path = Path::root("spec.nodeAffinity.required.nodeSelectorTerms");
        for (index, term) in required.items("nodeSelectorTerms").iter().enumerate() {
            node_labels::term_warnings(term, false, &path.index(index), warnings);
        }
    }
    for (field, printed, why) in GONE {
        if spec.get(field).is_some() {
            warnings.push(format!("spec.{printed}: {why}"));
        }
    }
}

pub(super) fn claim(subject: &Subject<'_>, warnings: &mut Vec<String>) {
    class_annotation(subject, warnings);
    if let Some(spec) = subject.object.get("spec") {
        claim_spec(spec, &Path::root("spec"), warnings);
    }
}

/// `GetWarningsForPersistentVolumeClaimSpec`
pub(super) fn claim_spec(spec: &Value, path: &Path<'_>, warnings: &mut Vec<String>) {
    let path = path.child("resources");
    for list in ["requests", "limits"] {
        let amounts = spec.at(&["resources", list]);
        fractional_amount(amounts, "storage", &path.child(list), warnings);
    }
}

pub(super) fn class(subject: &Subject<'_>, warnings: &mut Vec<String>) {
    let path = Path::root("allowedTopologies");
    let topologies = subject.object.items("allowedTopologies");
    for (index, topology) in topologies.iter().enumerate() {
        let path = path.index(index);
        let path = path.child("matchLabelExpressions");
        let expressions = topology.items("matchLabelExpressions");
        for (index, expression) in expressions.iter().enumerate() {
            if let Some(why) = node_labels::deprecated(expression.str_or_empty("key")) {
                warnings.push(format!("{}: {why}", path.index(index).child("key")));
            }
        }
    }
}

pub(super) fn capacity(subject: &Subject<'_>, warnings: &mut Vec<String>) {
    let Some(topology) = subject.object.get("nodeTopology") else {
        return;
    };
    let path = Path::root("nodeTopology");
    node_labels::term_warnings(topology, false, &path, warnings);
    for (label, _) in topology.entries("matchLabels") {
        if let Some(why) = node_labels::deprecated(label) {
            warnings.push(format!("nodeTopology.matchLabels.{label}: {why}"));
        }
    }
}
