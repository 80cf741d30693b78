//! Sysctls: kernel parameters that a pod sets for itself.
//!
//! Fields: spec.securityContext.sysctls[*].name
//! Allowed: the safe ones and those of `allowedUnsafeSysctls`, none of `forbiddenSysctls`
//! Mutates: no
//! Upstream: podsecuritypolicy/sysctl, 1.24

use super::super::finding::{Finding, Findings};
use super::super::pod::{Pod, spec_field};
use super::example;
use crate::control::{Control, Policy};
use compact_str::CompactString;
use tollgate_api::Value;
use tollgate_api::field::{Error, Path};
use tollgate_api::go_format::quote;

/// What no pod can hurt another with.
const SAFE: [&str; 5] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
];

pub(super) const ALLOWED_UNSAFE: Control = Control {
    id: "allowedUnsafeSysctls",
    policy: Policy::PodSecurityPolicy,
    guards: "lists the kernel parameters that pods may set although they can disturb others",
    fields: &["spec.securityContext.sysctls[*].name"],
    allowed: "the safe sysctls (kernel.shm_rmid_forced, net.ipv4.ip_local_port_range, net.ipv4.tcp_syncookies, \
              net.ipv4.ping_group_range, net.ipv4.ip_unprivileged_port_start) and those that match the list, \
              where a name may end in `*`",
    since: "1.11",
    upstream: "pkg/security/podsecuritypolicy/sysctl",
    failing: example!(
        spec: ["allowedUnsafeSysctls:", "- net.core.*"],
        pod: [
            "securityContext:", "  sysctls:", "  - name: kernel.msgmax", "    value: '65536'",
            "containers:", "- name: web", "  image: nginx",
        ],
    ),
    passing: example!(
        spec: ["allowedUnsafeSysctls:", "- kernel.msg*"],
        pod: [
            "securityContext:", "  sysctls:", "  - name: kernel.msgmax", "    value: '65536'",
            "containers:", "- name: web", "  image: nginx",
        ],
    ),
};

pub(super) const FORBIDDEN: Control = Control {
    id: "forbiddenSysctls",
    policy: Policy::PodSecurityPolicy,
    guards: "lists the kernel parameters that pods may not set, safe ones too",
    fields: &["spec.securityContext.sysctls[*].name"],
    allowed: "whatever does not match the list, where a name may end in `*`",
    since: "1.11",
    upstream: "pkg/security/podsecuritypolicy/sysctl",
    failing: example!(
        spec: ["forbiddenSysctls:", "- kernel.shm_rmid_forced"],
        pod: [
            "securityContext:", "  sysctls:", "  - name: kernel.shm_rmid_forced", "    value: '1'",
            "containers:", "- name: web", "  image: nginx",
        ],
    ),
    passing: example!(
        spec: ["forbiddenSysctls:", "- net.*"],
        pod: [
            "securityContext:", "  sysctls:", "  - name: kernel.shm_rmid_forced", "    value: '1'",
            "containers:", "- name: web", "  image: nginx",
        ],
    ),
};

/// `spec.allowedUnsafeSysctls` and `spec.forbiddenSysctls`
#[derive(Debug, Clone)]
pub(in super::super) struct Sysctls {
    allowed_unsafe: Vec<CompactString>,
    forbidden: Vec<CompactString>,
}

impl Sysctls {
    pub(in super::super) fn read(spec: &Value) -> Self {
        let names = |field| {
            let names = spec.items(field).iter().filter_map(Value::as_str);
            names.map(Into::into).collect()
        };
        Self {
            allowed_unsafe: names(ALLOWED_UNSAFE.id),
            forbidden: names(FORBIDDEN.id),
        }
    }

    pub(in super::super) fn validate(&self, pod: &Pod<'_>, findings: &mut Findings) {
        for (index, sysctl) in pod.security_context.items("sysctls").iter().enumerate() {
            let name = sysctl.str_or_empty("name");
            let (control, unsafe_) = if matches(&self.forbidden, name) {
                (FORBIDDEN.id, "")
            } else if SAFE.contains(&name) || matches(&self.allowed_unsafe, name) {
                continue;
            } else {
                (ALLOWED_UNSAFE.id, "unsafe ")
            };
            findings.add(|| {
                let pod = Path::root("pod");
                let spec = pod.child("spec");
                let context = spec.child("securityContext");
                let list = context.child("sysctls");
                let detail = format!("{unsafe_}sysctl {} is not allowed", quote(name));
                Finding {
                    control,
                    error: Error::forbidden(&list.index(index), detail),
                    fields: vec![name_field(index)],
                    policy_fields: vec![spec_field(control)],
                    help: format!("remove the sysctl `{name}`"),
                }
            });
        }
    }
}

fn name_field(index: usize) -> tollgate_api::field::FieldPath {
    let spec = Path::root("spec");
    let context = spec.child("securityContext");
    let list = context.child("sysctls");
    let sysctl = list.index(index);
    sysctl.child("name").to_owned()
}

fn matches(patterns: &[CompactString], name: &str) -> bool {
    patterns
        .iter()
        .any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == pattern,
        })
}
