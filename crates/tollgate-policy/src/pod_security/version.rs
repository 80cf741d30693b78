//! The version of a policy: which revision of the standards is meant.

use std::fmt;

/// A version of the standards; ordered by age, [`Version::Latest`] above every number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Version {
    /// `v1.<minor>`
    Minor(u64),
    /// The newest version of the release that evaluates.
    #[default]
    Latest,
}

impl Version {
    /// The version that is spelt so: `latest` or `v1.<minor>` without leading zeros.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text == "latest" {
            return Ok(Self::Latest);
        }
        text.strip_prefix("v1.")
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .filter(|digits| *digits == "0" || !digits.starts_with('0'))
            // Upstream reads the number as a 64-bit signed integer.
            .and_then(|digits| digits.parse::<i64>().ok())
            .and_then(|minor| u64::try_from(minor).ok())
            .map(Self::Minor)
            .ok_or("must be \"latest\" or \"v1.x\"")
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("latest"),
            Self::Minor(minor) => write!(f, "v1.{minor}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_latest_and_numbers_without_leading_zeros() {
        for (text, version) in [
            ("latest", Version::Latest),
            ("v1.0", Version::Minor(0)),
            ("v1.24", Version::Minor(24)),
            (
                "v1.9223372036854775807",
                Version::Minor(i64::MAX.unsigned_abs()),
            ),
        ] {
            assert_eq!(Version::parse(text), Ok(version));
            assert_eq!(version.to_string(), text);
        }
        for text in [
            "",
            "v1",
            "v1.",
            "v1.00",
            "v1.01",
            "1.24",
            "v2.0",
            "v1.x",
            "v1.-1",
            "v1.+1",
            "Latest",
            "v1.9223372036854775808",
            "v1.1\n",
        ] {
            assert!(Version::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn latest_is_newer_than_any_number() {
        assert!(Version::Minor(2) < Version::Minor(10));
        assert!(Version::Minor(u64::MAX) < Version::Latest);
    }
}
