//! `xtask ci`: every check, cheapest first.

use anyhow::{Context as _, Result, bail};
use std::process::Command;

/// Arguments of cargo, and an environment variable.
type Step = (
    &'static [&'static str],
    Option<(&'static str, &'static str)>,
);

/// What `cargo test` leaves.
const BINARY: &str = "target/debug/tollgate";

/// What is run.
const STEPS: &[Step] = &[
    (&["fmt", "--all", "--check"], None),
    (
        &[
            "fmt",
            "--manifest-path",
            "clients/rust/Cargo.toml",
            "--check",
        ],
        None,
    ),
    (&["xtask", "tidy"], None),
    (&["xtask", "codegen", "--check"], None),
    (
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
        None,
    ),
    (&["test", "--workspace"], None),
    (
        &["doc", "--workspace", "--no-deps"],
        Some(("RUSTDOCFLAGS", "-D warnings")),
    ),
    // The binary of the tests: building it alone would choose other features of what it depends on, and build that anew.
    (&["xtask", "scenarios", "--tollgate", BINARY], None),
    (&["xtask", "clients", "--tollgate", BINARY], None),
];

/// Runs the command; stops at the first step that fails.
pub(crate) fn run() -> Result<()> {
    for (arguments, variable) in STEPS {
        let said = format!("cargo {}", arguments.join(" "));
        eprintln!("\n=== {said}");
        let mut command = Command::new("cargo");
        command.args(*arguments).envs(variable.iter().copied());
        if !command
            .status()
            .with_context(|| format!("cannot run {said}"))?
            .success()
        {
            bail!("`{said}` failed");
        }
    }
    Ok(())
}
