//! A server of its own for each scenario and each client, on fresh data and a port that is free.

use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use tollgate_testkit::client::{Request, Target, Who};

/// How often and how long apart a starting server is asked.
const STARTS_MAX: usize = 400;
const START: Duration = Duration::from_millis(50);

/// A running server; dropping it ends it and removes its data.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    folder: PathBuf,
    /// Whether its data stay when it ends.
    leaves: bool,
}

impl Server {
    /// Ends it and starts it anew on the same data, with other flags.
    pub(crate) fn restart(mut self, tollgate: &Path, flags: &[String]) -> Result<Self> {
        self.leaves = true;
        let folder = self.folder.clone();
        drop(self);
        fs::remove_file(folder.join("kubeconfig")).context("there is no kubeconfig")?;
        start_in(folder, tollgate, flags)
    }

    /// The folder of the server's data and of the script.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The administrator's kubeconfig.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
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

/// The binary: one that is named by `--tollgate PATH`, which is taken from the arguments, or else one that is built.
pub(crate) fn binary(arguments: &mut Vec<String>) -> Result<PathBuf> {
    let flag = arguments.iter().position(|word| word == "--tollgate");
    let path = if let Some(place) = flag {
        let path = arguments.drain(place..).take(2).nth(1);
        path.context("--tollgate what?")?
    } else {
        let status = Command::new("cargo")
            .args(["build", "--quiet", "-p", "tollgate"])
            .status()
            .context("cannot run cargo")?;
        if !status.success() {
            bail!("tollgate does not build");
        }
        "target/debug/tollgate".to_owned()
    };
    fs::canonicalize(&path).with_context(|| format!("there is no {path}"))
}

/// Starts a server on fresh data and waits until it is ready.
pub(crate) fn start(tollgate: &Path, flags: &[String]) -> Result<Server> {
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    let number = STARTED.fetch_add(1, Ordering::Relaxed);
    let name = format!("tollgate-xtask-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let _ = fs::remove_dir_all(&folder);
    start_in(folder, tollgate, flags)
}

/// Starts a server on the data of one that has ended, if there are any.
fn start_in(folder: PathBuf, tollgate: &Path, flags: &[String]) -> Result<Server> {
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
        if is_ready(&server.kubeconfig()) {
            return Ok(server);
        }
        thread::sleep(START);
    }
    let log = fs::read_to_string(server.folder.join("log")).unwrap_or_default();
    bail!("the server does not start: {log}");
}

fn is_ready(kubeconfig: &Path) -> bool {
    let Ok(target) = Target::from_kubeconfig(kubeconfig) else {
        return false;
    };
    let answer = target.send(Who::Admin, &Request::new("GET", "/readyz"));
    answer.is_ok_and(|answer| answer.status == 200)
}
