//! Seccomp, baseline: a container must not switch off the filter of system calls.
//!
//! Fields: `spec.securityContext.seccompProfile.type`, the same of containers; before v1.19 annotations
//! Allowed: unset, RuntimeDefault, Localhost; in annotations runtime/default, docker/default, localhost/*
//! Level: baseline, since v1.0; at restricted, `seccompProfile_restricted` takes over from v1.19
//! Upstream: pod-security-admission `seccompProfile_baseline`

use crate::control::{Control, Policy};
use crate::pod_security::check::{Check, Versioned};
use crate::pod_security::evaluate::{Forbidden, forbidden};
use crate::pod_security::remedy::Remedy;
use crate::pod_security::view::{PodView, Signals};
use crate::pod_security::{Level, message};
use std::collections::BTreeMap;
use tollgate_api::Release;
use tollgate_api::field::{FieldPath, Path};
use tollgate_api::go_format::quote;

/// The check.
pub const CHECK: Check = Check {
    level: Level::Baseline,
    control: Control {
        id: "seccompProfile_baseline",
        policy: Policy::PodSecurity,
        guards: "The filter of system calls may not be switched off.",
        fields: &[
            "spec.securityContext.seccompProfile.type",
            "spec.initContainers[*].securityContext.seccompProfile.type",
            "spec.containers[*].securityContext.seccompProfile.type",
            "spec.ephemeralContainers[*].securityContext.seccompProfile.type",
            "metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]",
            "metadata.annotations[container.seccomp.security.alpha.kubernetes.io/*]",
        ],
        allowed: "unset, RuntimeDefault, Localhost; before v1.19 annotations: unset, runtime/default, docker/default, localhost/*",
        since: "baseline v1.0 (annotations), v1.19 (fields); at restricted, seccompProfile_restricted takes over from v1.19",
        upstream: "pod-security-admission policy/check_seccompProfile_baseline.go",
        failing: example!(
            "baseline",
            r"spec:
  containers:
  - name: app
    image: registry.example/app:1
    securityContext:
      seccompProfile: {type: Unconfined}
"
        ),
        passing: example!(
            "baseline",
            r"spec:
  containers:
  - name: app
    image: registry.example/app:1
    securityContext:
      seccompProfile: {type: RuntimeDefault}
"
        ),
    },
    versions: &[
        Versioned {
            since: 0,
            overrides: &[],
            looks_for: Signals::SECCOMP_ANNOTATION,
            judge: seccomp_profile_baseline_v1_0,
            remedies: remove_annotations,
        },
        Versioned {
            since: 19,
            overrides: &[],
            looks_for: Signals::SECCOMP_FORBIDDEN,
            judge: seccomp_profile_baseline_v1_19,
            remedies: set_fields,
        },
    ],
};

const POD_ANNOTATION: &str = "seccomp.security.alpha.kubernetes.io/pod";
const CONTAINER_ANNOTATION_PREFIX: &str = "container.seccomp.security.alpha.kubernetes.io/";
/// The field, below the pod's spec or a container.
pub(super) const FIELD: &str = "securityContext.seccompProfile.type";

/// Whether a profile of this type may be set.
pub(in crate::pod_security) fn is_allowed_type(kind: &str) -> bool {
    matches!(kind, "RuntimeDefault" | "Localhost")
}

/// Whether this is an annotation about seccomp with a value that may not be set.
pub(in crate::pod_security) fn is_forbidden_annotation(key: &str, value: &str) -> bool {
    (key == POD_ANNOTATION || key.starts_with(CONTAINER_ANNOTATION_PREFIX))
        && !(matches!(value, "runtime/default" | "docker/default")
            || value.starts_with("localhost/"))
}

/// The forbidden annotations of the pod and of containers that exist.
fn forbidden_annotations<'a>(pod: &PodView<'a>) -> BTreeMap<&'a str, &'a str> {
    let mut found = pod.annotations_with_prefix(CONTAINER_ANNOTATION_PREFIX);
    let names = message::sorted(pod.containers().map(|container| container.name));
    found.retain(|key, _| {
        let name = key
            .strip_prefix(CONTAINER_ANNOTATION_PREFIX)
            .unwrap_or_default();
        names.binary_search(&name).is_ok()
    });
    found.extend(
        pod.annotations_with_prefix(POD_ANNOTATION)
            .into_iter()
            .filter(|(key, _)| *key == POD_ANNOTATION),
    );
    found.retain(|key, value| is_forbidden_annotation(key, value));
    found
}

