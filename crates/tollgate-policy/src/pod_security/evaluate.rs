//! Judging a pod by a level and a version.

use super::check::{Check, Versioned};
use super::remedy;
use super::view::{PodView, Signals};
use super::{Level, LevelVersion, Version, checks};
use crate::violation::Violation;
use tollgate_api::Release;
use tollgate_api::field::FieldPath;

/// Up to this release, a restricted check stood beside the baseline check that it sharpens.
const LAST_RELEASE_WITHOUT_OVERRIDES: Release = Release::minor(23);

/// One reason why a pod is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forbidden {
    /// The check that refuses.
    pub control: &'static str,
    /// What it is about: `hostPort`.
    pub reason: &'static str,
    /// What about it: `container "a" uses hostPort 80`; may be empty.
    pub detail: String,
}

impl Forbidden {
    /// About how long it is when printed.
    fn bytes(&self) -> usize {
        self.reason.len() + self.detail.len() + ", ()".len() + 1
    }

    fn push(&self, out: &mut String) {
        out.push_str(self.reason);
        if !self.detail.is_empty() {
            out.push_str(" (");
            out.push_str(&self.detail);
            out.push(')');
        }
    }
}

/// What a judge says: the control is filled in by the evaluator, which knows it.
pub(super) const fn forbidden(reason: &'static str, detail: String) -> Forbidden {
    Forbidden {
        control: "",
        reason,
        detail,
    }
}

/// All reasons why a pod is refused; none if it is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evaluation {
    /// The reasons, in upstream's order.
    pub forbidden: Vec<Forbidden>,
}

impl Evaluation {
    /// Whether nothing forbids the pod.
    pub fn is_allowed(&self) -> bool {
        self.forbidden.is_empty()
    }

    /// The reasons without details: `host namespaces, hostPort`.
    pub fn reason(&self) -> String {
        let reasons: Vec<&str> = self.forbidden.iter().map(|one| one.reason).collect();
        reasons.join(", ")
    }

    /// The reasons with details: `hostPort (container "a" uses hostPort 80), privileged (…)`.
    pub fn detail(&self) -> String {
        let mut out = String::with_capacity(self.bytes());
        self.push_detail(&mut out);
        out
    }

    /// Appends what [`Self::detail`] says.
    pub(super) fn push_detail(&self, out: &mut String) {
        for (place, one) in self.forbidden.iter().enumerate() {
            if place > 0 {
                out.push_str(", ");
            }
            one.push(out);
        }
    }

    /// About how long [`Self::detail`] is.
    pub(super) fn bytes(&self) -> usize {
        self.forbidden.iter().map(Forbidden::bytes).sum()
    }
}

/// The checks of one level at one version.
#[derive(Debug, Clone, Default)]
struct Prepared {
    /// What any of the checks looks for: a pod that shows nothing of it is allowed.
    looks_for: Signals,
    checks: Vec<(&'static Check, &'static Versioned)>,
}

/// Judges pods as one release of Kubernetes does. Prepared once, it serves any number of pods.
#[derive(Debug, Clone)]
pub struct Evaluator {
    release: Release,
    /// By minor version, each baseline and restricted. The last one stands for all newer versions.
    versions: Vec<[Prepared; 2]>,
}

/// Where a pod stands: `spec.template`, or nothing for a pod.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// In the judged object.
    pub judged: &'a FieldPath,
    /// In the object that a person wrote.
    pub written: &'a FieldPath,
}

impl Evaluator {
    /// Judges as `release` does.
    pub fn new(release: Release) -> Self {
        Self::emulating(release, release)
    }

    /// Judges by the policy versions that `emulated` knows, in the words of `release`: what
    /// `--emulated-version` makes of a newer binary.
    pub fn emulating(release: Release, emulated: Release) -> Self {
        let newest_check = checks::ALL
            .iter()
            .flat_map(|check| check.versions.iter())
            .map(|versioned| versioned.since)
            .max()
            .unwrap_or_default();
        let newest = newest_check
            .min(release.minor_number())
            .min(emulated.minor_number());
        let versions = (0..=newest)
            .map(|minor| {
                [Level::Baseline, Level::Restricted].map(|level| prepare(level, minor, release))
            })
            .collect();
        Self { release, versions }
    }

    /// The release whose words are used.
    pub const fn release(&self) -> Release {
        self.release
    }

    /// Judges a pod.
    pub fn evaluate(&self, pod: &PodView<'_>, policy: LevelVersion) -> Evaluation {
        let mut evaluation = Evaluation::default();
        let Some(prepared) = self.prepared(policy) else {
            return evaluation;
        };
        if !pod.shows(prepared.looks_for) {
            return evaluation;
        }
        for (check, versioned) in &prepared.checks {
            if pod.shows(versioned.looks_for)
                && let Some(mut forbidden) = (versioned.judge)(pod, self.release)
            {
                forbidden.control = check.control.id;
                evaluation.forbidden.push(forbidden);
            }
        }
        evaluation
    }

    /// The same reasons as violations, with the fields that cause them and what to change.
    ///
    /// Fields are those of the judged object, remedies those of the written one.
    pub fn explain(
        &self,
        pod: &PodView<'_>,
        policy: LevelVersion,
        evaluation: &Evaluation,
        places: &Places<'_>,
    ) -> Vec<Violation> {
        let checks = self
            .prepared(policy)
            .map_or(&[][..], |prepared| &prepared.checks);
        let explain_one = |one: &Forbidden| {
            let remedies = checks
                .iter()
                .find(|(check, _)| check.control.id == one.control)
                .map(|(_, versioned)| (versioned.remedies)(pod, self.release))
                .unwrap_or_default();
            let mut message = String::with_capacity(one.bytes());
            one.push(&mut message);
            Violation {
                control: one.control,
                message,
                fields: remedies
                    .iter()
                    .map(|remedy| remedy.field.below(places.judged))
                    .collect(),
                policy: None,
                help: remedy::print(&remedies, places.written),
            }
        };
        evaluation.forbidden.iter().map(explain_one).collect()
    }

    fn prepared(&self, policy: LevelVersion) -> Option<&Prepared> {
        let wanted = match policy.version {
            Version::Latest => None,
            Version::Minor(minor) => usize::try_from(minor)
                .ok()
                .and_then(|minor| self.versions.get(minor)),
        };
        let [baseline, restricted] = wanted.or(self.versions.last())?;
        match policy.level {
            Level::Privileged => None,
            Level::Baseline => Some(baseline),
            Level::Restricted => Some(restricted),
        }
    }
}

fn prepare(level: Level, minor: u16, release: Release) -> Prepared {
    let all: Vec<_> = checks::ALL
        .iter()
        .filter(|check| check.level <= level)
        .filter_map(|check| Some((*check, check.at(minor)?)))
        .collect();
    let is_overridden = |id: &str| {
        release > LAST_RELEASE_WITHOUT_OVERRIDES
            && all
                .iter()
                .any(|(_, versioned)| versioned.overrides.contains(&id))
    };
    let mut prepared = Prepared::default();
    for (check, versioned) in &all {
        if !is_overridden(check.control.id) {
            prepared.looks_for = prepared.looks_for.and(versioned.looks_for);
            prepared.checks.push((check, versioned));
        }
    }
    prepared
}
