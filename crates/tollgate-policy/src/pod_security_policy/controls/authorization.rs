//! Authorization: a policy counts only for pods whose service account, or whose creator, may `use` it.
//!
//! Fields: spec.serviceAccountName
//! Allowed: pods for which at least one policy may be used
//! Mutates: no
//! Upstream: plugin/pkg/admission/security/podsecuritypolicy, 1.24

use super::example;
use crate::control::{Control, Policy};

pub(in super::super) const CONTROL: Control = Control {
    id: "use",
    policy: Policy::PodSecurityPolicy,
    guards: "lets only those use a policy to whom RBAC grants it",
    fields: &["spec.serviceAccountName"],
    allowed: "pods whose service account, or whose creator, has the verb `use` on some policy in the pod's \
              namespace; pods of a workload are created by its controller, so there the service account counts",
    since: "1.5 in group extensions, 1.10 in group policy; either is honoured",
    upstream: "plugin/pkg/admission/security/podsecuritypolicy",
    failing: example!(deployment, granted_to: "someone-else"),
    passing: example!(deployment, granted_to: "default"),
};
