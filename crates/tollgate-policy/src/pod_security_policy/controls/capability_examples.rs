//! What `explain` says about the three lists of capabilities.

use super::example;
use crate::control::{Control, Policy};

const FIELDS: &[&str] = &[
    "spec.initContainers[*].securityContext.capabilities",
    "spec.containers[*].securityContext.capabilities",
    "spec.ephemeralContainers[*].securityContext.capabilities",
];

pub(super) const ALLOWED: Control = Control {
    id: "allowedCapabilities",
    policy: Policy::PodSecurityPolicy,
    guards: "lists the capabilities that containers may add beyond those of their runtime",
    fields: FIELDS,
    allowed: "capabilities in the list and in `defaultAddCapabilities`; `*` is every capability and lifts \
              `requiredDropCapabilities`, too",
    since: "every release of PodSecurityPolicy; `*` since 1.9",
    upstream: "pkg/security/podsecuritypolicy/capabilities",
    failing: example!(
        spec: ["allowedCapabilities:", "- NET_BIND_SERVICE"],
        pod: [
            "containers:", "- name: web", "  image: nginx",
            "  securityContext:", "    capabilities:", "      add:", "      - SYS_ADMIN",
        ],
    ),
    passing: example!(
        spec: ["allowedCapabilities:", "- NET_BIND_SERVICE"],
        pod: [
            "containers:", "- name: web", "  image: nginx",
            "  securityContext:", "    capabilities:", "      add:", "      - NET_BIND_SERVICE",
        ],
    ),
};

pub(super) const DEFAULT_ADD: Control = Control {
    id: "defaultAddCapabilities",
    policy: Policy::PodSecurityPolicy,
    guards: "lists the capabilities that every container gets unless it drops them",
    fields: FIELDS,
    allowed: "capabilities in the list, which containers may also add themselves",
    since: "every release of PodSecurityPolicy",
    upstream: "pkg/security/podsecuritypolicy/capabilities",
    failing: example!(
        spec: ["defaultAddCapabilities:", "- NET_BIND_SERVICE"],
        pod: [
            "containers:", "- name: web", "  image: nginx",
            "  securityContext:", "    capabilities:", "      add:", "      - SYS_ADMIN",
        ],
    ),
    passing: example!(
        spec: ["defaultAddCapabilities:", "- NET_BIND_SERVICE"],
        pod: ["containers:", "- name: web", "  image: nginx"],
    ),
};

pub(super) const REQUIRED_DROP: Control = Control {
    id: "requiredDropCapabilities",
    policy: Policy::PodSecurityPolicy,
    guards: "lists the capabilities that are taken from every container",
    fields: FIELDS,
    allowed: "containers that do not add a capability of the list; it is dropped from all of them",
    since: "every release of PodSecurityPolicy",
    upstream: "pkg/security/podsecuritypolicy/capabilities",
    failing: example!(
        spec: ["requiredDropCapabilities:", "- MKNOD"],
        pod: [
            "containers:", "- name: web", "  image: nginx",
            "  securityContext:", "    capabilities:", "      add:", "      - MKNOD",
        ],
    ),
    passing: example!(
        spec: ["requiredDropCapabilities:", "- MKNOD"],
        pod: ["containers:", "- name: web", "  image: nginx"],
    ),
};
