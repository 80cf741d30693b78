//! Keys for claims for volumes, in all and by storage class.

use super::examples::{claim, quota};
use crate::control::{Control, Policy};

const SINCE: &str =
    "every release; the size in use counts where it is larger than the size asked for since v1.23";
const UPSTREAM: &str = "kubernetes pkg/quota/v1/evaluator/core pvcEvaluator";
const CLASS: &str = "spec.storageClassName";
const SIZE: &str = "spec.resources.requests[storage]";

pub(super) const PERSISTENT_VOLUME_CLAIMS: Control = Control {
    id: "persistentvolumeclaims",
    policy: Policy::ResourceQuota,
    guards: "How many claims for volumes there are.",
    fields: &[],
    allowed: "as many claims as the quota says",
    since: "every release",
    upstream: UPSTREAM,
    failing: concat!(
        quota!("persistentvolumeclaims: \"1\""),
        claim!("one", "1Gi", ""),
        claim!("two", "1Gi", "")
    ),
    passing: concat!(
        quota!("persistentvolumeclaims: \"2\""),
        claim!("one", "1Gi", ""),
        claim!("two", "1Gi", "")
    ),
};

pub(super) const REQUESTS_STORAGE: Control = Control {
    id: "requests.storage",
    policy: Policy::ResourceQuota,
    guards: "How much storage all claims for volumes ask for together.",
    fields: &[SIZE],
    allowed: "sizes that stay within the quota together, each rounded up to whole bytes; growing a claim counts what \
        is added",
    since: SINCE,
    upstream: UPSTREAM,
    failing: concat!(quota!("requests.storage: 10Gi"), claim!("data", "20Gi", "")),
    passing: concat!(quota!("requests.storage: 10Gi"), claim!("data", "5Gi", "")),
};

pub(super) const CLASS_PERSISTENT_VOLUME_CLAIMS: Control = Control {
    id: "<storage class>.storageclass.storage.k8s.io/persistentvolumeclaims",
    policy: Policy::ResourceQuota,
    guards: "How many claims name a storage class.",
    fields: &[CLASS],
    allowed: "as many claims of the class as the quota says; claims without a class and of other classes do not count",
    since: "every release",
    upstream: UPSTREAM,
    failing: concat!(
        quota!("gold.storageclass.storage.k8s.io/persistentvolumeclaims: \"0\""),
        claim!("data", "1Gi", "  storageClassName: gold\n")
    ),
    passing: concat!(
        quota!("gold.storageclass.storage.k8s.io/persistentvolumeclaims: \"0\""),
        claim!("data", "1Gi", "  storageClassName: bronze\n")
    ),
};

pub(super) const CLASS_REQUESTS_STORAGE: Control = Control {
    id: "<storage class>.storageclass.storage.k8s.io/requests.storage",
    policy: Policy::ResourceQuota,
    guards: "How much storage all claims that name a storage class ask for together.",
    fields: &[SIZE, CLASS],
    allowed: "sizes that stay within the quota together; claims without a class and of other classes do not count",
    since: SINCE,
    upstream: UPSTREAM,
    failing: concat!(
        quota!("gold.storageclass.storage.k8s.io/requests.storage: 10Gi"),
        claim!("data", "20Gi", "  storageClassName: gold\n")
    ),
    passing: concat!(
        quota!("gold.storageclass.storage.k8s.io/requests.storage: 10Gi"),
        claim!("data", "20Gi", "  storageClassName: bronze\n")
    ),
};
