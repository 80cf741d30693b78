//! What a namespace demands: a level and a version for each of the three modes.

use super::{Level, Version};
use std::fmt;
use tollgate_api::Release;

/// A level at a version, printed as `restricted:v1.24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LevelVersion {
    /// How strict.
    pub level: Level,
    /// Of which version of the standards.
    pub version: Version,
}

impl LevelVersion {
    /// `level` at `version`.
    pub const fn new(level: Level, version: Version) -> Self {
        Self { level, version }
    }

    /// Reads `restricted`, `restricted:latest` and `restricted:v1.24`.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (level, version) = text.split_once(':').unwrap_or((text, "latest"));
        Ok(Self::new(Level::parse(level)?, Version::parse(version)?))
    }

    /// Whether both demand the same: the version of `privileged` does not matter.
    pub fn is_equivalent(self, other: Self) -> bool {
        self.level == other.level
            && (self.level == Level::Privileged || self.version == other.version)
    }

    /// The label `policy_version` of the metrics: `latest`, `v1.24`, or `future` for what `release` does not know.
    pub fn metric_version(self, release: Release) -> String {
        match self.version {
            Version::Minor(minor) if self.level != Level::Privileged => {
                if minor > u64::from(release.minor_number()) {
                    "future".to_owned()
                } else {
                    self.version.to_string()
                }
            }
            _ => "latest".to_owned(),
        }
    }
}

impl fmt::Display for LevelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.level, self.version)
    }
}

/// What happens to a pod that breaks the policy of a mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// It is refused.
    Enforce,
    /// It is noted in the audit log.
    Audit,
    /// The client is warned.
    Warn,
}

impl Mode {
    /// Upstream's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Audit => "audit",
            Self::Warn => "warn",
        }
    }
}

/// What a namespace demands of its pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// Pods that break this are refused.
    pub enforce: LevelVersion,
    /// Pods and workloads that break this are noted in the audit log.
    pub audit: LevelVersion,
    /// The client is warned of pods and workloads that break this.
    pub warn: LevelVersion,
}

impl Policy {
    /// What `mode` demands.
    pub const fn of(&self, mode: Mode) -> LevelVersion {
        match mode {
            Mode::Enforce => self.enforce,
            Mode::Audit => self.audit,
            Mode::Warn => self.warn,
        }
    }

    /// Whether no mode demands anything.
    pub fn is_fully_privileged(&self) -> bool {
        [self.enforce, self.audit, self.warn]
            .iter()
            .all(|policy| policy.level == Level::Privileged)
    }

    /// Whether both demand the same in every mode.
    pub fn is_equivalent(&self, other: &Self) -> bool {
        [Mode::Enforce, Mode::Audit, Mode::Warn]
            .into_iter()
            .all(|mode| self.of(mode).is_equivalent(other.of(mode)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_levels_with_and_without_a_version() {
        let read = |text: &str| LevelVersion::parse(text).map(|policy| policy.to_string());
        assert_eq!(read("baseline"), Ok("baseline:latest".to_owned()));
        assert_eq!(read("restricted:v1.24"), Ok("restricted:v1.24".to_owned()));
        assert!(read("strict").is_err());
        assert!(read("baseline:1.24").is_err());
    }

    #[test]
    fn metrics_name_versions_that_the_release_knows() {
        let label = |text: &str| {
            LevelVersion::parse(text)
                .unwrap()
                .metric_version(Release::minor(30))
        };
        assert_eq!(label("baseline:v1.30"), "v1.30");
        assert_eq!(label("baseline:v1.31"), "future");
        assert_eq!(label("baseline"), "latest");
        assert_eq!(label("privileged:v1.31"), "latest");
    }
}
