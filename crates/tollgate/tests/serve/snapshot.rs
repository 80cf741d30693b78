//! `tollgate snapshot`: what was saved comes back, and nothing is written over.

use super::running::{Running, folder, pod, refusal, tollgate};
use serde_json::json;
use tollgate_testkit::client::Request;

fn done(arguments: &[&str]) -> String {
    let output = tollgate(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_snapshot_of_a_running_server_comes_back_with_its_revisions() {
    let server = Running::start("snapshot", &[]);
    server.namespace("kept", "10");
    let path = "/api/v1/namespaces/kept/pods";
    let text = pod("p");
    assert_eq!(server.send(&Request::json("POST", path, &text)).status, 201);
    let kept = server.get("/api/v1/namespaces/kept/pods/p");

    let file = server.folder.join("all.snapshot");
    let (file, data) = (file.to_str().unwrap(), server.data());
    let said = done(&[
        "snapshot",
        "save",
        file,
        "--data-dir",
        data.to_str().unwrap(),
    ]);
    assert!(said.starts_with("saved "), "{said}");
    server.create(
        "/api/v1/namespaces",
        &json!({"metadata": {"name": "later"}}),
    );

    let elsewhere = folder("restored");
    let new = elsewhere.join("data");
    let new = new.to_str().unwrap();
    let said = done(&["snapshot", "restore", file, "--data-dir", new]);
    assert!(said.starts_with("restored "), "{said}");
    let again = refusal(&["snapshot", "restore", file, "--data-dir", new]);
    assert!(again.contains("is not empty"), "{again}");

    let restored = Running::start_in(elsewhere, &[]);
    assert_eq!(restored.get("/api/v1/namespaces/kept/pods/p"), kept);
    assert_eq!(restored.used_and_counted("kept"), ("1".to_owned(), 1));
    let later = Request::new("GET", "/api/v1/namespaces/later");
    assert_eq!(restored.send(&later).status, 404);
}

#[test]
fn what_is_no_snapshot_and_what_is_not_there_is_refused() {
    let folder = folder("no-snapshot");
    let file = folder.join("f");
    std::fs::write(&file, "apiVersion: v1").unwrap();
    let new = folder.join("data");
    let (file, new) = (file.to_str().unwrap(), new.to_str().unwrap());
    let said = refusal(&["snapshot", "restore", file, "--data-dir", new]);
    assert!(said.contains("is not a snapshot"), "{said}");
    let said = refusal(&["snapshot", "save", file, "--data-dir", new]);
    assert_eq!(said.lines().count(), 1, "{said}");
    std::fs::remove_dir_all(&folder).unwrap();
}
