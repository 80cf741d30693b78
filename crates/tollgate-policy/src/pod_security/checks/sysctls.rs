//! Sysctls: a pod may set only those that reach no further than itself.
//!
//! Fields: `spec.securityContext.sysctls[*].name`
//! Allowed: a list of safe names that grew with v1.27, v1.29, v1.32 and v1.37
//! Level: baseline, since v1.0
//! Upstream: pod-security-admission `sysctls`

use crate::control::{Control, Policy};
use crate::pod_security::Level;
use crate::pod_security::check::{Check, Judge, Remedies, Versioned};
use crate::pod_security::evaluate::{Forbidden, forbidden};
use crate::pod_security::remedy::Remedy;
use crate::pod_security::view::{PodView, Signals};
use tollgate_api::field::Path;
use tollgate_api::{Release, Value};

/// The check.
pub const CHECK: Check = Check {
    level: Level::Baseline,
    control: Control {
        id: "sysctls",
        policy: Policy::PodSecurity,
        guards: "Kernel parameters may be set only if they reach no further than the pod.",
        fields: &["spec.securityContext.sysctls[*].name"],
        allowed: "kernel.shm_rmid_forced, net.ipv4.ip_local_port_range, net.ipv4.ip_unprivileged_port_start, net.ipv4.tcp_syncookies, net.ipv4.ping_group_range; net.ipv4.ip_local_reserved_ports (from v1.27); net.ipv4.tcp_keepalive_time, net.ipv4.tcp_fin_timeout, net.ipv4.tcp_keepalive_intvl, net.ipv4.tcp_keepalive_probes (from v1.29); net.ipv4.tcp_rmem, net.ipv4.tcp_wmem (from v1.32); net.ipv4.tcp_slow_start_after_idle, net.ipv4.tcp_notsent_lowat (from v1.37)",
        since: "baseline v1.0; v1.27, v1.29, v1.32 and v1.37 allow more",
        upstream: "pod-security-admission policy/check_sysctls.go",
        failing: example!(
            "baseline",
            r#"spec:
  securityContext:
    sysctls:
    - {name: kernel.msgmax, value: "65536"}
  containers:
  - name: app
    image: registry.example/app:1
"#
        ),
        passing: example!(
            "baseline",
            r#"spec:
  securityContext:
    sysctls:
    - {name: net.ipv4.tcp_syncookies, value: "1"}
  containers:
  - name: app
    image: registry.example/app:1
"#
        ),
    },
    versions: &[
        at(0, sysctls_v1_0, |pod, _| remedies(pod, 0)),
        at(27, sysctls_v1_27, |pod, _| remedies(pod, 27)),
        at(29, sysctls_v1_29, |pod, _| remedies(pod, 29)),
        at(32, sysctls_v1_32, |pod, _| remedies(pod, 32)),
        at(37, sysctls_v1_37, |pod, _| remedies(pod, 37)),
    ],
};

const fn at(since: u16, judge: Judge, remedies: Remedies) -> Versioned {
    Versioned {
        since,
        overrides: &[],
        looks_for: Signals::SYSCTL,
        judge,
        remedies,
    }
}

/// The policy version, as a minor number, from which on a sysctl counts as safe.
fn safe_since(name: &str) -> Option<u16> {
    Some(match name {
        "kernel.shm_rmid_forced"
        | "net.ipv4.ip_local_port_range"
        | "net.ipv4.ip_unprivileged_port_start"
        | "net.ipv4.ping_group_range"
        | "net.ipv4.tcp_syncookies" => 0,
        "net.ipv4.ip_local_reserved_ports" => 27,
        "net.ipv4.tcp_fin_timeout"
        | "net.ipv4.tcp_keepalive_intvl"
        | "net.ipv4.tcp_keepalive_probes"
        | "net.ipv4.tcp_keepalive_time" => 29,
        "net.ipv4.tcp_rmem" | "net.ipv4.tcp_wmem" => 32,
        "net.ipv4.tcp_notsent_lowat" | "net.ipv4.tcp_slow_start_after_idle" => 37,
        _ => return None,
    })
}

