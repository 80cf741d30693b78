//! What the process says, what it refuses, how it ends and how it goes on.

use super::running::{Running, folder, refusal};
use serde_json::json;
use tollgate_testkit::client::{Request, Who};

#[test]
fn goes_on_where_it_was_and_has_its_data_alone() {
    let mut server = Running::start("serve", &[]);
    assert!(
        server.said[0].starts_with("tollgate serves Kubernetes 1.36 at https://127.0.0.1:"),
        "{:?}",
        server.said
    );
    let data = server.data();
    let kubeconfig = data.join("kubeconfig");
    let export = format!("  export KUBECONFIG={}", kubeconfig.display());
    assert!(server.said.contains(&export), "{:?}", server.said);
    let first = std::fs::read_to_string(&kubeconfig).unwrap();
    let made = server.create("/api/v1/namespaces", &json!({"metadata": {"name": "kept"}}));

    let data = data.to_str().unwrap();
    let second = refusal(&["serve", "--data-dir", data, "--secure-port", "0"]);
    assert!(second.contains("in use by another process"), "{second}");
    assert_eq!(second.lines().count(), 1, "{second}");

    assert_eq!(server.stop("-TERM"), Some(0));
    server.restart();
    let again = std::fs::read_to_string(&kubeconfig).unwrap();
    let without_port = |text: &str| {
        let lines = text.lines().filter(|line| !line.contains("server: "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(without_port(&first), without_port(&again));
    assert_eq!(server.get("/api/v1/namespaces/kept"), made);
    assert_eq!(server.stop("-INT"), Some(0));
}

#[test]
fn what_is_under_way_is_answered_before_the_end() {
    let mut server = Running::start("drain", &[]);
    let mut connection = server.target.connect(Who::Admin).unwrap();
    let path = "/api/v1/namespaces?watch=true&resourceVersion=0&timeoutSeconds=60";
    connection.write(&Request::new("GET", path)).unwrap();
    let first = connection.read_head().unwrap();
    assert_eq!(first.status, 200);
    // A watch ends with the server, in order: its last piece says so.
    assert_eq!(server.stop("-TERM"), Some(0));
    while connection.chunk().unwrap().is_some() {}
}

#[test]
#[cfg(unix)]
fn what_is_secret_only_its_owner_reads() {
    use std::os::unix::fs::PermissionsExt as _;
    let extra = folder("secret-extra").join("kubeconfig");
    let server = Running::start("secret", &["--write-kubeconfig", extra.to_str().unwrap()]);
    let data = server.data();
    let files = ["kubeconfig", "pki/ca.key", "pki/admin.key", "pki/sa.key"];
    // Whoever gets a token has waited for the key that signs it, which is made beside a first start.
    let token = serde_json::json!({"spec": {}});
    server.create(
        "/api/v1/namespaces/default/serviceaccounts",
        &serde_json::json!({"metadata": {"name": "default"}}),
    );
    server.create(
        "/api/v1/namespaces/default/serviceaccounts/default/token",
        &token,
    );
    for file in files.map(|file| data.join(file)).iter().chain([&extra]) {
        let mode = std::fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
    std::fs::remove_dir_all(extra.parent().unwrap()).unwrap();
}

#[test]
fn flags_that_cannot_be_followed_are_refused() {
    let refusal = |flag: &str| refusal(&["serve", "--data-dir", ":memory:", flag]);
    for (flag, words) in [
        (
            "--controllers=nothing",
            "\"nothing\" is not in the list of known controllers",
        ),
        ("--nodes=5001", "at most 5000 nodes can be simulated"),
        ("--node-capacity=gpu=1", "`gpu` is no resource of a node"),
        (
            "--node-config=/nowhere/nodes",
            "cannot read `/nowhere/nodes`",
        ),
        (
            "--enable-admission-plugins=Nope",
            "plugin \"Nope\" is unknown",
        ),
        ("--emulated-version=1.5", "releases from 1.20"),
        ("--authorization-mode=Sometimes", "`Sometimes` is none of"),
        ("--client-ca-file=/nowhere/ca", "cannot read `/nowhere/ca`"),
        (
            "--token-auth-file=/nowhere/tokens",
            "cannot read `/nowhere/tokens`",
        ),
        ("--request-timeout=0s", "it must be longer than nothing"),
        ("--request-timeout=soon", "time: invalid duration \"soon\""),
        ("--max-connections-per-client=0", "0 is not in 1.."),
        ("--audit-log-mode=blocking-strict", "invalid value"),
        ("--etcd-servers=http://here", "unexpected argument"),
    ] {
        let said = refusal(flag);
        assert!(said.contains(words), "{flag}: {said}");
    }
}

#[test]
fn a_port_or_a_folder_that_cannot_be_had_is_one_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = refusal(&["serve", "--data-dir", ":memory:", "--secure-port", &port]);
    let expected = format!("error: cannot listen on 127.0.0.1:{port}: ");
    assert!(said.starts_with(&expected), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");

    let said = refusal(&[
        "serve",
        "--data-dir",
        "/dev/null/data",
        "--secure-port",
        "0",
    ]);
    assert!(
        said.starts_with("error: cannot make the directory `/dev/null/data"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn flags_can_stand_in_a_file() {
    let folder = folder("config");
    let file = folder.join("serve.yaml");
    let write = |text: &str| std::fs::write(&file, text).unwrap();
    let path = file.to_str().unwrap();
    write("data-dir: ':memory:'\nnodes: 9999\ncontrollers: ['*', -job-controller]\n");
    let said = refusal(&["serve", "--config", path]);
    assert!(said.contains("--nodes: at most"), "{said}");
    // The command line wins.
    let flags = ["--nodes=0", "--controllers=nothing"];
    let said = refusal(&["serve", "--config", path, flags[0], flags[1]]);
    assert!(said.contains("\"nothing\" is not in the list"), "{said}");
    write("data-dri: ':memory:'\n");
    let said = refusal(&["serve", "--config", path]);
    assert!(said.contains("--data-dri"), "{said}");
    std::fs::remove_dir_all(&folder).unwrap();
}
