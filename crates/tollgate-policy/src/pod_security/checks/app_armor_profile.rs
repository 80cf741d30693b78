//! AppArmor: a container must not leave the profile that the runtime gives it, except for one of the node's own.
//!
//! Fields: `spec.securityContext.appArmorProfile.type`, the same of containers, `metadata.annotations`
//! Allowed: unset, RuntimeDefault, Localhost; in annotations runtime/default and localhost/*
//! Level: baseline, since v1.0
//! Upstream: pod-security-admission `appArmorProfile`

use crate::control::{Control, Policy};
use crate::pod_security::check::{Check, Versioned};
use crate::pod_security::evaluate::{Forbidden, forbidden};
use crate::pod_security::remedy::Remedy;
use crate::pod_security::view::{PodView, Signals};
use crate::pod_security::{Level, message};
use tollgate_api::Release;
use tollgate_api::field::Path;
use tollgate_api::go_format::quote;

/// The check.
pub const CHECK: Check = Check {
    level: Level::Baseline,
    control: Control {
        id: "appArmorProfile",
        policy: Policy::PodSecurity,
        guards: "The AppArmor profile of the container runtime may not be switched off.",
        fields: &[
            "spec.securityContext.appArmorProfile.type",
            "spec.initContainers[*].securityContext.appArmorProfile.type",
            "spec.containers[*].securityContext.appArmorProfile.type",
            "spec.ephemeralContainers[*].securityContext.appArmorProfile.type",
            "metadata.annotations[container.apparmor.security.beta.kubernetes.io/*]",
        ],
        allowed: "unset, RuntimeDefault, Localhost; in annotations unset, empty, runtime/default, localhost/*",
        since: "baseline v1.0; the fields since release 1.30, before it the annotations alone",
        upstream: "pod-security-admission policy/check_appArmorProfile.go",
        failing: example!(
            "baseline",
            r"spec:
  containers:
  - name: app
    image: registry.example/app:1
    securityContext:
      appArmorProfile: {type: Unconfined}
"
        ),
        passing: example!(
            "baseline",
            r"spec:
  containers:
  - name: app
    image: registry.example/app:1
    securityContext:
      appArmorProfile: {type: RuntimeDefault}
"
        ),
    },
    versions: &[Versioned {
        since: 0,
        overrides: &[],
        looks_for: Signals::APP_ARMOR.and(Signals::APP_ARMOR_ANNOTATION),
        judge: app_armor_profile_v1_0,
        remedies,
    }],
};

const ANNOTATION_PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";
const FIELD: &str = "securityContext.appArmorProfile.type";

/// From this release on, profiles are fields; before it, annotations alone, and printed otherwise.
const FIRST_RELEASE_WITH_FIELDS: Release = Release::minor(30);

/// Whether a profile of this type may be set.
pub(in crate::pod_security) fn is_allowed_type(kind: &str) -> bool {
    matches!(kind, "RuntimeDefault" | "Localhost")
}

/// Whether this is an annotation about AppArmor with a value that may not be set.
pub(in crate::pod_security) fn is_forbidden_annotation(key: &str, value: &str) -> bool {
    key.starts_with(ANNOTATION_PREFIX)
        && !(value.is_empty() || value == "runtime/default" || value.starts_with("localhost/"))
}

fn app_armor_profile_v1_0(pod: &PodView<'_>, release: Release) -> Option<Forbidden> {
    let annotations = message::sorted(
        forbidden_annotations(pod).map(|(key, value)| format!("{key}={}", quote(value))),
    );
    let reason = |count| {
        let (one, many) = ("forbidden AppArmor profile", "forbidden AppArmor profiles");
        message::plural(count, one, many)
    };
    if release < FIRST_RELEASE_WITH_FIELDS {
        let some = !annotations.is_empty();
        return some.then(|| forbidden(reason(annotations.len()), annotations.join(", ")));
    }
    let mut setters = message::setters(
        pod.itself_shows(Signals::APP_ARMOR),
        pod.names_with(Signals::APP_ARMOR),
    )
    .unwrap_or_default();
    if !annotations.is_empty() {
        if !setters.is_empty() {
            setters.push_str(" and ");
        }
        setters.push_str(message::plural(
            annotations.len(),
            "annotation",
            "annotations",
        ));
    }
    if setters.is_empty() {
        return None;
    }
    let types = message::sorted(forbidden_types(pod));
    setters.push_str(" must not set AppArmor profile type to ");
    let values = types
        .iter()
        .copied()
        .chain(annotations.iter().map(String::as_str));
    message::push_quoted(&mut setters, values);
    Some(forbidden(reason(types.len() + annotations.len()), setters))
}

