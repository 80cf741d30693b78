//! The labels by which a namespace chooses its policy.

use super::{Level, LevelVersion, Mode, Policy, Version};
use crate::violation::PolicyObject;
use compact_str::CompactString;
use tollgate_api::field::{self, Path};
use tollgate_api::{Release, Value};

/// From this release on, an `enforce` label raises a `warn` that no label sets.
const FIRST_RELEASE_THAT_RAISES_WARN: Release = Release::minor(26);

/// The modes in the order in which upstream reads their labels.
const MODES: [Mode; 3] = [Mode::Enforce, Mode::Audit, Mode::Warn];

impl Mode {
    /// The label that sets this mode's level.
    pub const fn level_label(self) -> &'static str {
        match self {
            Self::Enforce => "pod-security.kubernetes.io/enforce",
            Self::Audit => "pod-security.kubernetes.io/audit",
            Self::Warn => "pod-security.kubernetes.io/warn",
        }
    }

    /// The label that sets this mode's version.
    pub const fn version_label(self) -> &'static str {
        match self {
            Self::Enforce => "pod-security.kubernetes.io/enforce-version",
            Self::Audit => "pod-security.kubernetes.io/audit-version",
            Self::Warn => "pod-security.kubernetes.io/warn-version",
        }
    }
}

/// The policy of a namespace: its labels, read once, over the defaults of the configuration.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NamespacePolicy {
    /// The namespace's name.
    pub name: CompactString,
    /// What it demands. Always usable: a bad level counts as restricted to enforce and as privileged else, a bad
    /// version as the latest.
    pub policy: Policy,
    /// What is wrong with its labels.
    pub errors: field::Errors,
    labelled: [Labelled; 3],
}

/// Which labels of one mode are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Labelled {
    level: bool,
    version: bool,
}

impl NamespacePolicy {
    /// Reads the labels of a namespace.
    pub fn new(namespace: &Value, defaults: &Policy, release: Release) -> Self {
        let metadata = namespace.get("metadata");
        let mut read = Self {
            name: metadata
                .map(|metadata| metadata.str_or_empty("name"))
                .unwrap_or_default()
                .into(),
            policy: *defaults,
            ..Self::default()
        };
        if let Some(labels) = metadata.and_then(|metadata| metadata.get("labels")) {
            for mode in MODES {
                read.read_mode(mode, labels);
            }
            if release >= FIRST_RELEASE_THAT_RAISES_WARN {
                read.raise_warn();
            }
        }
        read
    }

    fn read_mode(&mut self, mode: Mode, labels: &Value) {
        let mut chosen = self.policy.of(mode);
        let mut labelled = Labelled::default();
        if let Some(text) = labels.str(mode.level_label()) {
            labelled.level = true;
            chosen.level = Level::parse(text).unwrap_or_else(|why| {
                self.errors.push(invalid(mode.level_label(), text, why));
                // Refusing too much is safe; warning of too much is noise.
                if mode == Mode::Enforce {
                    Level::Restricted
                } else {
                    Level::Privileged
                }
            });
        }
        if let Some(text) = labels.str(mode.version_label()) {
            labelled.version = true;
            chosen.version = Version::parse(text).unwrap_or_else(|why| {
                self.errors.push(invalid(mode.version_label(), text, why));
                Version::Latest
            });
        }
        *self.policy.of_mut(mode) = chosen;
        let [enforce, audit, warn] = &mut self.labelled;
        *match mode {
            Mode::Enforce => enforce,
            Mode::Audit => audit,
            Mode::Warn => warn,
        } = labelled;
    }

    fn raise_warn(&mut self) {
        let [enforce, _, warn] = self.labelled;
        let enforce_is_good = !self
            .errors
            .iter()
            .any(|error| error.field == label_path(Mode::Enforce.level_label()));
        if !warn.level
            && enforce.level
            && enforce_is_good
            && self.policy.enforce.level > self.policy.warn.level
        {
            self.policy.warn.level = self.policy.enforce.level;
            if !warn.version {
                self.policy.warn.version = self.policy.enforce.version;
            }
        }
    }

