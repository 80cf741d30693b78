//! `tollgate serve` from outside: what it prints, what it refuses, how it ends.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn serve(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.arg("serve").args(arguments);
    command
}

/// Runs a server that must not start, and gives what it says.
fn refusal(arguments: &[&str]) -> String {
    let output = serve(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Starts a server and waits until it has said all it says.
fn start(data: &Path) -> (Child, Vec<String>) {
    let data = data.to_str().unwrap();
    let mut server = serve(&["--data-dir", data, "--secure-port", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    for line in BufReader::new(server.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let is_last = line.ends_with("Ctrl-C stops");
        said.push(line);
        if is_last {
            break;
        }
    }
    (server, said)
}

fn stop(mut server: Child) {
    let pid = server.id().to_string();
    assert!(Command::new("kill").arg(&pid).status().unwrap().success());
    assert_eq!(server.wait().unwrap().code(), Some(0));
}

#[test]
fn goes_on_where_it_was_and_has_its_data_alone() {
    let folder = std::env::temp_dir().join(format!("tollgate-serve-{}", std::process::id()));
    let data = folder.join("data");
    let (server, said) = start(&data);
    assert!(
        said[0].starts_with("tollgate serves Kubernetes 1.36 at https://127.0.0.1:"),
        "{said:?}"
    );
    let kubeconfig = data.join("kubeconfig");
    assert!(
        said.contains(&format!("  export KUBECONFIG={}", kubeconfig.display())),
        "{said:?}"
    );
    let first = std::fs::read_to_string(&kubeconfig).unwrap();
    assert!(first.contains("client-key-data: "));

    let second = refusal(&["--data-dir", data.to_str().unwrap(), "--secure-port", "0"]);
    assert!(second.contains("in use by another process"), "{second}");

    stop(server);
    let (server, _) = start(&data);
    stop(server);
    let authority = |text: &str| {
        text.lines()
            .find(|line| line.contains("certificate-authority-data"))
            .map(str::to_owned)
    };
    let again = std::fs::read_to_string(&kubeconfig).unwrap();
    assert_eq!(authority(&first), authority(&again));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
#[cfg(unix)]
fn what_is_secret_only_its_owner_reads() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = std::env::temp_dir().join(format!("tollgate-secret-{}", std::process::id()));
    let (server, _) = start(&folder);
    for file in ["kubeconfig", "pki/ca.key", "pki/admin.key", "pki/sa.key"] {
        let mode = std::fs::metadata(folder.join(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    stop(server);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn flags_that_cannot_be_followed_are_refused() {
    let said = refusal(&["--data-dir", ":memory:", "--controllers=nothing"]);
    assert!(
        said.contains("\"nothing\" is not in the list of known controllers"),
        "{said}"
    );
    let said = refusal(&["--data-dir", ":memory:", "--nodes=1"]);
    assert!(said.contains("no node can be simulated yet"), "{said}");
    let said = refusal(&["--data-dir", ":memory:", "--enable-admission-plugins=Nope"]);
    assert!(said.contains("plugin \"Nope\" is unknown"), "{said}");
    let said = refusal(&["--data-dir", ":memory:", "--emulated-version=1.5"]);
    assert!(said.contains("releases from 1.20"), "{said}");
}

#[test]
fn flags_can_stand_in_a_file() {
    let folder = std::env::temp_dir().join(format!("tollgate-config-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("serve.yaml");
    std::fs::write(
        &file,
        "data-dir: ':memory:'\nnodes: 1\ncontrollers: ['*', -job-controller]\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let said = refusal(&["--config", file]);
    assert!(said.contains("--nodes=1"), "{said}");
    // The command line wins.
    let said = refusal(&["--config", file, "--nodes=0", "--controllers=nothing"]);
    assert!(said.contains("\"nothing\" is not in the list"), "{said}");
    std::fs::remove_dir_all(&folder).unwrap();
}
