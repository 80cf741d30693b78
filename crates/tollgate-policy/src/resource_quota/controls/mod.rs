//! What `tollgate explain` says about the keys and scopes of a quota.

mod claims;
mod compute;
mod devices;
mod examples;
mod objects;
mod scopes;

use super::evaluators::{DEVICES, STORAGE_CLASS};
use super::scopes::Scope;
use crate::control::Control;
use tollgate_api::resource_name::{DEVICE_CLASS_PREFIX, REQUESTS_PREFIX, is_huge_pages};

/// Every key and scope, keys first.
pub const CONTROLS: &[Control] = &[
    compute::CPU,
    compute::REQUESTS_CPU,
    compute::LIMITS_CPU,
    compute::MEMORY,
    compute::REQUESTS_MEMORY,
    compute::LIMITS_MEMORY,
    compute::EPHEMERAL_STORAGE,
    compute::REQUESTS_EPHEMERAL_STORAGE,
    compute::LIMITS_EPHEMERAL_STORAGE,
    compute::HUGE_PAGES,
    compute::REQUESTS_HUGE_PAGES,
    compute::EXTENDED,
    compute::PODS,
    claims::PERSISTENT_VOLUME_CLAIMS,
    claims::REQUESTS_STORAGE,
    claims::CLASS_PERSISTENT_VOLUME_CLAIMS,
    claims::CLASS_REQUESTS_STORAGE,
    devices::DEVICES_OF_CLASS,
    devices::IMPLICIT_EXTENDED,
    objects::SERVICES,
    objects::SERVICES_LOAD_BALANCERS,
    objects::SERVICES_NODE_PORTS,
    objects::CONFIG_MAPS,
    objects::SECRETS,
    objects::REPLICATION_CONTROLLERS,
    objects::RESOURCE_QUOTAS,
    objects::COUNT,
    scopes::TERMINATING,
    scopes::NOT_TERMINATING,
    scopes::BEST_EFFORT,
    scopes::NOT_BEST_EFFORT,
    scopes::PRIORITY_CLASS,
    scopes::CROSS_NAMESPACE_POD_AFFINITY,
    scopes::VOLUME_ATTRIBUTES_CLASS,
];

/// The id of the control that a key of `spec.hard` belongs to.
pub fn control_of_key(key: &str) -> &'static str {
    let exact = CONTROLS.iter().find(|control| control.id == key);
    let control = exact.unwrap_or_else(|| control_of_pattern(key));
    control.id
}

fn control_of_pattern(key: &str) -> &'static Control {
    let request = key.strip_prefix(REQUESTS_PREFIX);
    let is_of_class = key.contains(STORAGE_CLASS);
    match request {
        _ if key.starts_with("count/") => &objects::COUNT,
        _ if key.ends_with(DEVICES) => &devices::DEVICES_OF_CLASS,
        _ if is_of_class && key.ends_with("requests.storage") => &claims::CLASS_REQUESTS_STORAGE,
        _ if is_of_class => &claims::CLASS_PERSISTENT_VOLUME_CLAIMS,
        _ if is_huge_pages(key) => &compute::HUGE_PAGES,
        Some(request) if is_huge_pages(request) => &compute::REQUESTS_HUGE_PAGES,
        Some(request) if request.starts_with(DEVICE_CLASS_PREFIX) => &devices::IMPLICIT_EXTENDED,
        _ => &compute::EXTENDED,
    }
}

/// The id of the control of a scope; of one that does not exist, that of pods.
pub(super) fn control_of_scope(scope: &str) -> &'static str {
    Scope::parse(scope).map_or(compute::PODS.id, Scope::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_unique_and_every_scope_has_one() {
        let ids: BTreeSet<_> = CONTROLS.iter().map(|control| control.id).collect();
        assert_eq!(ids.len(), CONTROLS.len());
        assert!(Scope::ALL.iter().all(|scope| ids.contains(scope.as_str())));
    }

    #[test]
    fn keys_with_names_in_them_find_their_control() {
        let check = |key, id| assert_eq!(control_of_key(key), id, "{key}");
        check("requests.cpu", "requests.cpu");
        check("count/pods", "count/<resource>.<group>");
        check("hugepages-2Mi", "hugepages-<size>");
        check("requests.hugepages-1Gi", "requests.hugepages-<size>");
        check("requests.nvidia.com/gpu", "requests.<extended resource>");
        check(
            "gold.storageclass.storage.k8s.io/requests.storage",
            "<storage class>.storageclass.storage.k8s.io/requests.storage",
        );
        check(
            "gpu.deviceclass.resource.k8s.io/devices",
            "<device class>.deviceclass.resource.k8s.io/devices",
        );
        check(
            "requests.deviceclass.resource.kubernetes.io/gpu",
            "requests.deviceclass.resource.kubernetes.io/<device class>",
        );
    }
}
