//! AppArmor: the profile that confines a container, named by an annotation of the pod.
//!
//! Fields: metadata.annotations[container.apparmor.security.beta.kubernetes.io/*]
//! Allowed: anything; or a profile in the policy's annotation allowedProfileNames
//! Mutates: a container without a profile gets the policy's annotation defaultProfileName
//! Upstream: podsecuritypolicy/apparmor, 1.24

use super::super::edit::Edit;
use super::super::finding::{Finding, Findings};
use super::super::pod::{Container, annotation_field};
use super::example;
use crate::control::{Control, Policy};
use compact_str::{CompactString, format_compact};
use tollgate_api::Value;
use tollgate_api::field::{Error, Path};
use tollgate_api::go_format::quote;

const PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";

pub(super) const ALLOWED: Control = Control {
    id: "apparmor.security.beta.kubernetes.io/allowedProfileNames",
    policy: Policy::PodSecurityPolicy,
    guards: "lists the AppArmor profiles that may confine containers",
    fields: &["metadata.annotations[container.apparmor.security.beta.kubernetes.io/*]"],
    allowed: "anything without the annotation; else a profile of its list, for every container",
    since: "1.4, beta",
    upstream: "pkg/security/podsecuritypolicy/apparmor",
    failing: example!(
        annotations: ["apparmor.security.beta.kubernetes.io/allowedProfileNames: runtime/default"],
        spec: [],
        pod: ["containers:", "- name: web", "  image: nginx"],
    ),
    passing: example!(
        annotations: ["apparmor.security.beta.kubernetes.io/allowedProfileNames: runtime/default"],
        spec: [],
        pod_annotations: ["container.apparmor.security.beta.kubernetes.io/web: runtime/default"],
        pod: ["containers:", "- name: web", "  image: nginx"],
    ),
};

pub(super) const DEFAULT: Control = Control {
    id: "apparmor.security.beta.kubernetes.io/defaultProfileName",
    policy: Policy::PodSecurityPolicy,
    guards: "names the AppArmor profile of containers that have none",
    fields: &["metadata.annotations[container.apparmor.security.beta.kubernetes.io/*]"],
    allowed: "any profile; a default that the list of allowed profiles lacks refuses whoever gets it",
    since: "1.4, beta",
    upstream: "pkg/security/podsecuritypolicy/apparmor",
    failing: example!(
        annotations: [
            "apparmor.security.beta.kubernetes.io/allowedProfileNames: localhost/web",
            "apparmor.security.beta.kubernetes.io/defaultProfileName: runtime/default",
        ],
        spec: [],
        pod: ["containers:", "- name: web", "  image: nginx"],
    ),
    passing: example!(
        annotations: [
            "apparmor.security.beta.kubernetes.io/allowedProfileNames: runtime/default",
            "apparmor.security.beta.kubernetes.io/defaultProfileName: runtime/default",
        ],
        spec: [],
        pod: ["containers:", "- name: web", "  image: nginx"],
    ),
};

/// The policy's two AppArmor annotations.
#[derive(Debug, Clone)]
pub(in super::super) struct AppArmor {
    /// Empty sets nothing.
    default: CompactString,
    /// The annotation as written; none allows anything.
    allowed: Option<CompactString>,
}

impl AppArmor {
    pub(in super::super) fn read(policy: &Value) -> Self {
        let annotations = policy.at(&["metadata", "annotations"]);
        let text = |key| annotations.and_then(|annotations| annotations.str(key));
        Self {
            default: text(DEFAULT.id).unwrap_or_default().into(),
            allowed: text(ALLOWED.id).map(Into::into),
        }
    }

    pub(in super::super) fn default(&self, container: &Container<'_>, edits: &mut Vec<Edit>) {
        if !self.default.is_empty() && profile_of(container).is_empty() {
            let key = format_compact!("{PREFIX}{}", container.name());
            edits.push(Edit::annotation(DEFAULT.id, key, &self.default));
        }
    }

    pub(in super::super) fn validate(&self, container: &Container<'_>, findings: &mut Findings) {
        let Some(allowed) = &self.allowed else { return };
        let found = profile_of(container);
        if found.is_empty() {
            findings.add(|| {
                let detail = "AppArmor profile must be set".to_owned();
                finding(container, ALLOWED.id, detail, allowed)
            });
        } else if !allowed.split(',').any(|name| name == found) {
            let control = if found == self.default {
                DEFAULT.id
            } else {
                ALLOWED.id
            };
            findings.add(|| {
                let detail = format!(
                    "{found} is not an allowed profile. Allowed values: {}",
                    quote(allowed)
                );
                finding(container, control, detail, allowed)
            });
        }
    }
}

fn profile_of<'p>(container: &Container<'p>) -> &'p str {
    let annotation = container.pod.container_annotation(PREFIX, container.name());
    annotation.unwrap_or_default()
}

fn finding(
    container: &Container<'_>,
    control: &'static str,
    detail: String,
    allowed: &str,
) -> Finding {
    let key = format_compact!("{PREFIX}{}", container.name());
    let pod = Path::root("pod");
    let metadata = pod.child("metadata");
    let annotations = metadata.child("annotations");
    Finding {
        control,
        error: Error::forbidden(&annotations.key(&key), detail),
        fields: vec![annotation_field(&key)],
        policy_fields: vec![annotation_field(control)],
        help: if control == DEFAULT.id {
            "let the policy allow the profile that it sets by default".to_owned()
        } else {
            let names = allowed.replace(',', "`, `");
            format!("set the annotation `{key}` to one of `{names}`")
        },
    }
}
