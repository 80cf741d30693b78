//! A refusal as data: what upstream says, and where a person should look.

use tollgate_api::field::FieldPath;

/// One reason why a request is refused (or would be, for warnings and audit).
///
/// Violations are answers, not errors: all that apply are reported.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Violation {
    /// The control that refuses: an id of [`crate::control::all`].
    pub control: &'static str,
    /// Upstream's text for this single reason, without the `… is forbidden:` around it.
    pub message: String,
    /// The fields of the judged object that cause it, most telling first; fields that are absent but wanted are
    /// named, too. Real places in the object, which upstream's printed paths are not always.
    pub fields: Vec<FieldPath>,
    /// The policy object that refuses, if it is an object.
    pub policy: Option<PolicyObject>,
    /// The smallest change that would pass, in our words: `set resources.limits.memory to at most 512Mi`.
    pub help: Option<String>,
}

/// The policy object behind a violation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PolicyObject {
    /// `LimitRange`, `ResourceQuota`, `PodSecurityPolicy` or `Namespace` (whose labels set a Pod Security level).
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// The fields of it that say so: `spec.limits[0].max[cpu]`.
    pub fields: Vec<FieldPath>,
}
