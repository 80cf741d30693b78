//! Claims for volumes: their number and size, in all and by storage class.

use crate::resource_quota::usage::{Key, Usage, key};
use std::cmp::Ordering;
use tollgate_api::resource_list::amounts;
use tollgate_api::{Quantity, Value};

/// What the key of a storage class has between the name of the class and the key it narrows.
pub(in crate::resource_quota) const STORAGE_CLASS: &str = ".storageclass.storage.k8s.io/";

const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";

/// Whether claims are counted under `key`.
pub(super) fn claims(key: &str) -> bool {
    match key {
        "count/persistentvolumeclaims" | "persistentvolumeclaims" | "requests.storage" => true,
        _ => ["persistentvolumeclaims", "requests.storage"]
            .iter()
            .any(|narrowed| {
                key.strip_suffix(narrowed)
                    .is_some_and(|class| class.ends_with(STORAGE_CLASS))
            }),
    }
}

/// What a claim uses.
pub(super) fn usage(claim: &Value) -> Usage {
    let mut usage = Usage::with_capacity(5);
    let one = || Quantity::from_int(1);
    usage.set(key("count/persistentvolumeclaims"), one());
    usage.set(key("persistentvolumeclaims"), one());
    let class = storage_class(claim);
    if !class.is_empty() {
        usage.set(class_key(class, "persistentvolumeclaims"), one());
    }
    if let Some(size) = size(claim) {
        if !class.is_empty() {
            usage.set(class_key(class, "requests.storage"), size.clone());
        }
        usage.set(key("requests.storage"), size);
    }
    usage
}

/// The class a claim names, or empty. The annotation of old wins, even if it is empty.
fn storage_class(claim: &Value) -> &str {
    claim
        .at(&["metadata", "annotations"])
        .and_then(|annotations| annotations.str(CLASS_ANNOTATION))
        .or_else(|| claim.at(&["spec", "storageClassName"])?.as_str())
        .unwrap_or_default()
}

fn class_key(class: &str, narrowed: &str) -> Key {
    let mut text = Key::with_capacity(class.len() + STORAGE_CLASS.len() + narrowed.len());
    text.push_str(class);
    text.push_str(STORAGE_CLASS);
    text.push_str(narrowed);
    text
}

/// What is asked for, or what is allocated already if that is more.
fn size(claim: &Value) -> Option<Quantity> {
    let requested = storage(claim.at(&["spec", "resources", "requests"]))?;
    let allocated = storage(claim.at(&["status", "allocatedResources"]));
    match allocated {
        Some(allocated) if allocated.compare(&requested) == Ordering::Greater => Some(allocated),
        _ => Some(requested),
    }
}

fn storage(list: Option<&Value>) -> Option<Quantity> {
    let (_, amount) = amounts(list).find(|(name, _)| *name == "storage")?;
    Some(whole(amount))
}

/// The amount in whole bytes: a quota takes no others.
fn whole(amount: Quantity) -> Quantity {
    let rounded = Quantity::new(amount.value(), amount.format());
    // Where 64 bits do not hold the rounded amount, it is too large to have a fraction that matters.
    let fits = rounded.compare(&amount) == Ordering::Greater;
    if fits { rounded } else { amount }
}
