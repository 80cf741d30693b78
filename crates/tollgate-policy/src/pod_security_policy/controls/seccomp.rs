//! Seccomp: the profile that says which system calls a container may make.
//!
//! Fields: metadata.annotations[seccomp.security.alpha.kubernetes.io/pod],
//!   metadata.annotations[container.seccomp.security.alpha.kubernetes.io/*], securityContext.seccompProfile
//! Allowed: only unset; or a profile in the policy's annotation allowedProfileNames
//! Mutates: a pod without a profile gets the policy's annotation defaultProfileName
//! Upstream: podsecuritypolicy/seccomp, 1.24

use super::super::edit::Edit;
use super::super::finding::{Finding, Findings};
use super::super::pod::{Container, Pod, annotation_field, pod_security_context_field};
use super::example;
use crate::control::{Control, Policy};
use compact_str::{CompactString, format_compact};
use std::borrow::Cow;
use tollgate_api::Value;
use tollgate_api::field::{Error, FieldPath, Path};
use tollgate_api::seccomp::{CONTAINER_ANNOTATION_PREFIX, POD_ANNOTATION, annotation_for_field};

const FIELD: &str = "seccompProfile";
/// These two are names of the same profile; whoever allows one allows the other.
const SAME: [&str; 2] = ["docker/default", "runtime/default"];

const FIELDS: &[&str] = &[
    "metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]",
    "metadata.annotations[container.seccomp.security.alpha.kubernetes.io/*]",
    "spec.securityContext.seccompProfile",
    "spec.initContainers[*].securityContext.seccompProfile",
    "spec.containers[*].securityContext.seccompProfile",
    "spec.ephemeralContainers[*].securityContext.seccompProfile",
];

pub(super) const ALLOWED: Control = Control {
    id: "seccomp.security.alpha.kubernetes.io/allowedProfileNames",
    policy: Policy::PodSecurityPolicy,
    guards: "lists the seccomp profiles that may confine pods and containers",
    fields: FIELDS,
    allowed: "without the annotation only pods that name no profile; else a profile of its list, where `*` is \
              every profile, and a profile must be named",
    since: "1.3, alpha; the field counts since 1.19",
    upstream: "pkg/security/podsecuritypolicy/seccomp",
    failing: example!(
        annotations: ["seccomp.security.alpha.kubernetes.io/allowedProfileNames: runtime/default"],
        spec: [],
        pod: [
            "securityContext:", "  seccompProfile:", "    type: Unconfined",
            "containers:", "- name: web", "  image: nginx",
        ],
    ),
    passing: example!(
        annotations: ["seccomp.security.alpha.kubernetes.io/allowedProfileNames: runtime/default"],
        spec: [],
        pod: [
            "securityContext:", "  seccompProfile:", "    type: RuntimeDefault",
            "containers:", "- name: web", "  image: nginx",
        ],
    ),
};

pub(super) const DEFAULT: Control = Control {
    id: "seccomp.security.alpha.kubernetes.io/defaultProfileName",
    policy: Policy::PodSecurityPolicy,
    guards: "names the seccomp profile of pods that have none",
    fields: FIELDS,
    allowed: "any profile; a default that the list of allowed profiles lacks refuses whoever gets it",
    since: "1.3, alpha; the field counts since 1.19",
    upstream: "pkg/security/podsecuritypolicy/seccomp",
    failing: example!(
        annotations: ["seccomp.security.alpha.kubernetes.io/defaultProfileName: runtime/default"],
        spec: [],
        pod: ["containers:", "- name: web", "  image: nginx"],
    ),
    passing: example!(
        annotations: [
            "seccomp.security.alpha.kubernetes.io/allowedProfileNames: runtime/default",
            "seccomp.security.alpha.kubernetes.io/defaultProfileName: runtime/default",
        ],
        spec: [],
        pod: ["containers:", "- name: web", "  image: nginx"],
    ),
};

/// The policy's two seccomp annotations.
#[derive(Debug, Clone)]
pub(in super::super) struct Seccomp {
    /// Empty sets nothing.
    default: CompactString,
    /// The allowed profiles except the wildcard.
    allowed: Vec<CompactString>,
    allow_any: bool,
    /// The annotation as written.
    allowed_text: CompactString,
}

