//! Ends of pipes.

use super::{Folder, HOST_POD};
use std::io::Read as _;
use std::process::{Command, Stdio};

/// Reads a little of what is printed and closes the pipe, as `head` does.
fn run_and_leave(folder: &Folder, arguments: &[&str]) -> (Option<i32>, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tollgate"))
        .args(arguments)
        .current_dir(&folder.0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut some = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    (child.wait().unwrap().code(), said)
}

#[test]
fn a_reader_who_leaves_ends_the_run_without_a_word() {
    let folder = Folder::new("broken-pipe");
    folder.write("hosts.yaml", format!("{HOST_POD}---\n").repeat(5_000));
    for format in [
        "full", "concise", "json", "sarif", "junit", "github", "markdown",
    ] {
        let format = format!("--format={format}");
        let check = ["check", "--enforce=baseline", &format, "hosts.yaml"];
        let (code, said) = run_and_leave(&folder, &check);
        assert_eq!((code, said.as_str()), (Some(141), ""), "{format}");
    }
}

#[test]
fn short_outputs_fit_into_the_pipe() {
    let folder = Folder::new("short-pipe");
    for arguments in [&["man"][..], &["completions", "bash"], &["explain"]] {
        let (code, said) = run_and_leave(&folder, arguments);
        assert!(matches!(code, Some(0 | 141)), "{arguments:?}: {code:?}");
        assert_eq!(said, "", "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_named_pipe_is_read_once_and_judged_whole() {
    let folder = Folder::new("named-pipe");
    folder.write(
        "web.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: web}]}\n",
    );
    let command = format!("{} check <(cat web.yaml)", env!("CARGO_BIN_EXE_tollgate"));
    let output = Command::new("bash")
        .args(["-c", &command])
        .current_dir(&folder.0)
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{out}");
    assert!(out.contains("1 file: 1 object, 1 pod, 0 refused"), "{out}");
}
