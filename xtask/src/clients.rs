//! `xtask clients`: programs as ordinary users write them, with client libraries as they are published, against a real server.
//! What cannot be had is a failure: nobody should believe that it ran.

use crate::server;
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Programs in Rust, a workspace of their own. They start servers themselves.
const RUST: &str = "clients/rust/Cargo.toml";
/// Programs in Python.
const PYTHON: &str = "clients/python";
/// Where what those need is kept.
const ENVIRONMENT: &str = "target/clients/python";
/// A cluster with room for rolling updates.
const FLAGS: &[&str] = &["--nodes", "3"];

/// Runs the command.
pub(crate) fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let mut arguments: Vec<String> = arguments.collect();
    let tollgate = server::binary(&mut arguments)?;
    if let Some(unknown) = arguments.first() {
        bail!("`{unknown}` is no argument of this command");
    }
    python(&tollgate).context("clients in Python")?;
    rust(&tollgate).context("clients in Rust")
}

fn python(tollgate: &Path) -> Result<()> {
    let python = environment()?;
    let flags: Vec<String> = FLAGS.iter().map(ToString::to_string).collect();
    let server = server::start(tollgate, &flags)?;
    // Connections of the client that are still open are its own matter.
    let quiet = ["-B", "-W", "ignore::ResourceWarning"];
    let discover = ["-m", "unittest", "discover", "--verbose", PYTHON];
    let mut command = Command::new(python);
    execute(
        command
            .args(quiet)
            .args(discover)
            .env("KUBECONFIG", server.kubeconfig()),
    )
}

/// A Python of its own with what the programs require; made anew whenever that changes.
fn environment() -> Result<PathBuf> {
    let required = Path::new(PYTHON).join("requirements.txt");
    let folder = Path::new(ENVIRONMENT);
    let installed = folder.join("requirements.txt");
    let python = std::env::current_dir()?.join(folder).join("bin/python");
    let text = fs::read_to_string(&required)
        .with_context(|| format!("cannot read {}", required.display()))?;
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == text) {
        return Ok(python);
    }
    let make = ["-m", "venv", "--clear", ENVIRONMENT];
    execute(Command::new("python3").args(make))?;
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
    ];
    execute(Command::new(&python).args(install).arg(&required))?;
    fs::write(&installed, text)?;
    Ok(python)
}

/// In the same folder as everything else that is built: much of it is the same.
fn rust(tollgate: &Path) -> Result<()> {
    let test = ["test", "--locked", "--target-dir", "target"];
    let mut command = Command::new("cargo");
    command.args(test).args(["--manifest-path", RUST]);
    execute(command.env("TOLLGATE", tollgate))
}

fn execute(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot run {command:?}"))?;
    if !status.success() {
        bail!("{command:?} failed");
    }
    Ok(())
}
