//! A server that runs, in a folder of its own.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;
use tollgate_testkit::client::{Answer, Request, Target, Who};

/// A server; it and its folder go when this is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) folder: PathBuf,
    pub(crate) said: Vec<String>,
    pub(crate) target: Target,
    child: Child,
    output: Option<Output>,
    flags: Vec<String>,
}

/// A folder that no other test has.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("tollgate-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The command, with arguments.
pub(crate) fn tollgate(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.args(arguments);
    command
}

/// Runs a command that must refuse, and gives what it says.
pub(crate) fn refusal(arguments: &[&str]) -> String {
    let output = tollgate(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

type Output = Lines<BufReader<ChildStdout>>;

fn launch(data: &Path, flags: &[String]) -> (Child, Vec<String>, Output) {
    // The server alone, unless a test says otherwise: what controllers and nodes write is theirs to test.
    let alone = ["--controllers=-*", "--nodes=0"]
        .into_iter()
        .filter(|default| {
            let (name, _) = default.split_once('=').unwrap();
            !flags.iter().any(|flag| flag.starts_with(name))
        });
    let mut child = tollgate(&["serve", "--secure-port", "0"])
        .args(alone)
        .arg("--data-dir")
        .arg(data)
        .args(flags)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for line in &mut lines {
        let line = line.unwrap();
        let is_last = line.ends_with("Ctrl-C stops");
        said.push(line);
        if is_last {
            break;
        }
    }
    (child, said, lines)
}

impl Running {
    /// Starts a server on new data, in a folder of its own.
    pub(crate) fn start(name: &str, flags: &[&str]) -> Self {
        Self::start_in(folder(name), flags)
    }

    /// Starts a server with its data in a folder.
    pub(crate) fn start_in(folder: PathBuf, flags: &[&str]) -> Self {
        let flags: Vec<String> = flags.iter().map(ToString::to_string).collect();
        let data = folder.join("data");
        let (child, said, output) = launch(&data, &flags);
        Self {
            output: Some(output),
            target: Target::from_kubeconfig(&data.join("kubeconfig")).unwrap(),
            folder,
            said,
            child,
            flags,
        }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(crate) fn pid(&self) -> String {
        self.child.id().to_string()
    }

    /// Ends the process as loss of power would, as far as a process can tell.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Everything that it will still write to standard output, read until its end.
    pub(crate) fn rest(&mut self) -> JoinHandle<Vec<String>> {
        let output = self.output.take().unwrap();
        std::thread::Builder::new()
            .spawn(move || output.map(Result::unwrap).collect())
            .unwrap()
    }

    /// Sends a signal, and gives the exit status.
    pub(crate) fn stop(&mut self, signal: &str) -> Option<i32> {
        let pid = self.pid();
        let sent = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap().code()
    }

    /// Starts it again on the same data.
    pub(crate) fn restart(&mut self) {
        let (child, said, output) = launch(&self.data(), &self.flags);
        self.output = Some(output);
        self.child = child;
        self.said = said;
        self.target = Target::from_kubeconfig(&self.data().join("kubeconfig")).unwrap();
    }

    /// Starts it again on the same data, with other flags.
    pub(crate) fn restart_with(&mut self, flags: &[&str]) {
        self.flags = flags.iter().map(ToString::to_string).collect();
        self.restart();
    }

    /// A request of the administrator.
    pub(crate) fn send(&self, request: &Request<'_>) -> Answer {
        self.target.send(Who::Admin, request).unwrap()
    }

    /// What the administrator gets.
    pub(crate) fn get(&self, path: &str) -> Value {
        let answer = self.send(&Request::new("GET", path));
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// Creates an object; it must be new.
    pub(crate) fn create(&self, path: &str, object: &Value) -> Value {
        let text = object.to_string();
        let answer = self.send(&Request::json("POST", path, &text));
        assert_eq!(answer.status, 201, "{path}: {}", answer.text());
        answer.json()
    }

    /// A namespace with a service account and a quota on pods.
    pub(crate) fn namespace(&self, name: &str, pods: &str) {
        let meta = |name: &str| json!({"metadata": {"name": name}});
        self.create("/api/v1/namespaces", &meta(name));
        let path = format!("/api/v1/namespaces/{name}");
        let accounts = format!("{path}/serviceaccounts");
        self.create(&accounts, &meta("default"));
        let quota = json!({"metadata": {"name": "q"}, "spec": {"hard": {"pods": pods}}});
        self.create(&format!("{path}/resourcequotas"), &quota);
    }

    /// How many pods the quota of a namespace says there are, and how many there are.
    pub(crate) fn used_and_counted(&self, namespace: &str) -> (String, usize) {
        let path = format!("/api/v1/namespaces/{namespace}");
        let quota = self.get(&format!("{path}/resourcequotas/q"));
        let pods = self.get(&format!("{path}/pods"));
        let used = quota["status"]["used"]["pods"].as_str().unwrap().to_owned();
        (used, pods["items"].as_array().unwrap().len())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A pod that every policy of these tests lets in.
pub(crate) fn pod(name: &str) -> String {
    let containers = json!([{"name": "c", "image": "i"}]);
    json!({"metadata": {"name": name}, "spec": {"containers": containers}}).to_string()
}
