//! Keys for what pods request and limit, and for their number.

use super::examples::{pod, pod_with, quota};
use crate::control::{Control, Policy};

const SINCE: &str =
    "every release; since v1.32 pod-level resources stand for the sum of the containers";
const UPSTREAM: &str = "kubernetes pkg/quota/v1/evaluator/core podEvaluator";
const MUST_SAY: &str = "what all pods that have not ended ask for together stays within the quota: containers and \
    sidecars add up, an init container counts where it asks for more, overhead comes on top. Every container must say \
    how much, unless the pod itself does";
const MAY_SAY: &str = "what all pods that have not ended ask for together stays within the quota; containers need not \
    ask";

macro_rules! compute {
    ($id:expr, $list:expr, $resource:expr, $guards:expr, $allowed:expr, $limit:expr, $fits:expr, $over:expr) => {
        Control {
            id: $id,
            policy: Policy::ResourceQuota,
            guards: $guards,
            fields: &[
                concat!("spec.containers[*].resources.", $list, "[", $resource, "]"),
                concat!(
                    "spec.initContainers[*].resources.",
                    $list,
                    "[",
                    $resource,
                    "]"
                ),
                concat!("spec.resources.", $list, "[", $resource, "]"),
                concat!("spec.overhead[", $resource, "]"),
            ],
            allowed: $allowed,
            since: SINCE,
            upstream: UPSTREAM,
            failing: concat!(
                quota!(concat!($id, ": ", $limit)),
                pod_with!($list, concat!($resource, ": ", $over))
            ),
            passing: concat!(
                quota!(concat!($id, ": ", $limit)),
                pod_with!($list, concat!($resource, ": ", $fits))
            ),
        }
    };
}

pub(super) const CPU: Control = compute!(
    "cpu",
    "requests",
    "cpu",
    "How much cpu all pods request together; the same as `requests.cpu`.",
    MUST_SAY,
    "\"1\"",
    "500m",
    "\"2\""
);

pub(super) const REQUESTS_CPU: Control = compute!(
    "requests.cpu",
    "requests",
    "cpu",
    "How much cpu all pods request together.",
    MUST_SAY,
    "\"1\"",
    "500m",
    "\"2\""
);

pub(super) const LIMITS_CPU: Control = compute!(
    "limits.cpu",
    "limits",
    "cpu",
    "How much cpu all pods may use together, by their limits.",
    MUST_SAY,
    "\"1\"",
    "500m",
    "\"2\""
);

pub(super) const MEMORY: Control = compute!(
    "memory",
    "requests",
    "memory",
    "How much memory all pods request together; the same as `requests.memory`.",
    MUST_SAY,
    "1Gi",
    "512Mi",
    "2Gi"
);

pub(super) const REQUESTS_MEMORY: Control = compute!(
    "requests.memory",
    "requests",
    "memory",
    "How much memory all pods request together.",
    MUST_SAY,
    "1Gi",
    "512Mi",
    "2Gi"
);

pub(super) const LIMITS_MEMORY: Control = compute!(
    "limits.memory",
    "limits",
    "memory",
    "How much memory all pods may use together, by their limits.",
    MUST_SAY,
    "1Gi",
    "512Mi",
    "2Gi"
);

pub(super) const EPHEMERAL_STORAGE: Control = compute!(
    "ephemeral-storage",
    "requests",
    "ephemeral-storage",
    "How much local storage all pods request together; the same as `requests.ephemeral-storage`.",
    MAY_SAY,
    "1Gi",
    "512Mi",
    "2Gi"
);

pub(super) const REQUESTS_EPHEMERAL_STORAGE: Control = compute!(
    "requests.ephemeral-storage",
    "requests",
    "ephemeral-storage",
    "How much local storage all pods request together.",
    MAY_SAY,
    "1Gi",
    "512Mi",
    "2Gi"
);

pub(super) const LIMITS_EPHEMERAL_STORAGE: Control = compute!(
    "limits.ephemeral-storage",
    "limits",
    "ephemeral-storage",
    "How much local storage all pods may use together, by their limits.",
    MAY_SAY,
    "1Gi",
    "512Mi",
    "2Gi"
);

/// Resources that must be requested and limited alike.
macro_rules! no_overcommit {
    ($id:expr, $key:expr, $resource:expr, $shown:expr, $guards:expr, $since:expr, $limit:expr, $fits:expr, $over:expr, $also:expr) => {
        Control {
            id: $id,
            policy: Policy::ResourceQuota,
            guards: $guards,
            fields: &[
                concat!("spec.containers[*].resources.requests[", $shown, "]"),
                concat!("spec.initContainers[*].resources.requests[", $shown, "]"),
            ],
            allowed: MAY_SAY,
            since: $since,
            upstream: UPSTREAM,
            failing: concat!(
                quota!(concat!($key, ": ", $limit)),
                both!($resource, $over, $also)
            ),
            passing: concat!(
                quota!(concat!($key, ": ", $limit)),
                both!($resource, $fits, $also)
            ),
        }
    };
}

macro_rules! both {
    ($resource:expr, $amount:expr, $also:expr) => {
        pod!(
            "web",
            "",
            concat!(
                "    resources:\n      requests:\n        ",
                $resource,
                ": ",
                $amount,
                "\n",
                $also,
                "      limits:\n        ",
                $resource,
                ": ",
                $amount,
                "\n",
                $also
            )
        )
    };
}

pub(super) const HUGE_PAGES: Control = no_overcommit!(
    "hugepages-<size>",
    "hugepages-2Mi",
    "hugepages-2Mi",
    "hugepages-<size>",
    "How many huge pages of a size all pods request together; the same as `requests.hugepages-<size>`.",
    "every release",
    "64Mi",
    "32Mi",
    "128Mi",
    "        memory: 64Mi\n"
);

pub(super) const REQUESTS_HUGE_PAGES: Control = no_overcommit!(
    "requests.hugepages-<size>",
    "requests.hugepages-2Mi",
    "hugepages-2Mi",
    "hugepages-<size>",
    "How many huge pages of a size all pods request together.",
    "every release",
    "64Mi",
    "32Mi",
    "128Mi",
    "        memory: 64Mi\n"
);

pub(super) const EXTENDED: Control = no_overcommit!(
    "requests.<extended resource>",
    "requests.nvidia.com/gpu",
    "nvidia.com/gpu",
    "<extended resource>",
    "How much of an extended resource all pods request together; there are no limits on limits.",
    "every release; since v1.36 claims for devices count, too, if a DeviceClass has that `extendedResourceName`",
    "\"1\"",
    "\"1\"",
    "\"2\"",
    ""
);

pub(super) const PODS: Control = Control {
    id: "pods",
    policy: Policy::ResourceQuota,
    guards: "How many pods there are that have not ended.",
    fields: &["status.phase", "metadata.deletionTimestamp"],
    allowed: "as many pods as the quota says. Pods in phase Succeeded or Failed do not count, nor do those that outlive \
        their deletion; `count/pods` counts them all",
    since: "every release",
    upstream: UPSTREAM,
    failing: concat!(
        quota!("pods: \"1\""),
        pod!("one", "", ""),
        pod!("two", "", "")
    ),
    passing: concat!(
        quota!("pods: \"2\""),
        pod!("one", "", ""),
        pod!("two", "", "")
    ),
};