fn forbidden_types<'a>(pod: &PodView<'a>) -> impl Iterator<Item = &'a str> {
    let own = pod
        .itself_shows(Signals::APP_ARMOR)
        .then(|| pod.security_context());
    let contexts = pod.containers_with(Signals::APP_ARMOR);
    own.into_iter()
        .chain(contexts.map(|container| container.security_context))
        .map(|context| {
            let profile = context.get("appArmorProfile");
            profile
                .map(|profile| profile.str_or_empty("type"))
                .unwrap_or_default()
        })
}

fn forbidden_annotations<'a>(pod: &PodView<'a>) -> impl Iterator<Item = (&'a str, &'a str)> {
    pod.annotations_with_prefix(ANNOTATION_PREFIX)
        .into_iter()
        .filter(|(key, value)| is_forbidden_annotation(key, value))
}

fn remedies(pod: &PodView<'_>, release: Release) -> Vec<Remedy> {
    let mut remedies = Vec::new();
    if release >= FIRST_RELEASE_WITH_FIELDS {
        let own = pod.itself_shows(Signals::APP_ARMOR);
        remedies.extend(own.then(|| Path::root("spec").child(FIELD).to_owned()));
        remedies.extend(
            pod.containers_with(Signals::APP_ARMOR)
                .map(|one| one.field(FIELD)),
        );
    }
    let mut remedies: Vec<Remedy> = remedies
        .into_iter()
        .map(|field| Remedy::set(field, "RuntimeDefault"))
        .collect();
    let annotations = Path::root("metadata.annotations");
    remedies.extend(
        forbidden_annotations(pod).map(|(key, _)| Remedy::remove(annotations.key(key).to_owned())),
    );
    remedies
}

#[cfg(test)]
mod tests {
    use crate::pod_security::testing::{check, check_in, help};
    use tollgate_api::Release;

    const ID: &str = "appArmorProfile";
    const POD: &str = r#"{
        "metadata": {"annotations": {
            "container.apparmor.security.beta.kubernetes.io/app": "unconfined",
            "container.apparmor.security.beta.kubernetes.io/app-2": "q\"",
            "container.apparmor.security.beta.kubernetes.io/fine": "localhost/x"}},
        "spec": {"securityContext": {"appArmorProfile": {"type": "Unconfined"}},
                 "containers": [{"name": "app", "securityContext": {"appArmorProfile": {}}}]}}"#;

    #[test]
    fn names_fields_and_annotations() {
        check(
            ID,
            "baseline:v1.0",
            POD,
            Some(
                r#"forbidden AppArmor profiles (pod and container "app" and annotations must not set AppArmor profile type to "", "Unconfined", "container.apparmor.security.beta.kubernetes.io/app-2="q\""", "container.apparmor.security.beta.kubernetes.io/app="unconfined"")"#,
            ),
        );
        assert_eq!(
            help(ID, "baseline", POD),
            "set spec.securityContext.appArmorProfile.type, \
             spec.containers[0].securityContext.appArmorProfile.type to RuntimeDefault; \
             remove metadata.annotations[container.apparmor.security.beta.kubernetes.io/app], \
             metadata.annotations[container.apparmor.security.beta.kubernetes.io/app-2]"
        );
    }

    #[test]
    fn releases_before_1_30_know_annotations_only() {
        check_in(
            Release::minor(29),
            ID,
            "restricted",
            POD,
            Some(
                r#"forbidden AppArmor profiles (container.apparmor.security.beta.kubernetes.io/app-2="q\"", container.apparmor.security.beta.kubernetes.io/app="unconfined")"#,
            ),
        );
    }

    #[test]
    fn accepts_a_profile_that_is_not_there() {
        check(
            ID,
            "baseline",
            r#"{"metadata": {"annotations": {"a": "unconfined"}}, "spec": {"containers": [{"securityContext": {"appArmorProfile": null}}]}}"#,
            None,
        );
    }
}
