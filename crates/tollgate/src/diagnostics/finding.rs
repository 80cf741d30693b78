//! A finding: one thing said about one object, with every place it points at.

use super::Place;
use tollgate_policy::Policy;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something worth knowing: an audit annotation, a kind that was skipped.
    Note,
    /// Allowed with a warning: a `warn` label, a rollout that would not fit at its peak.
    Warning,
    /// Refused.
    Error,
    /// Could not be judged: a broken document, an unreadable file.
    Broken,
}

impl Level {
    /// The word in front of a diagnostic.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error | Self::Broken => "error",
        }
    }
}

/// What said it: the stable id that formats print and that baselines may refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A control of a policy (see `tollgate explain`), with the control's id.
    Control(Policy, &'static str),
    /// Priority admission.
    Priority,
    /// The API refuses the object itself: a field error (422).
    Validation,
    /// The API cannot decode the object: an unknown field, a wrong type (400).
    Decoding,
    /// The text is no YAML or JSON, or cannot be read.
    Syntax,
    /// The kind is unknown, so only object counts were judged.
    UnknownKind,
}

impl Rule {
    /// The id as printed in brackets and used by SARIF and JUnit: `pod-security/hostPorts`, `syntax`.
    pub fn id(self) -> String {
        match self {
            Self::Control(policy, id) => format!("{}/{id}", policy_id(policy)),
            Self::Priority => "priority".to_owned(),
            Self::Validation => "validation".to_owned(),
            Self::Decoding => "decoding".to_owned(),
            Self::Syntax => "syntax".to_owned(),
            Self::UnknownKind => "unknown-kind".to_owned(),
        }
    }
}

/// The id of a policy in rule ids: `pod-security`.
pub const fn policy_id(policy: Policy) -> &'static str {
    match policy {
        Policy::PodSecurity => "pod-security",
        Policy::LimitRange => "limit-range",
        Policy::ResourceQuota => "resource-quota",
        Policy::PodSecurityPolicy => "pod-security-policy",
    }
}

/// The object a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ObjectRef {
    /// `apps/v1`
    pub api_version: String,
    /// `Deployment`
    pub kind: String,
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    /// The name, or the `generateName` with its dash.
    pub name: String,
}

/// Prints as kubectl names objects: `deployment/web`.
impl std::fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.kind.to_ascii_lowercase(), self.name)
    }
}

/// A place and what is to be said there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub place: Place,
    /// A few words; may be empty.
    pub text: String,
}

/// One thing said about one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much it weighs.
    pub level: Level,
    /// What said it.
    pub rule: Rule,
    /// The object; none for a text that holds no object.
    pub object: Option<ObjectRef>,
    /// Kubernetes' own message, byte for byte, where Kubernetes has one.
    pub message: String,
    /// Our sentence about the workload as a whole: `3 of 5 pods fit; the 4th is refused`.
    pub verdict: Option<String>,
    /// Where it is: the first is the primary place. Never empty for an object that came from a file.
    pub labels: Vec<Label>,
    /// The lines of the policy that cause it.
    pub policy_labels: Vec<Label>,
    /// The smallest changes that would pass, in our words.
    pub help: Vec<String>,
}
