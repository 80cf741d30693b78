//! What a check is: a control with one function per version of the policy at which it changed.

use super::remedy::Remedy;
use super::view::{PodView, Signals};
use super::{Level, evaluate::Forbidden};
use crate::control::Control;
use tollgate_api::Release;

/// Judges a pod: why it is refused, if it is. The release decides about wording and about what it does not know yet.
pub(super) type Judge = fn(&PodView<'_>, Release) -> Option<Forbidden>;

/// The smallest changes after which the judge would be content; only asked about pods that it refuses.
pub(super) type Remedies = fn(&PodView<'_>, Release) -> Vec<Remedy>;

/// One check of the Pod Security Standards.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// The level at which it starts to apply: baseline or restricted.
    pub level: Level,
    /// What it is about, for people.
    pub control: Control,
    /// Its revisions, oldest first.
    pub versions: &'static [Versioned],
}

/// A check as it stands from one version of the policy on.
#[derive(Debug, Clone, Copy)]
pub struct Versioned {
    /// The minor number of the first policy version, and of the first release, that has it.
    pub since: u16,
    /// The baseline checks that the restricted level leaves to this one.
    pub overrides: &'static [&'static str],
    /// What a pod must show to be refused: see the invariant of [`Signals`].
    pub(super) looks_for: Signals,
    pub(super) judge: Judge,
    pub(super) remedies: Remedies,
}

impl Check {
    /// The revision that applies at policy version `1.<minor>`.
    pub fn at(&self, minor: u16) -> Option<&'static Versioned> {
        self.versions
            .iter()
            .rfind(|versioned| versioned.since <= minor)
    }
}
