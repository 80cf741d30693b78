//! Classes and drivers of storage.

use crate::table::text::{NONE, UNSET, age, at, bool_at, count_at, items_at, joined, name, str_at};
use tollgate_api::{Timestamp, Value};

pub(super) fn storage_class(class: &Value, now: Timestamp) -> Vec<Value> {
    let is_default = [
        "storageclass.kubernetes.io/is-default-class",
        "storageclass.beta.kubernetes.io/is-default-class",
    ]
    .iter()
    .any(|key| str_at(class, &["metadata", "annotations", key]) == "true");
    let name = if is_default {
        format!("{} (default)", str_at(class, &["metadata", "name"])).into()
    } else {
        name(class)
    };
    let or = |key, default: &str| class.str(key).unwrap_or(default).into();
    vec![
        name,
        at(class, &["provisioner"]),
        or("reclaimPolicy", "Delete"),
        or("volumeBindingMode", "Immediate"),
        bool_at(class, &["allowVolumeExpansion"], false).into(),
        age(class, now),
    ]
}

pub(super) fn csi_driver(driver: &Value, now: Timestamp) -> Vec<Value> {
    let flag = |key, default| Value::from(bool_at(driver, &["spec", key], default));
    let modes = match joined(items_at(driver, &["spec", "volumeLifecycleModes"]), ",") {
        modes if modes.is_empty() => NONE.to_owned(),
        modes => modes,
    };
    let tokens = driver
        .at(&["spec", "tokenRequests"])
        .and_then(Value::as_array);
    let tokens = tokens.map_or_else(
        || UNSET.to_owned(),
        |tokens| {
            let audiences = tokens.iter().map(|token| token.str_or_empty("audience"));
            audiences.collect::<Vec<_>>().join(",")
        },
    );
    vec![
        name(driver),
        flag("attachRequired", true),
        flag("podInfoOnMount", false),
        flag("storageCapacity", false),
        tokens.into(),
        flag("requiresRepublish", false),
        modes.into(),
        age(driver, now),
    ]
}

pub(super) fn csi_node(node: &Value, now: Timestamp) -> Vec<Value> {
    let drivers = count_at(node, &["spec", "drivers"]).into();
    vec![name(node), drivers, age(node, now)]
}

pub(super) fn volume_attachment(attachment: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(attachment),
        at(attachment, &["spec", "attacher"]),
        at(attachment, &["spec", "source", "persistentVolumeName"]),
        at(attachment, &["spec", "nodeName"]),
        bool_at(attachment, &["status", "attached"], false).into(),
        age(attachment, now),
    ]
}

pub(super) fn volume_attributes_class(class: &Value, now: Timestamp) -> Vec<Value> {
    vec![name(class), at(class, &["driverName"]), age(class, now)]
}