impl Seccomp {
    pub(in super::super) fn read(policy: &Value) -> Self {
        let annotations = policy.at(&["metadata", "annotations"]);
        let text = |key| annotations.and_then(|annotations| annotations.str(key));
        let names = || {
            text(ALLOWED.id)
                .into_iter()
                .flat_map(|text| text.split(','))
        };
        let mut allowed: Vec<CompactString> = names()
            .filter(|name| *name != "*")
            .map(Into::into)
            .collect();
        if SAME
            .iter()
            .any(|name| allowed.iter().any(|other| other == name))
        {
            allowed.extend(SAME.map(CompactString::const_new));
        }
        Self {
            default: text(DEFAULT.id).unwrap_or_default().into(),
            allowed,
            allow_any: names().any(|name| name == "*"),
            allowed_text: text(ALLOWED.id).unwrap_or_default().into(),
        }
    }

    /// Only the annotation is set; the pod's field follows when the object is prepared for storage.
    pub(in super::super) fn default(&self, pod: &Pod<'_>, edits: &mut Vec<Edit>) {
        if !pod
            .annotation(POD_ANNOTATION)
            .unwrap_or_default()
            .is_empty()
        {
            return;
        }
        let profile = match profile_field(pod.security_context) {
            Some(field) => annotation_for_field(field),
            None => Cow::Borrowed(self.default.as_str()),
        };
        if !profile.is_empty() {
            edits.push(Edit::annotation(DEFAULT.id, POD_ANNOTATION, &profile));
        }
    }

    pub(in super::super) fn validate_pod(&self, pod: &Pod<'_>, findings: &mut Findings) {
        let profile = match (
            pod.annotation(POD_ANNOTATION),
            profile_field(pod.security_context),
        ) {
            (Some(annotation), _) if !annotation.is_empty() => annotation.into(),
            (_, Some(field)) => annotation_for_field(field),
            _ => Cow::Borrowed(""),
        };
        self.judge(&profile, POD_ANNOTATION, findings, || place_in_pod(pod));
    }

    pub(in super::super) fn validate(&self, container: &Container<'_>, findings: &mut Findings) {
        let pod = container.pod;
        let annotation = || pod.container_annotation(CONTAINER_ANNOTATION_PREFIX, container.name());
        let profile = if let Some(field) = profile_field(container.security_context) {
            annotation_for_field(field)
        } else if let Some(annotation) = annotation() {
            annotation.into()
        } else if let Some(field) = profile_field(pod.security_context) {
            annotation_for_field(field)
        } else {
            pod.annotation(POD_ANNOTATION).unwrap_or_default().into()
        };
        if self.allows(&profile) {
            return;
        }
        let key = format_compact!("{CONTAINER_ANNOTATION_PREFIX}{}", container.name());
        self.judge(&profile, &key, findings, || {
            if profile_field(container.security_context).is_some() {
                container.own_field(FIELD)
            } else if annotation().is_some() {
                annotation_field(&key)
            } else {
                place_in_pod(&pod)
            }
        });
    }

    fn allows(&self, profile: &str) -> bool {
        // A policy without a list allows pods that name nothing, for the sake of old policies.
        (self.allowed.is_empty() && profile.is_empty())
            || self.allow_any
            || self.allowed.iter().any(|name| name == profile)
    }

    fn judge(
        &self,
        profile: &str,
        key: &str,
        findings: &mut Findings,
        field: impl FnOnce() -> FieldPath,
    ) {
        if self.allows(profile) {
            return;
        }
        findings.add(|| {
            let pod = Path::root("pod");
            let metadata = pod.child("metadata");
            let annotations = metadata.child("annotations");
            let valid = &self.allowed_text;
            let detail = if self.allowed.is_empty() {
                "seccomp may not be set".to_owned()
            } else {
                format!("{profile} is not an allowed seccomp profile. Valid values are {valid}")
            };
            let is_default = !profile.is_empty() && profile == self.default;
            let control = if is_default { DEFAULT.id } else { ALLOWED.id };
            let help = if is_default {
                format!("let the policy allow `{profile}`, which is its own default")
            } else if self.allowed.is_empty() {
                "remove the seccomp profile".to_owned()
            } else {
                format!("use one of `{}`", valid.replace(',', "`, `"))
            };
            Finding {
                control,
                error: Error::forbidden(&annotations.key(key), detail),
                fields: vec![field()],
                policy_fields: vec![annotation_field(control)],
                help,
            }
        });
    }
}

/// Where the pod says it: in its field, unless somebody wrote the annotation.
fn place_in_pod(pod: &Pod<'_>) -> FieldPath {
    let has_field = profile_field(pod.security_context).is_some();
    if has_field && !pod.has_written_annotation(POD_ANNOTATION) {
        pod_security_context_field(FIELD)
    } else {
        annotation_field(POD_ANNOTATION)
    }
}

fn profile_field(security_context: &Value) -> Option<&Value> {
    let field = security_context.get(FIELD)?;
    field.as_object().map(|_| field)
}
