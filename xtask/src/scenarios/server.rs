//! A server of its own for each scenario, on fresh data and a port that is free.

use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// How often and how long apart a starting server is asked.
const STARTS_MAX: usize = 200;
const START: Duration = Duration::from_millis(50);

/// A running server; dropping it ends it and removes its data.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    folder: PathBuf,
    /// Whether its data stay when it ends.
    leaves: bool,
}

impl Server {
    /// Ends it and starts it anew on the same data, with other flags.
    pub(super) fn restart(
        mut self,
        tollgate: &Path,
        kubectl: &Path,
        flags: &[String],
    ) -> Result<Self> {
        self.leaves = true;
        let folder = self.folder.clone();
        drop(self);
        fs::remove_file(folder.join("kubeconfig")).context("there is no kubeconfig")?;
        start_in(folder, tollgate, kubectl, flags)
    }

    /// The folder of the server's data and of the script.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The administrator's kubeconfig.
    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !self.leaves {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Builds the binary.
pub(super) fn build() -> Result<PathBuf> {
    let status = Command::new("cargo")
        .args(["build", "--quiet", "-p", "tollgate"])
        .status()
        .context("cannot run cargo")?;
    if !status.success() {
        bail!("tollgate does not build");
    }
    fs::canonicalize("target/debug/tollgate").context("there is no binary")
}

/// Starts a server on fresh data and waits until kubectl reaches it.
pub(super) fn start(tollgate: &Path, kubectl: &Path, flags: &[String]) -> Result<Server> {
    let folder = std::env::temp_dir().join(format!("tollgate-scenario-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    start_in(folder, tollgate, kubectl, flags)
}

/// Starts a server on the data of one that has ended, if there are any.
fn start_in(folder: PathBuf, tollgate: &Path, kubectl: &Path, flags: &[String]) -> Result<Server> {
    fs::create_dir_all(&folder)?;
    let log = fs::File::create(folder.join("log"))?;
    let child = Command::new(tollgate)
        .args(["serve", "--secure-port", "0", "--data-dir"])
        .arg(folder.join("data"))
        .arg("--write-kubeconfig")
        .arg(folder.join("kubeconfig"))
        .args(flags)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("cannot start tollgate")?;
    let mut server = Server {
        child,
        folder,
        leaves: false,
    };
    for _ in 0..STARTS_MAX {
        if server.child.try_wait()?.is_some() {
            break;
        }
        let answer = Command::new(kubectl)
            .arg("--kubeconfig")
            .arg(server.kubeconfig())
            .args(["get", "--raw", "/readyz"])
            .stderr(Stdio::null())
            .output()
            .context("cannot run kubectl")?;
        if answer.status.success() {
            return Ok(server);
        }
        thread::sleep(START);
    }
    let log = fs::read_to_string(server.folder.join("log")).unwrap_or_default();
    bail!("the server does not start: {log}");
}
