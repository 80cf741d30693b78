//! Conformance vectors: cases answered by the real upstream code, replayed on the engine.
//!
//! A file `NAME.jsonl` (or `NAME.jsonl.gz`, `NAME-2.jsonl`) holds one case per line. [`SUITES`] says which function
//! replays the cases of which file; a suite lives in a file of the same name and holds no expectation of its own.

mod limitrange_defaulting;
mod limitrange_validation;
mod limitranger;
mod pod_defaulting;
mod pod_validation;
mod priority;
mod protobuf;
mod psa_admission;
mod psp_admission;
mod psp_defaulting;
mod psp_provider;
mod psp_validation;
mod pss;
mod pss_1_24;
mod quantity;
mod quota_admission;
mod quota_config;
mod quota_matching;
mod quota_recalc;
mod quota_usage;
mod quota_validation;
mod readings;

use anyhow::{Context as _, Result, bail};
use flate2::read::GzDecoder;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use tollgate_api::Value;

/// What differs: what upstream answered and what we answered, each printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Upstream's answer.
    pub expected: String,
    /// Our answer.
    pub got: String,
}

/// The result of one case.
pub type Outcome = Result<(), Difference>;

/// Compares two answers; both are printed as they are if they differ.
pub fn compare<T: PartialEq + std::fmt::Display>(expected: &T, got: &T) -> Outcome {
    if expected == got {
        Ok(())
    } else {
        Err(Difference {
            expected: expected.to_string(),
            got: got.to_string(),
        })
    }
}

/// The cases of one file name and how they are replayed.
#[derive(Debug, Clone, Copy)]
pub struct Suite {
    /// The file's name without `.jsonl`.
    pub name: &'static str,
    /// Replays one case.
    pub run: fn(&Value) -> Outcome,
}

/// Every suite, by name.
pub const SUITES: &[Suite] = &[
    Suite {
        name: "limitrange-defaulting",
        run: limitrange_defaulting::run,
    },
    Suite {
        name: "limitrange-validation",
        run: limitrange_validation::run,
    },
    Suite {
        name: "limitranger",
        run: limitranger::run,
    },
    Suite {
        name: "pod-defaulting",
        run: pod_defaulting::run,
    },
    Suite {
        name: "pod-validation",
        run: pod_validation::run,
    },
    Suite {
        name: "priority",
        run: priority::run,
    },
    Suite {
        name: "protobuf",
        run: protobuf::run,
    },
    Suite {
        name: "psa-admission",
        run: psa_admission::run,
    },
    Suite {
        name: "psp-admission",
        run: psp_admission::run,
    },
    Suite {
        name: "psp-defaulting",
        run: psp_defaulting::run,
    },
    Suite {
        name: "psp-provider",
        run: psp_provider::run,
    },
    Suite {
        name: "psp-validation",
        run: psp_validation::run,
    },
    Suite {
        name: "pss",
        run: pss::run,
    },
    Suite {
        name: "pss-1.24",
        run: pss_1_24::run,
    },
    Suite {
        name: "quantity",
        run: quantity::run,
    },
    Suite {
        name: "quota-admission",
        run: quota_admission::run,
    },
    Suite {
        name: "quota-config",
        run: quota_config::run,
    },
    Suite {
        name: "quota-matching",
        run: quota_matching::run,
    },
    Suite {
        name: "quota-recalc",
        run: quota_recalc::run,
    },
    Suite {
        name: "quota-usage",
        run: quota_usage::run,
    },
    Suite {
        name: "quota-validation",
        run: quota_validation::run,
    },
];

/// The score of one file.
#[derive(Debug, Clone, Default)]
pub struct Score {
    /// Cases that agree.
    pub passed: usize,
    /// Cases that differ: their id and how.
    pub failures: Vec<(String, Difference)>,
}

/// The name of a vector file without its endings: `pss-2` for `pss-2.jsonl.gz`; none for other files.
pub fn base_name(file_name: &str) -> Option<&str> {
    let unpacked = file_name.strip_suffix(".gz").unwrap_or(file_name);
    unpacked.strip_suffix(".jsonl")
}

/// The suite for such a name, if there is one: `pss` and `pss-2` are both `pss`.
pub fn suite_of(base_name: &str) -> Option<&'static Suite> {
    let name = match base_name.rsplit_once('-') {
        Some((name, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => base_name,
    };
    SUITES.iter().find(|suite| suite.name == name)
}

/// Replays all cases of a file. A line that is no case differs, too.
pub fn run_file(suite: &Suite, path: &Path) -> Result<Score> {
    let mut score = Score::default();
    for (number, line) in read_text(path)?.lines().enumerate() {
        let outcome = match tollgate_api::json::from_str(line) {
            Ok(case) => (suite.run)(&case).map_err(|why| (case.str_or_empty("id").to_owned(), why)),
            Err(error) => {
                let expected = "a case".to_owned();
                let got = error.to_string();
                Err((format!("line {}", number + 1), Difference { expected, got }))
            }
        };
        match outcome {
            Ok(()) => score.passed += 1,
            Err(failure) => score.failures.push(failure),
        }
    }
    if score.passed + score.failures.len() == 0 {
        bail!("{} holds no case", path.display());
    }
    Ok(score)
}

fn read_text(path: &Path) -> Result<String> {
    let mut text = String::new();
    let mut file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    if path.extension().is_some_and(|extension| extension == "gz") {
        GzDecoder::new(file).read_to_string(&mut text)
    } else {
        file.read_to_string(&mut text)
    }
    .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text)
}
