//! SELinux: a container must stay in the domains that are made for containers.
//!
//! Fields: `spec.securityContext.seLinuxOptions.{type,user,role}`, the same of containers
//! Allowed: type unset, container_t, container_init_t, container_kvm_t, since v1.31 container_engine_t; no user, no role
//! Level: baseline, since v1.0
//! Upstream: pod-security-admission `seLinuxOptions`

use crate::control::{Control, Policy};
use crate::pod_security::check::{Check, Versioned};
use crate::pod_security::evaluate::{Forbidden, forbidden};
use crate::pod_security::remedy::Remedy;
use crate::pod_security::view::{PodView, Signals};
use crate::pod_security::{Level, message};
use tollgate_api::field::Path;
use tollgate_api::{Release, Value};

/// The check.
pub const CHECK: Check = Check {
    level: Level::Baseline,
    control: Control {
        id: "seLinuxOptions",
        policy: Policy::PodSecurity,
        guards: "Containers may not leave the SELinux domains that are made for them.",
        fields: &[
            "spec.securityContext.seLinuxOptions",
            "spec.initContainers[*].securityContext.seLinuxOptions",
            "spec.containers[*].securityContext.seLinuxOptions",
            "spec.ephemeralContainers[*].securityContext.seLinuxOptions",
        ],
        allowed: "type: unset, container_t, container_init_t, container_kvm_t, container_engine_t (from v1.31); user and role: unset",
        since: "baseline v1.0; v1.31 adds container_engine_t",
        upstream: "pod-security-admission policy/check_seLinuxOptions.go",
        failing: example!(
            "baseline",
            r"spec:
  securityContext:
    seLinuxOptions: {type: spc_t}
  containers:
  - name: app
    image: registry.example/app:1
"
        ),
        passing: example!(
            "baseline",
            r"spec:
  securityContext:
    seLinuxOptions: {type: container_t}
  containers:
  - name: app
    image: registry.example/app:1
"
        ),
    },
    versions: &[
        Versioned {
            since: 0,
            overrides: &[],
            looks_for: Signals::SE_LINUX_V1_0,
            judge: se_linux_options_v1_0,
            remedies: |pod, _| remedies(pod, Signals::SE_LINUX_V1_0, 0),
        },
        Versioned {
            since: 31,
            overrides: &[],
            looks_for: Signals::SE_LINUX_V1_31,
            judge: se_linux_options_v1_31,
            remedies: |pod, _| remedies(pod, Signals::SE_LINUX_V1_31, 31),
        },
    ],
};

const FIELD: &str = "securityContext.seLinuxOptions";

/// Up to this release, user and role are named only beside a type.
const LAST_RELEASE_THAT_NAMES_TYPES_ONLY: Release = Release::minor(25);

/// Whether these `seLinuxOptions` may be set at policy version `1.<minor>`.
pub(in crate::pod_security) fn is_allowed(options: &Value, minor: u16) -> bool {
    is_allowed_type(options.str_or_empty("type"), minor)
        && options.str_or_empty("user").is_empty()
        && options.str_or_empty("role").is_empty()
}

fn is_allowed_type(kind: &str, minor: u16) -> bool {
    match kind {
        "" | "container_t" | "container_init_t" | "container_kvm_t" => true,
        "container_engine_t" => minor >= 31,
        _ => false,
    }
}

fn se_linux_options_v1_0(pod: &PodView<'_>, release: Release) -> Option<Forbidden> {
    refuse(pod, release, Signals::SE_LINUX_V1_0, 0)
}

fn se_linux_options_v1_31(pod: &PodView<'_>, release: Release) -> Option<Forbidden> {
    refuse(pod, release, Signals::SE_LINUX_V1_31, 31)
}

/// The options of the pod and of the containers that show `signal`.
fn options<'a>(pod: &PodView<'a>, signal: Signals) -> impl Iterator<Item = &'a Value> + Clone {
    let own = pod.itself_shows(signal).then(|| pod.security_context());
    let containers = pod.containers_with(signal);
    own.into_iter()
        .chain(containers.map(|container| container.security_context))
        .filter_map(|context| context.get("seLinuxOptions"))
}