fn seccomp_profile_baseline_v1_0(pod: &PodView<'_>, _: Release) -> Option<Forbidden> {
    let annotations = message::sorted(
        forbidden_annotations(pod)
            .into_iter()
            .map(|(key, value)| format!("{key}={}", quote(value))),
    );
    let noun = message::plural(annotations.len(), "annotation", "annotations");
    (!annotations.is_empty()).then(|| {
        let detail = format!("forbidden {noun} {}", annotations.join(", "));
        forbidden("seccompProfile", detail)
    })
}

/// Refuses profiles that are set to something forbidden; the restricted level says the same first.
pub(super) fn seccomp_profile_baseline_v1_19(pod: &PodView<'_>, _: Release) -> Option<Forbidden> {
    let own = pod.itself_shows(Signals::SECCOMP_FORBIDDEN);
    let mut detail = message::setters(own, pod.names_with(Signals::SECCOMP_FORBIDDEN))?;
    let contexts = own.then(|| pod.security_context()).into_iter().chain(
        pod.containers_with(Signals::SECCOMP_FORBIDDEN)
            .map(|container| container.security_context),
    );
    let types = message::sorted(contexts.map(|context| {
        let profile = context.get("seccompProfile");
        profile
            .map(|profile| profile.str_or_empty("type"))
            .unwrap_or_default()
    }));
    detail.push_str(" must not set securityContext.seccompProfile.type to ");
    message::push_quoted(&mut detail, types);
    Some(forbidden("seccompProfile", detail))
}

fn remove_annotations(pod: &PodView<'_>, _: Release) -> Vec<Remedy> {
    let annotations = Path::root("metadata.annotations");
    forbidden_annotations(pod)
        .into_keys()
        .map(|key| Remedy::remove(annotations.key(key).to_owned()))
        .collect()
}

fn set_fields(pod: &PodView<'_>, _: Release) -> Vec<Remedy> {
    let own = pod.itself_shows(Signals::SECCOMP_FORBIDDEN);
    own.then(pod_field)
        .into_iter()
        .chain(container_fields(pod))
        .map(|field| Remedy::set(field, "RuntimeDefault"))
        .collect()
}

/// The pod's own field.
pub(super) fn pod_field() -> FieldPath {
    Path::root("spec").child(FIELD).to_owned()
}

/// The fields of containers that are set to something forbidden.
pub(super) fn container_fields(pod: &PodView<'_>) -> impl Iterator<Item = FieldPath> {
    pod.containers_with(Signals::SECCOMP_FORBIDDEN)
        .map(|container| container.field(FIELD))
}

#[cfg(test)]
mod tests {
    use crate::pod_security::testing::{check, help};

    const ID: &str = "seccompProfile_baseline";

    #[test]
    fn annotations_count_up_to_1_18_if_their_container_exists() {
        let pod = r#"{
            "metadata": {"annotations": {
                "seccomp.security.alpha.kubernetes.io/pod": "unconfined",
                "seccomp.security.alpha.kubernetes.io/pods": "unconfined",
                "container.seccomp.security.alpha.kubernetes.io/app": "we\"ird",
                "container.seccomp.security.alpha.kubernetes.io/ok": "localhost/x",
                "container.seccomp.security.alpha.kubernetes.io/absent": "unconfined"}},
            "spec": {"containers": [{"name": "app"}, {"name": "ok"}]}}"#;
        check(
            ID,
            "baseline:v1.18",
            pod,
            Some(
                r#"seccompProfile (forbidden annotations container.seccomp.security.alpha.kubernetes.io/app="we\"ird", seccomp.security.alpha.kubernetes.io/pod="unconfined")"#,
            ),
        );
        check(ID, "baseline:v1.19", pod, None);
        assert_eq!(
            help(ID, "restricted:v1.18", pod),
            "remove metadata.annotations[container.seccomp.security.alpha.kubernetes.io/app], \
             metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]"
        );
    }

    #[test]
    fn fields_count_from_1_19_on() {
        let pod = r#"{"spec": {"securityContext": {"seccompProfile": {"type": "Unconfined"}}, "containers": [
            {"name": "a", "securityContext": {"seccompProfile": {}}},
            {"name": "b", "securityContext": {"seccompProfile": {"type": "Localhost"}}}, {"name": "c"}]}}"#;
        let text = r#"seccompProfile (pod and container "a" must not set securityContext.seccompProfile.type to "", "Unconfined")"#;
        check(ID, "baseline:v1.18", pod, None);
        check(ID, "baseline:v1.19", pod, Some(text));
        check(ID, "restricted:v1.19", pod, None);
        assert_eq!(
            help(ID, "baseline", pod),
            "set spec.securityContext.seccompProfile.type, \
             spec.containers[0].securityContext.seccompProfile.type to RuntimeDefault"
        );
    }
}