/// The places and names of the sysctls of a pod's security context that are not safe at version `1.<minor>`.
fn unsafe_at(context: &Value, minor: u16) -> impl Iterator<Item = (usize, &str)> {
    context
        .items("sysctls")
        .iter()
        .map(|sysctl| sysctl.str_or_empty("name"))
        .enumerate()
        .filter(move |(_, name)| safe_since(name).is_none_or(|since| since > minor))
}

/// Whether a pod's security context sets a sysctl that the first version does not call safe.
pub(in crate::pod_security) fn any_unsafe(context: &Value) -> bool {
    unsafe_at(context, 0).next().is_some()
}

fn sysctls_v1_0(pod: &PodView<'_>, _: Release) -> Option<Forbidden> {
    refuse(pod, 0)
}

fn sysctls_v1_27(pod: &PodView<'_>, _: Release) -> Option<Forbidden> {
    refuse(pod, 27)
}

fn sysctls_v1_29(pod: &PodView<'_>, _: Release) -> Option<Forbidden> {
    refuse(pod, 29)
}

fn sysctls_v1_32(pod: &PodView<'_>, _: Release) -> Option<Forbidden> {
    refuse(pod, 32)
}

fn sysctls_v1_37(pod: &PodView<'_>, _: Release) -> Option<Forbidden> {
    refuse(pod, 37)
}

fn refuse(pod: &PodView<'_>, minor: u16) -> Option<Forbidden> {
    let names: Vec<&str> = unsafe_at(pod.security_context(), minor)
        .map(|(_, name)| name)
        .collect();
    (!names.is_empty()).then(|| forbidden("forbidden sysctls", names.join(", ")))
}

fn remedies(pod: &PodView<'_>, minor: u16) -> Vec<Remedy> {
    let sysctls = Path::root("spec.securityContext.sysctls");
    unsafe_at(pod.security_context(), minor)
        .map(|(index, _)| Remedy::remove(sysctls.index(index).to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::pod_security::testing::{check, check_in, help};
    use tollgate_api::Release;

    const ID: &str = "sysctls";

    #[test]
    fn names_them_in_their_order_and_as_often_as_they_are_there() {
        let pod = r#"{"spec": {"securityContext": {"sysctls": [{"name": "b"}, {"name": "kernel.shm_rmid_forced"}, {"name": "a"}, {"name": "b"}]}}}"#;
        check(ID, "baseline", pod, Some("forbidden sysctls (b, a, b)"));
        assert_eq!(
            help(ID, "baseline", pod),
            "remove spec.securityContext.sysctls[0], spec.securityContext.sysctls[2], spec.securityContext.sysctls[3]"
        );
    }

    #[test]
    fn a_name_that_is_empty_leaves_no_detail() {
        let pod = r#"{"spec": {"securityContext": {"sysctls": [{}]}}}"#;
        check(ID, "baseline", pod, Some("forbidden sysctls"));
    }

    #[test]
    fn the_list_grows_with_versions_as_far_as_the_release_knows_them() {
        let pod = r#"{"spec": {"securityContext": {"sysctls": [{"name": "net.ipv4.ip_local_reserved_ports"},
            {"name": "net.ipv4.tcp_fin_timeout"}, {"name": "net.ipv4.tcp_rmem"}, {"name": "net.ipv4.tcp_notsent_lowat"}]}}}"#;
        for (version, text) in [
            (
                "v1.26",
                "net.ipv4.ip_local_reserved_ports, net.ipv4.tcp_fin_timeout, net.ipv4.tcp_rmem, net.ipv4.tcp_notsent_lowat",
            ),
            (
                "v1.27",
                "net.ipv4.tcp_fin_timeout, net.ipv4.tcp_rmem, net.ipv4.tcp_notsent_lowat",
            ),
            ("v1.29", "net.ipv4.tcp_rmem, net.ipv4.tcp_notsent_lowat"),
            ("v1.36", "net.ipv4.tcp_notsent_lowat"),
        ] {
            let text = format!("forbidden sysctls ({text})");
            check(ID, &format!("baseline:{version}"), pod, Some(&text));
        }
        check(ID, "baseline", pod, None);
        let text = "forbidden sysctls (net.ipv4.tcp_notsent_lowat)";
        check_in(Release::minor(36), ID, "baseline:v1.99", pod, Some(text));
    }
}