fn refuse(pod: &PodView<'_>, release: Release, signal: Signals, minor: u16) -> Option<Forbidden> {
    let mut detail = message::setters(pod.itself_shows(signal), pod.names_with(signal))?;
    let options = options(pod, signal);
    let types = message::sorted(
        options
            .clone()
            .map(|options| options.str_or_empty("type"))
            .filter(|kind| !is_allowed_type(kind, minor)),
    );
    let mut parts = Vec::new();
    if !types.is_empty() {
        let mut part = message::plural(types.len(), "type ", "types ").to_owned();
        message::push_quoted(&mut part, types.iter().copied());
        parts.push(part);
    }
    if !types.is_empty() || release > LAST_RELEASE_THAT_NAMES_TYPES_ONLY {
        for field in ["user", "role"] {
            if options
                .clone()
                .any(|options| !options.str_or_empty(field).is_empty())
            {
                parts.push(format!("{field} may not be set"));
            }
        }
    }
    detail.push_str(" set forbidden securityContext.seLinuxOptions: ");
    detail.push_str(&parts.join("; "));
    Some(forbidden("seLinuxOptions", detail))
}

fn remedies(pod: &PodView<'_>, signal: Signals, minor: u16) -> Vec<Remedy> {
    let own = pod.itself_shows(signal);
    let own = own.then(|| {
        (
            Path::root("spec").child(FIELD).to_owned(),
            pod.security_context(),
        )
    });
    let containers = pod.containers_with(signal);
    let mut remedies = Vec::new();
    for (place, context) in own
        .into_iter()
        .chain(containers.map(|one| (one.field(FIELD), one.security_context)))
    {
        let Some(options) = context.get("seLinuxOptions") else {
            continue;
        };
        for field in ["type", "user", "role"] {
            let value = options.str_or_empty(field);
            if !(value.is_empty() || field == "type" && is_allowed_type(value, minor)) {
                remedies.push(Remedy::remove(Path::root(field).to_owned().below(&place)));
            }
        }
    }
    remedies
}

#[cfg(test)]
mod tests {
    use crate::pod_security::testing::{check, check_in, help};
    use tollgate_api::Release;

    const ID: &str = "seLinuxOptions";

    #[test]
    fn names_types_then_user_then_role() {
        let pod = r#"{"spec": {"securityContext": {"seLinuxOptions": {"type": "x_t"}}, "containers": [
            {"name": "a", "securityContext": {"seLinuxOptions": {"type": "container_t", "role": "r"}}},
            {"name": "b", "securityContext": {"seLinuxOptions": {"type": "container_engine_t", "user": "u"}}},
            {"name": "c", "securityContext": {"seLinuxOptions": {"level": "s0"}}}]}}"#;
        check(
            ID,
            "baseline:v1.30",
            pod,
            Some(
                r#"seLinuxOptions (pod and containers "a", "b" set forbidden securityContext.seLinuxOptions: types "container_engine_t", "x_t"; user may not be set; role may not be set)"#,
            ),
        );
        check(
            ID,
            "baseline:v1.31",
            pod,
            Some(
                r#"seLinuxOptions (pod and containers "a", "b" set forbidden securityContext.seLinuxOptions: type "x_t"; user may not be set; role may not be set)"#,
            ),
        );
        assert_eq!(
            help(ID, "baseline", pod),
            "remove spec.securityContext.seLinuxOptions.type, \
             spec.containers[0].securityContext.seLinuxOptions.role, \
             spec.containers[1].securityContext.seLinuxOptions.user"
        );
    }

    #[test]
    fn the_domain_of_container_engines_is_allowed_from_1_31_on() {
        let pod =
            r#"{"spec": {"securityContext": {"seLinuxOptions": {"type": "container_engine_t"}}}}"#;
        let text = r#"seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "container_engine_t")"#;
        check(ID, "restricted:v1.30", pod, Some(text));
        check(ID, "restricted:v1.31", pod, None);
    }

    #[test]
    fn old_releases_leave_the_list_empty_without_a_type() {
        let pod = r#"{"spec": {"securityContext": {"seLinuxOptions": {"user": "u"}}}}"#;
        let text = "seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: )";
        check_in(Release::minor(25), ID, "baseline", pod, Some(text));
        let text = "seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: user may not be set)";
        check_in(Release::minor(26), ID, "baseline", pod, Some(text));
    }
}
