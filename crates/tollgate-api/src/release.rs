//! A Kubernetes release, where rules or wording changed between releases.

use std::fmt;
use std::str::FromStr;

/// A minor release of Kubernetes: `1.36`.
///
/// Ordered by age, so that a rule reads as `release >= Release::minor(30)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    minor: u16,
}

impl Release {
    /// The newest release whose rules are known here.
    pub const NEWEST: Self = Self::minor(37);

    /// The release `1.<minor>`.
    pub const fn minor(minor: u16) -> Self {
        Self { minor }
    }

    /// The number behind the dot.
    pub const fn minor_number(self) -> u16 {
        self.minor
    }
}

/// 1.36: the release that answered the conformance vectors.
impl Default for Release {
    fn default() -> Self {
        Self::minor(36)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.minor)
    }
}

/// Why a text names no release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a release is written `1.36`, with or without a leading `v` and a patch number")]
pub struct ParseReleaseError;

/// Reads `1.36`, `v1.36` and `v1.36.3`.
impl FromStr for Release {
    type Err = ParseReleaseError;

    fn from_str(text: &str) -> Result<Self, ParseReleaseError> {
        let number = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<u16>().ok()).flatten()
        };
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
        let (major, minor, patch) = (parts.next(), parts.next(), parts.next());
        let patch_is_good = patch.is_none_or(|patch| number(patch).is_some());
        match (major, minor.and_then(number), parts.next()) {
            (Some("1"), Some(minor), None) if patch_is_good => Ok(Self::minor(minor)),
            _ => Err(ParseReleaseError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for text in ["1.24", "v1.24", "v1.24.17"] {
            assert_eq!(text.parse(), Ok(Release::minor(24)));
        }
        for text in [
            "", "1", "2.24", "1.x", "1.24.x", "1.24.1.2", "1.+4", "latest",
        ] {
            assert_eq!(text.parse::<Release>(), Err(ParseReleaseError), "{text}");
        }
        assert_eq!(Release::minor(24).to_string(), "1.24");
        assert!(Release::minor(9) < Release::default());
    }
}
