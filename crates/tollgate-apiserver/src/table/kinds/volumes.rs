//! Persistent volumes and their claims.

use crate::table::text::{UNSET, age, at, at_or, is_deleted, items_at, name, quantity, str_at};
use tollgate_api::{Timestamp, Value};

pub(super) fn persistent_volume_claim(claim: &Value, now: Timestamp) -> Vec<Value> {
    let (mut capacity, mut modes) = (String::new(), String::new());
    if !str_at(claim, &["spec", "volumeName"]).is_empty() {
        capacity = quantity(claim.at(&["status", "capacity", "storage"]));
        modes = access_modes(items_at(claim, &["status", "accessModes"]));
    }
    vec![
        name(claim),
        phase(claim),
        at(claim, &["spec", "volumeName"]),
        capacity.into(),
        modes.into(),
        class(claim),
        at_or(claim, &["spec", "volumeAttributesClassName"], UNSET),
        age(claim, now),
        at_or(claim, &["spec", "volumeMode"], UNSET),
    ]
}

pub(super) fn persistent_volume(volume: &Value, now: Timestamp) -> Vec<Value> {
    let claim = volume
        .at(&["spec", "claimRef"])
        .map_or_else(String::new, |claim| {
            format!(
                "{}/{}",
                claim.str_or_empty("namespace"),
                claim.str_or_empty("name")
            )
        });
    vec![
        name(volume),
        quantity(volume.at(&["spec", "capacity", "storage"])).into(),
        access_modes(items_at(volume, &["spec", "accessModes"])).into(),
        at(volume, &["spec", "persistentVolumeReclaimPolicy"]),
        phase(volume),
        claim.into(),
        class(volume),
        at_or(volume, &["spec", "volumeAttributesClassName"], UNSET),
        at(volume, &["status", "reason"]),
        age(volume, now),
        at_or(volume, &["spec", "volumeMode"], UNSET),
    ]
}

fn phase(object: &Value) -> Value {
    if is_deleted(object) {
        "Terminating".into()
    } else {
        at(object, &["status", "phase"])
    }
}

/// The class, which once was an annotation.
fn class(object: &Value) -> Value {
    let old = [
        "metadata",
        "annotations",
        "volume.beta.kubernetes.io/storage-class",
    ];
    match object.at(&old) {
        Some(class) => class.clone(),
        None => at(object, &["spec", "storageClassName"]),
    }
}

/// Each mode once, in upstream's order and short.
fn access_modes(modes: &[Value]) -> String {
    let short = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let there = |long: &str| modes.iter().any(|mode| mode.as_str() == Some(long));
    let texts: Vec<&str> = short
        .iter()
        .filter(|(long, _)| there(long))
        .map(|(_, short)| *short)
        .collect();
    texts.join(",")
}
