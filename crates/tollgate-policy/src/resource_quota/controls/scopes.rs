//! Scopes: which objects a quota is about.

use super::examples::{claim, pod, quota};
use crate::control::{Control, Policy};

const SCOPES: &str = "kubernetes pkg/quota/v1/evaluator/core podMatchesScopeFunc";
const TWO_KINDS: &str =
    "every release; a change of `activeDeadlineSeconds` of a running pod counts since v1.33";

macro_rules! scope {
    ($id:expr, $guards:expr, $fields:expr, $allowed:expr, $since:expr, $selector:expr, $inside:expr, $outside:expr) => {
        Control {
            id: $id,
            policy: Policy::ResourceQuota,
            guards: $guards,
            fields: $fields,
            allowed: $allowed,
            since: $since,
            upstream: SCOPES,
            failing: concat!(quota!("pods: \"0\"", $selector), $inside),
            passing: concat!(quota!("pods: \"0\"", $selector), $outside),
        }
    };
}

pub(super) const TERMINATING: Control = scope!(
    "Terminating",
    "The quota counts only pods that end by themselves: those with `activeDeadlineSeconds`.",
    &["spec.activeDeadlineSeconds"],
    "pods without a deadline are not counted by a quota of this scope",
    TWO_KINDS,
    "  scopes:\n  - Terminating\n",
    pod!("web", "  activeDeadlineSeconds: 60\n", ""),
    pod!("web", "", "")
);

pub(super) const NOT_TERMINATING: Control = scope!(
    "NotTerminating",
    "The quota counts only pods that run on: those without `activeDeadlineSeconds`.",
    &["spec.activeDeadlineSeconds"],
    "pods with a deadline are not counted by a quota of this scope",
    TWO_KINDS,
    "  scopes:\n  - NotTerminating\n",
    pod!("web", "", ""),
    pod!("web", "  activeDeadlineSeconds: 60\n", "")
);

const RESOURCES: &[&str] = &[
    "spec.containers[*].resources",
    "spec.initContainers[*].resources",
    "spec.resources",
    "status.qosClass",
];

pub(super) const BEST_EFFORT: Control = scope!(
    "BestEffort",
    "The quota counts only pods that neither request nor limit cpu or memory; it can limit nothing but `pods`.",
    RESOURCES,
    "pods that request or limit cpu or memory are not counted by a quota of this scope",
    "every release",
    "  scopes:\n  - BestEffort\n",
    pod!("web", "", ""),
    pod!(
        "web",
        "",
        "    resources:\n      requests:\n        cpu: 100m\n"
    )
);

pub(super) const NOT_BEST_EFFORT: Control = scope!(
    "NotBestEffort",
    "The quota counts only pods that request or limit cpu or memory.",
    RESOURCES,
    "pods that neither request nor limit cpu or memory are not counted by a quota of this scope",
    "every release",
    "  scopes:\n  - NotBestEffort\n",
    pod!(
        "web",
        "",
        "    resources:\n      requests:\n        cpu: 100m\n"
    ),
    pod!("web", "", "")
);

macro_rules! priority_class {
    ($pod:expr) => {
        concat!(
            "---\napiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata:\n  name: high\nvalue: 1000\n",
            $pod
        )
    };
}

pub(super) const PRIORITY_CLASS: Control = scope!(
    "PriorityClass",
    "The quota counts only pods whose priority class the selector names.",
    &["spec.priorityClassName"],
    "pods of other classes are not counted; `NotIn` and `DoesNotExist` hold for pods without a class. A server can be \
        told to refuse pods of a class that no quota counts (`limitedResources`)",
    "v1.11",
    "  scopeSelector:\n    matchExpressions:\n    - scopeName: PriorityClass\n      operator: In\n      \
values: [high]\n",
    priority_class!(pod!("web", "  priorityClassName: high\n", "")),
    priority_class!(pod!("web", "", ""))
);

macro_rules! affinity {
    ($term:expr) => {
        concat!(
            "  affinity:\n    podAffinity:\n      requiredDuringSchedulingIgnoredDuringExecution:\n",
            "      - topologyKey: kubernetes.io/hostname\n        labelSelector:\n          matchLabels:\n",
            "            app: cache\n",
            $term
        )
    };
}

pub(super) const CROSS_NAMESPACE_POD_AFFINITY: Control = scope!(
    "CrossNamespacePodAffinity",
    "The quota counts only pods whose affinity or anti-affinity looks at pods of other namespaces.",
    &[
        "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[*].namespaces",
        "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[*].namespaceSelector",
    ],
    "pods whose terms have neither `namespaces` nor `namespaceSelector` are not counted; a limit of 0 forbids such terms",
    "v1.21, on by default since v1.22",
    "  scopes:\n  - CrossNamespacePodAffinity\n",
    pod!("web", affinity!("        namespaces: [other]\n"), ""),
    pod!("web", affinity!(""), "")
);

pub(super) const VOLUME_ATTRIBUTES_CLASS: Control = Control {
    id: "VolumeAttributesClass",
    policy: Policy::ResourceQuota,
    guards: "The quota counts only claims whose volume attributes class the selector names: wanted, in use or on the way.",
    fields: &[
        "spec.volumeAttributesClassName",
        "status.currentVolumeAttributesClassName",
        "status.modifyVolumeStatus.targetVolumeAttributesClassName",
    ],
    allowed: "claims of other classes are not counted; `NotIn` and `DoesNotExist` hold for claims without a class",
    since: "v1.34",
    upstream: "kubernetes pkg/quota/v1/evaluator/core pvcMatchesScopeFunc",
    failing: concat!(
        quota!(
            "persistentvolumeclaims: \"0\"",
            "  scopeSelector:\n    matchExpressions:\n    - scopeName: VolumeAttributesClass\n      operator: In\n      \
values: [fast]\n"
        ),
        claim!("data", "1Gi", "  volumeAttributesClassName: fast\n")
    ),
    passing: concat!(
        quota!(
            "persistentvolumeclaims: \"0\"",
            "  scopeSelector:\n    matchExpressions:\n    - scopeName: VolumeAttributesClass\n      operator: In\n      \
values: [fast]\n"
        ),
        claim!("data", "1Gi", "")
    ),
};
