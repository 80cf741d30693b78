//! Claims for devices: their number, and the devices they ask for by class.
//!
//! A class may stand for an extended resource; then its devices are counted under `requests.<resource>`, too, unless
//! the pod that the claim was made for is charged for them already.

use super::pods;
use crate::resource_quota::context::Context;
use crate::resource_quota::usage::{Key, Usage, key};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use tollgate_api::resource_name::{DEVICE_CLASS_PREFIX, REQUESTS_PREFIX};
use tollgate_api::value::CompactString;
use tollgate_api::{Quantity, Timestamp, Value};

/// What the key for the devices of a class ends in.
pub(in crate::resource_quota) const DEVICES: &str = ".deviceclass.resource.k8s.io/devices";

const COUNT: &str = "count/resourceclaims.resource.k8s.io";
/// Marks a claim that the scheduler made for a pod's extended resources.
const MADE_FOR_POD_ANNOTATION: &str = "resource.kubernetes.io/extended-resource-claim";
/// `AllocationResultsMaxSize`: how many devices a request for all of them counts.
const ALL_DEVICES: i64 = 32;

/// Which device classes stand for which extended resource.
#[derive(Debug, Clone, Default)]
pub struct DeviceClasses {
    extended_resources: BTreeMap<CompactString, CompactString>,
}

impl DeviceClasses {
    /// No device classes.
    pub const NONE: &'static Self = &Self {
        extended_resources: BTreeMap::new(),
    };

    /// Reads `DeviceClass` objects.
    pub fn of<'o>(objects: impl IntoIterator<Item = &'o Value>) -> Self {
        let mut extended_resources = BTreeMap::new();
        for object in objects {
            let name = object.at(&["metadata", "name"]).and_then(Value::as_str);
            let resource = object
                .at(&["spec", "extendedResourceName"])
                .and_then(Value::as_str);
            if let (Some(name), Some(resource)) = (name, resource.filter(|r| !r.is_empty())) {
                extended_resources.insert(name.into(), resource.into());
            }
        }
        Self { extended_resources }
    }

    fn extended_resource(&self, class: &str) -> Option<&str> {
        self.extended_resources
            .get(class)
            .map(CompactString::as_str)
    }

    fn is_extended_resource(&self, name: &str) -> bool {
        self.extended_resources.values().any(|known| known == name)
    }
}

/// Other objects that count for a claim. What is not there is not found.
pub trait Others {
    /// The pod of this name.
    fn pod(&self, _namespace: &str, _name: &str) -> Option<&Value> {
        None
    }

    /// The claims that the scheduler made for the extended resources of the pod with this uid.
    fn claims_made_for(&self, _namespace: &str, _pod_uid: &str) -> Vec<&Value> {
        Vec::new()
    }
}

/// No other objects.
impl Others for () {}

/// Whether claims are counted under `key`.
pub(super) fn claims(key: &str, classes: &DeviceClasses) -> bool {
    if key == COUNT || key.ends_with(DEVICES) {
        return true;
    }
    let Some(resource) = key.strip_prefix(REQUESTS_PREFIX) else {
        return false;
    };
    match resource.strip_prefix(DEVICE_CLASS_PREFIX) {
        Some(class) => classes.extended_resource(class).is_some(),
        None => pods::is_extended_request(key) && classes.is_extended_resource(resource),
    }
}

/// What a claim uses.
pub(super) fn usage(claim: &Value, context: &Context<'_>) -> Usage {
    let mut devices: BTreeMap<&str, Quantity> = BTreeMap::new();
    let requests = claim.at(&["spec", "devices"]);
    for request in requests.map_or(&[][..], |devices| devices.items("requests")) {
        add_request(&mut devices, request, claim.str_or_empty("apiVersion"));
    }
    let mut usage = Usage::with_capacity(1 + 3 * devices.len());
    usage.set(key(COUNT), Quantity::from_int(1));
    let charged = pod_usage(claim, context);
    for (class, amount) in &devices {
        usage.set(Key::new(class) + DEVICES, amount.clone());
        // A class without a name is nobody's.
        if class.is_empty() {
            continue;
        }
        let implicit = key(REQUESTS_PREFIX) + DEVICE_CLASS_PREFIX + class;
        set_uncharged(&mut usage, implicit, amount, charged.as_ref());
        if let Some(resource) = context.device_classes.extended_resource(class) {
            let explicit = key(REQUESTS_PREFIX) + resource;
            set_uncharged(&mut usage, explicit, amount, charged.as_ref());
        }
    }
    usage
}

