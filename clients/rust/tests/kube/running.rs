//! A server that runs, in a folder of its own. `cargo xtask clients` says in `TOLLGATE` which.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// What the line ends in after which the server answers.
const STARTED: &str = "Ctrl-C stops";

/// A server; it and its folder go when this is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    folder: PathBuf,
}

impl Running {
    /// Starts a server on new data, with all controllers.
    pub fn start(name: &str, flags: &[&str]) -> Self {
        let tollgate = std::env::var_os("TOLLGATE").expect("TOLLGATE names the binary");
        let folder = std::env::temp_dir().join(format!("tollgate-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let mut child = Command::new(tollgate)
            .args(["serve", "--secure-port", "0", "--data-dir"])
            .arg(&folder)
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let running = Self { child, folder };
        assert!(lines.any(|line| line.unwrap().ends_with(STARTED)));
        running
    }

    /// The administrator's kubeconfig.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
