//! How a refusal reads, by release.

use tollgate_api::Release;

/// The two wordings that upstream has had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wording {
    /// Up to 1.19, and what the documentation shows: `unable to validate against any pod security policy: […]`.
    #[default]
    Documented,
    /// 1.20 to 1.24: `PodSecurityPolicy: unable to admit pod: […]`.
    Prefixed,
}

/// The two phases in which the plugin can refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Admit,
    Validate,
}

impl Wording {
    /// The wording of a release.
    pub const fn of(release: Release) -> Self {
        match release.minor_number() {
            20..=24 => Self::Prefixed,
            _ => Self::Documented,
        }
    }

    /// What stands in front of the list of errors.
    pub(super) const fn refused(self, phase: Phase) -> &'static str {
        match (self, phase) {
            (Self::Documented, _) => "unable to validate against any pod security policy",
            (Self::Prefixed, Phase::Admit) => "PodSecurityPolicy: unable to admit pod",
            (Self::Prefixed, Phase::Validate) => "PodSecurityPolicy: unable to validate pod",
        }
    }

    /// There is no policy at all that can be used.
    pub(super) const fn no_policy(self) -> &'static str {
        match self {
            Self::Documented => "no providers available to validate pod request",
            Self::Prefixed => "PodSecurityPolicy: no providers available to validate pod request",
        }
    }
}