    /// Whether a label sets the level or the version of `mode`.
    pub(super) const fn is_labelled(&self, mode: Mode) -> bool {
        let [enforce, audit, warn] = self.labelled;
        let labelled = match mode {
            Mode::Enforce => enforce,
            Mode::Audit => audit,
            Mode::Warn => warn,
        };
        labelled.level || labelled.version
    }

    /// The namespace as the object that demands what `mode` demands; none if no label of it says so.
    pub(super) fn policy_object(&self, mode: Mode) -> Option<PolicyObject> {
        let [enforce, _, warn] = self.labelled;
        // A level that warns because another enforces comes from the label that enforces.
        let mode = if mode == Mode::Warn && !warn.level && enforce.level {
            Mode::Enforce
        } else {
            mode
        };
        self.is_labelled(mode).then(|| PolicyObject {
            kind: "Namespace",
            name: self.name.to_string(),
            fields: vec![
                Path::root("metadata.labels")
                    .key(mode.level_label())
                    .to_owned(),
            ],
        })
    }
}

impl Policy {
    pub(super) const fn of_mut(&mut self, mode: Mode) -> &mut LevelVersion {
        match mode {
            Mode::Enforce => &mut self.enforce,
            Mode::Audit => &mut self.audit,
            Mode::Warn => &mut self.warn,
        }
    }
}

fn label_path(label: &str) -> String {
    Path::root("metadata.labels").key(label).to_string()
}

fn invalid(label: &str, value: &str, why: &str) -> field::Error {
    field::Error::invalid(&Path::root("metadata.labels").key(label), value, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[track_caller]
    fn check(release: u16, labels: &str, policy: [&str; 3], errors: &[&str]) {
        let namespace = format!(r#"{{"metadata": {{"name": "ns", "labels": {{{labels}}}}}}}"#);
        let namespace = json::from_str(&namespace).unwrap();
        let defaults = Policy::default();
        let read = NamespacePolicy::new(&namespace, &defaults, Release::minor(release));
        let printed = MODES.map(|mode| read.policy.of(mode).to_string());
        assert_eq!(printed, policy);
        let printed: Vec<String> = read.errors.iter().map(ToString::to_string).collect();
        assert_eq!(printed, errors);
    }

    #[test]
    fn bad_labels_fall_to_the_safe_side_and_are_reported() {
        check(
            36,
            r#""pod-security.kubernetes.io/warn": "x", "pod-security.kubernetes.io/enforce": "strict",
               "pod-security.kubernetes.io/audit-version": "1.24", "pod-security.kubernetes.io/audit": "baseline""#,
            ["restricted:latest", "baseline:latest", "privileged:latest"],
            &[
                r#"metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted"#,
                r#"metadata.labels[pod-security.kubernetes.io/audit-version]: Invalid value: "1.24": must be "latest" or "v1.x""#,
                r#"metadata.labels[pod-security.kubernetes.io/warn]: Invalid value: "x": must be one of privileged, baseline, restricted"#,
            ],
        );
    }

    #[test]
    fn enforce_raises_a_warn_that_is_not_set_from_1_26_on() {
        let labels = r#""pod-security.kubernetes.io/enforce": "baseline", "pod-security.kubernetes.io/enforce-version": "v1.24""#;
        check(
            25,
            labels,
            ["baseline:v1.24", "privileged:latest", "privileged:latest"],
            &[],
        );
        check(
            26,
            labels,
            ["baseline:v1.24", "privileged:latest", "baseline:v1.24"],
            &[],
        );
        let labels = format!(r#"{labels}, "pod-security.kubernetes.io/warn": "privileged""#);
        check(
            36,
            &labels,
            ["baseline:v1.24", "privileged:latest", "privileged:latest"],
            &[],
        );
    }
}
