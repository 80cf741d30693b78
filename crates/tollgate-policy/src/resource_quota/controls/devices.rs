//! Keys for claims for devices.

use super::examples::{pod, quota};
use crate::control::{Control, Policy};

const UPSTREAM: &str = "kubernetes pkg/quota/v1/evaluator/core claimEvaluator";

macro_rules! devices {
    ($count:expr) => {
        concat!(
            "---\napiVersion: resource.k8s.io/v1\nkind: ResourceClaim\nmetadata:\n  name: devices\nspec:\n",
            "  devices:\n    requests:\n    - name: gpu\n      exactly:\n        deviceClassName: gpu\n",
            "        allocationMode: ExactCount\n        count: ",
            $count,
            "\n"
        )
    };
}

macro_rules! implicit {
    ($count:expr) => {
        pod!(
            "web",
            "",
            concat!(
                "    resources:\n      requests:\n        deviceclass.resource.kubernetes.io/gpu: ",
                $count,
                "\n      limits:\n        deviceclass.resource.kubernetes.io/gpu: ",
                $count,
                "\n"
            )
        )
    };
}

pub(super) const DEVICES_OF_CLASS: Control = Control {
    id: "<device class>.deviceclass.resource.k8s.io/devices",
    policy: Policy::ResourceQuota,
    guards: "How many devices of a class all claims for devices ask for together.",
    fields: &[
        "spec.devices.requests[*].exactly.count",
        "spec.devices.requests[*].firstAvailable[*].count",
    ],
    allowed: "counts that stay within the quota together. A request for all devices counts 32, alternatives count as \
        the largest of them",
    since: "v1.31",
    upstream: UPSTREAM,
    failing: concat!(
        quota!("gpu.deviceclass.resource.k8s.io/devices: \"1\""),
        devices!("2")
    ),
    passing: concat!(
        quota!("gpu.deviceclass.resource.k8s.io/devices: \"2\""),
        devices!("2")
    ),
};

pub(super) const IMPLICIT_EXTENDED: Control = Control {
    id: "requests.deviceclass.resource.kubernetes.io/<device class>",
    policy: Policy::ResourceQuota,
    guards: "How many devices of a class all pods request together by the extended resource of the class.",
    fields: &[
        "spec.containers[*].resources.requests[deviceclass.resource.kubernetes.io/<device class>]",
        "spec.devices.requests[*].exactly.count",
    ],
    allowed: "amounts that stay within the quota together; claims count, too, if the class has an \
        `extendedResourceName`, but for what their pod is charged for",
    since: "v1.36",
    upstream: UPSTREAM,
    failing: concat!(
        quota!("requests.deviceclass.resource.kubernetes.io/gpu: \"1\""),
        implicit!("\"2\"")
    ),
    passing: concat!(
        quota!("requests.deviceclass.resource.kubernetes.io/gpu: \"2\""),
        implicit!("\"2\"")
    ),
};
