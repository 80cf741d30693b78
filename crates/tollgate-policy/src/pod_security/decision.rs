//! The answer of the Pod Security admission.

use super::{Exemption, LevelVersion, Mode};
use crate::violation::Violation;
use tollgate_api::value::CompactString;
use tollgate_api::{Operation, Status};

/// What every audit annotation's key starts with.
pub const AUDIT_ANNOTATION_PREFIX: &str = "pod-security.kubernetes.io/";

/// What Pod Security says about a request.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decision {
    /// The refusal; none if the request is allowed.
    pub status: Option<Status>,
    /// What the client is warned of, in order.
    pub warnings: Vec<String>,
    /// Notes for the audit log, by key without [`AUDIT_ANNOTATION_PREFIX`].
    pub audit_annotations: Vec<(&'static str, CompactString)>,
    /// What to count, in order.
    pub metrics: Vec<Metric>,
    /// Why the request is refused, if it was asked to be explained.
    pub violations: Vec<Violation>,
    /// Why the client is warned, if it was asked to be explained.
    pub warned: Vec<Violation>,
    /// Why the audit log notes a violation, if it was asked to be explained.
    pub audited: Vec<Violation>,
}

/// One count of the metrics of Pod Security.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// `pod_security_evaluations_total`
    Evaluation {
        /// Whether the pod keeps to the policy.
        allowed: bool,
        /// The policy, as the namespace spells it; see [`LevelVersion::metric_version`] for the label.
        policy: LevelVersion,
        /// The mode for which it was evaluated.
        mode: Mode,
    },
    /// `pod_security_exemptions_total`
    Exemption,
    /// `pod_security_errors_total`
    Error {
        /// Whether nothing could be evaluated.
        fatal: bool,
    },
}

impl Metric {
    /// The label `request_operation`.
    pub const fn operation_label(operation: Operation) -> &'static str {
        match operation {
            Operation::Create => "create",
            Operation::Update => "update",
            Operation::Delete => "delete",
            Operation::Connect => "connect",
        }
    }

    /// The label `resource`, for the resource of a request.
    pub fn resource_label(group: &str, resource: &str) -> &'static str {
        match (group, resource) {
            ("", "pods") => "pod",
            ("", "namespaces") => "namespace",
            _ => "controller",
        }
    }
}

impl Decision {
    /// Whether the request may go on.
    pub const fn is_allowed(&self) -> bool {
        self.status.is_none()
    }

    /// Nothing to say.
    pub(super) fn allowed() -> Self {
        Self::default()
    }

    /// Allowed because nothing applies.
    pub(super) fn exempt(exemption: Exemption) -> Self {
        Self {
            audit_annotations: vec![("exempt", exemption.as_str().into())],
            metrics: vec![Metric::Exemption],
            ..Self::default()
        }
    }

    /// Refused, because something failed: the audit log learns more about it than the client.
    pub(super) fn failed(status: Status, why: Option<&str>) -> Self {
        let note = match why {
            Some(why) => format!("{}: {why}", status.message),
            None => status.message.clone(),
        };
        Self {
            status: Some(status),
            audit_annotations: vec![("error", note.into())],
            ..Self::default()
        }
    }

    /// Allowed although something failed: the audit log learns about it.
    pub(super) fn failed_open(note: String) -> Self {
        Self {
            audit_annotations: vec![("error", note.into())],
            metrics: vec![Metric::Error { fatal: true }],
            ..Self::default()
        }
    }

    /// The same, counted as an error.
    #[must_use]
    pub(super) fn counted(mut self) -> Self {
        self.metrics.push(Metric::Error { fatal: true });
        self
    }
}
