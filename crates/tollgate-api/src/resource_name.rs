//! Names of resources, as containers request them and quotas limit them: `cpu`, `requests.memory`, `nvidia.com/gpu`.
//!
//! Which names are native, extended or standard decides what may be requested, limited and counted
//! (`k8s.io/kubernetes/pkg/apis/core/helper`).

use crate::names;

/// What the name of a resource of huge pages begins with.
pub const HUGE_PAGES_PREFIX: &str = "hugepages-";
/// What the name of a quota on requests begins with.
pub const REQUESTS_PREFIX: &str = "requests.";
/// What the implicit extended resource of a device class begins with.
pub const DEVICE_CLASS_PREFIX: &str = "deviceclass.resource.kubernetes.io/";

/// The names that quotas know without a domain, sorted.
const STANDARD_QUOTA: &[&str] = &[
    "configmaps",
    "cpu",
    "ephemeral-storage",
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "memory",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
    "requests.storage",
    "resourcequotas",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
];

/// Names that count objects, sorted.
const COUNTED: &[&str] = &[
    "configmaps",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
];

/// Whether this is a size of huge pages: `hugepages-2Mi`.
pub fn is_huge_pages(name: &str) -> bool {
    name.starts_with(HUGE_PAGES_PREFIX)
}

/// Whether this limits huge pages in a quota: `hugepages-2Mi`, `requests.hugepages-2Mi`.
pub fn is_quota_huge_pages(name: &str) -> bool {
    is_huge_pages(name.strip_prefix(REQUESTS_PREFIX).unwrap_or(name))
}

/// Whether the name is in Kubernetes' own domain: it has none, or one that ends in `kubernetes.io`.
pub fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Whether the name is that of an extended resource: qualified, of another domain, and good as part of a quota key.
pub fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with(REQUESTS_PREFIX)
        && names::qualified_name(&format!("{REQUESTS_PREFIX}{name}")).is_empty()
}

/// Whether a container may request more than there is, so that limit and request may differ.
pub fn is_overcommit_allowed(name: &str) -> bool {
    is_native(name) && !is_huge_pages(name)
}

/// Whether every container may request it.
pub fn is_standard_for_containers(name: &str) -> bool {
    matches!(name, "cpu" | "memory" | "ephemeral-storage") || is_huge_pages(name)
}

/// Whether a pod may request it for all its containers together.
pub fn is_pod_level(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || is_huge_pages(name)
}

/// Whether a quota knows this name without a domain.
pub fn is_standard_for_quota(name: &str) -> bool {
    STANDARD_QUOTA.binary_search(&name).is_ok() || is_quota_huge_pages(name)
}

/// Whether the API knows this name without a domain.
pub fn is_standard(name: &str) -> bool {
    name == "storage" || is_standard_for_quota(name)
}

/// Whether its amounts are whole numbers.
pub fn is_integer(name: &str) -> bool {
    COUNTED.binary_search(&name).is_ok() || is_extended(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_native_from_extended() {
        for name in [
            "cpu",
            "kubernetes.io/x",
            "a.kubernetes.io/x",
            "requests.cpu",
        ] {
            assert!(is_native(name) && !is_extended(name), "{name}");
        }
        for name in [
            "nvidia.com/gpu",
            "example.com/dongle",
            "count/deployments.apps",
        ] {
            assert!(!is_native(name) && is_extended(name), "{name}");
        }
        assert!(!is_extended("requests.nvidia.com/gpu"));
        assert!(!is_extended("Bad Domain/x"));
    }

    #[test]
    fn lists_are_sorted() {
        assert!(STANDARD_QUOTA.is_sorted() && COUNTED.is_sorted());
        assert!(COUNTED.iter().all(|name| is_standard_for_quota(name)));
    }

    #[test]
    fn knows_standard_names() {
        assert!(is_standard_for_quota("requests.hugepages-2Mi"));
        assert!(!is_standard_for_quota("storage") && is_standard("storage"));
        assert!(!is_standard("limits.hugepages-2Mi"));
        assert!(is_integer("services.nodeports") && !is_integer("requests.storage"));
        assert!(is_pod_level("hugepages-1Gi") && !is_pod_level("ephemeral-storage"));
    }
}
