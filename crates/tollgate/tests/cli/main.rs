//! The command line from outside: flags, formats, exit codes, inputs of every kind.

#![expect(clippy::unwrap_used, reason = "tests")]

mod explain;
mod flags;
mod formats;
mod hostile;
mod inputs;
mod pipes;
mod xml;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder of a test's own, empty at first.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("cli")
            .join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes a file, and the folders above it.
    fn write(&self, file: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.0.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        self
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.0.join(file)).unwrap()
    }

    /// Runs `tollgate` there, with nothing on standard input.
    #[track_caller]
    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, b"", &[])
    }

    /// Runs `tollgate check` there.
    #[track_caller]
    fn check(&self, arguments: &[&str]) -> Ran {
        self.run(&[&["check"], arguments].concat())
    }

    /// Runs `tollgate` there, with standard input and environment variables.
    #[track_caller]
    fn run_with(&self, arguments: &[&str], stdin: &[u8], environment: &[(&str, &str)]) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tollgate"))
            .args(arguments)
            .current_dir(&self.0)
            .env_remove("NO_COLOR")
            .env("LC_ALL", "C")
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            // Whoever does not read it closes it.
            scope.spawn(move || input.write_all(stdin));
            child.wait_with_output().unwrap()
        });
        let ran = Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!ran.err.contains("panicked"), "{arguments:?}: {}", ran.err);
        ran
    }
}

/// What a command printed and how it ended.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    /// Holds the exit status against `code`.
    #[track_caller]
    fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// Holds standard output against a text that must be in it.
    #[track_caller]
    fn prints(self, text: &str) -> Self {
        assert!(self.out.contains(text), "no {text:?} in {self:?}");
        self
    }

    /// Holds standard error against a text that must be in it.
    #[track_caller]
    fn complains(self, text: &str) -> Self {
        assert!(self.err.contains(text), "no {text:?} in {self:?}");
        self
    }
}

/// A pod that nothing speaks against.
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: fine}\n\
                   spec: {containers: [{name: a, image: registry.example/a:1}]}\n";

/// A pod that baseline refuses.
const HOST_POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: host}\n\
                        spec: {hostNetwork: true, containers: [{name: a, image: registry.example/a:1}]}\n";

/// A pod that a server cannot decode, warned about by nobody.
const TYPO_POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: typo}\n\
                        spec: {containers: [{name: a, image: registry.example/a:1, imagee: b}]}\n";