fn add_request<'o>(
    devices: &mut BTreeMap<&'o str, Quantity>,
    request: &'o Value,
    api_version: &str,
) {
    let mut add = |class: &'o str, count: i64| {
        let amount = devices.entry(class).or_default();
        amount.add(&Quantity::from_int(count));
    };
    let alternatives = request.items("firstAvailable");
    if !alternatives.is_empty() {
        // The worst case, class by class; an alternative that counts nothing leaves no trace.
        let mut most: BTreeMap<&str, i64> = BTreeMap::new();
        for alternative in alternatives {
            let count = device_count(alternative);
            if count > 0 {
                let entry = most.entry(alternative.str_or_empty("deviceClassName"));
                let entry = entry.or_default();
                *entry = count.max(*entry);
            }
        }
        for (class, count) in most {
            add(class, count);
        }
        return;
    }
    // The first beta wrote the one alternative in the request itself.
    let is_flat = api_version == "resource.k8s.io/v1beta1";
    let exactly = if is_flat {
        Some(request)
    } else {
        request.get("exactly")
    };
    if let Some(exactly) = exactly {
        add(
            exactly.str_or_empty("deviceClassName"),
            device_count(exactly),
        );
    }
}

fn device_count(request: &Value) -> i64 {
    match request.str_or_empty("allocationMode") {
        "ExactCount" => request.int("count").unwrap_or(0),
        "All" => ALL_DEVICES,
        // A mode of a later release.
        _ => 0,
    }
}

/// Sets what is left of an amount when what the pod is charged for is taken off.
fn set_uncharged(usage: &mut Usage, key: Key, amount: &Quantity, charged: Option<&Usage>) {
    let mut amount = amount.clone();
    if let Some(charged) = charged.and_then(|charged| charged.get(&key)) {
        amount.sub(charged);
    }
    if amount.sign() > 0 {
        usage.set(key, amount);
    }
}

/// What the pod uses for whose extended resources the scheduler made this claim, if that can be verified.
fn pod_usage(claim: &Value, context: &Context<'_>) -> Option<Usage> {
    let metadata = claim.get("metadata")?;
    let marked = metadata.get("annotations")?.str(MADE_FOR_POD_ANNOTATION);
    if marked != Some("true") {
        return None;
    }
    let owner = metadata
        .items("ownerReferences")
        .iter()
        .find(|owner| owner.bool("controller") == Some(true))?;
    if owner.str("kind") != Some("Pod") || owner.str("apiVersion") != Some("v1") {
        return None;
    }
    let namespace = metadata.str_or_empty("namespace");
    let pod = context.others.pod(namespace, owner.str_or_empty("name"))?;
    let uid = pod.get("metadata")?.str_or_empty("uid");
    if owner.str_or_empty("uid") != uid {
        return None;
    }
    let named = pod.at(&["status", "extendedResourceClaimStatus"]);
    let is_the_one = match named {
        Some(status) => status.str_or_empty("resourceClaimName") == metadata.str_or_empty("name"),
        // The pod does not say which claim is its own: it is the oldest.
        None => context
            .others
            .claims_made_for(namespace, uid)
            .iter()
            .filter_map(|other| other.get("metadata"))
            .all(|other| age_order(other, metadata) != Ordering::Less),
    };
    is_the_one.then(|| pods::usage(pod, context.now))
}

fn age_order(a: &Value, b: &Value) -> Ordering {
    let created = |metadata: &Value| metadata.str("creationTimestamp").and_then(Timestamp::parse);
    created(a)
        .cmp(&created(b))
        .then_with(|| a.str_or_empty("name").cmp(b.str_or_empty("name")))
}
