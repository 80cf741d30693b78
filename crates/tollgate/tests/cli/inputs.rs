//! Files, folders, standard input, and what is wrong with them.

use super::{Folder, HOST_POD, POD};
#[cfg(unix)]
use std::os::unix::fs::{PermissionsExt as _, symlink};

#[test]
fn standard_input_is_a_file_called_dash() {
    let folder = Folder::new("stdin");
    let check = ["check", "--enforce", "baseline", "-"];
    folder
        .run_with(&check, HOST_POD.as_bytes(), &[])
        .exits(1)
        .prints("--> <stdin>:4:21");
    folder.run_with(&check, POD.as_bytes(), &[]).exits(0);
    folder
        .run_with(&check, b"", &[])
        .exits(2)
        .complains("no objects found");
    folder.write(
        "quota.yaml",
        "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\nspec: {hard: {pods: \"0\"}}\n",
    );
    folder
        .run_with(&["check", "quota.yaml", "-"], POD.as_bytes(), &[])
        .exits(1)
        .prints("exceeded quota: q");
}

#[test]
fn folders_are_searched_for_manifests_that_git_does_not_ignore() {
    let folder = Folder::new("folders");
    folder
        .write("a.yaml", POD)
        .write("deep/er/b.yml", POD)
        .write(
            "c.JSON",
            "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"c\"}}",
        )
        .write(".hidden.yaml", POD)
        .write("values.yaml.tmpl", "{{")
        .write("README.md", "{{")
        .write("ignored/d.yaml", "{{")
        .write("deep/secret.yaml", "{{")
        .write("deep/.gitignore", "secret.yaml\n")
        .write(".gitignore", "ignored/\n")
        .write(".git/objects/e.yaml", "{{");
    folder
        .check(&["."])
        .exits(0)
        .prints("4 files: 4 objects, 3 pods");
    folder
        .check(&["deep/secret.yaml"])
        .exits(2)
        .prints("1 not judged");
    folder.check(&["values.yaml.tmpl"]).exits(2);
}

#[test]
fn an_empty_folder_holds_nothing_to_judge() {
    let folder = Folder::new("empty");
    std::fs::create_dir(folder.0.join("none")).unwrap();
    folder
        .check(&["none"])
        .exits(2)
        .complains("no objects found")
        .complains("*.yaml, *.yml and *.json");
    folder
        .write("spaces.yaml", " \n\n")
        .check(&["spaces.yaml"])
        .exits(2)
        .complains("no objects found");
}

#[test]
fn what_is_missing_is_said_and_the_rest_is_judged() {
    let folder = Folder::new("missing");
    folder.write("host.yaml", HOST_POD);
    folder
        .check(&["--enforce=baseline", "none.yaml", "host.yaml"])
        .exits(2)
        .prints("cannot read none.yaml: No such file or directory")
        .prints("pods \"host\" is forbidden");
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_said_and_the_rest_is_judged() {
    let folder = Folder::new("unreadable");
    folder
        .write("host.yaml", HOST_POD)
        .write("secret.yaml", POD);
    let secret = folder.0.join("secret.yaml");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o000)).unwrap();
    // Who may read everything sees no error here.
    let may_read_all = std::fs::read(&secret).is_ok();
    let ran = folder.check(&["--enforce=baseline", "."]);
    if may_read_all {
        ran.exits(1).prints("2 objects");
    } else {
        ran.exits(2)
            .prints("cannot read ./secret.yaml: Permission denied")
            .prints("pods \"host\" is forbidden");
    }
}

#[cfg(unix)]
#[test]
fn loops_of_links_end() {
    let folder = Folder::new("links");
    folder.write("real/host.yaml", HOST_POD);
    symlink("..", folder.0.join("real/up")).unwrap();
    symlink("self.yaml", folder.0.join("self.yaml")).unwrap();
    symlink("b.yaml", folder.0.join("a.yaml")).unwrap();
    symlink("a.yaml", folder.0.join("b.yaml")).unwrap();
    symlink("real/host.yaml", folder.0.join("linked.yaml")).unwrap();
    folder
        .check(&["self.yaml"])
        .exits(2)
        .prints("cannot read self.yaml: ");
    let ran = folder
        .check(&["--enforce=baseline", "--format=concise", "real"])
        .exits(1);
    assert_eq!(ran.out.lines().count(), 1, "{}", ran.out);
    let ran = folder.check(&["--enforce=baseline", "--format=concise", "."]);
    let refused = ran
        .out
        .lines()
        .filter(|line| line.contains("is forbidden"))
        .count();
    assert_eq!(refused, 2, "the file and the link to it: {}", ran.out);
    let broken = ran
        .out
        .lines()
        .filter(|line| line.contains("cannot read"))
        .count();
    assert_eq!(broken, 3, "{}", ran.out);
    ran.exits(2);
}

#[test]
fn a_folder_as_a_file_is_an_error() {
    let folder = Folder::new("folder-as-file");
    folder.write("x.yaml/host.yaml", HOST_POD);
    folder.check(&["--enforce=baseline", "x.yaml"]).exits(1);
    folder
        .check(&["--admission-config", "x.yaml", "x.yaml"])
        .exits(2)
        .complains("cannot read x.yaml: Is a directory");
}

#[test]
fn a_file_that_is_named_twice_is_judged_twice() {
    let folder = Folder::new("twice");
    folder.write("fine.yaml", POD);
    folder
        .check(&["fine.yaml", "fine.yaml"])
        .prints("2 files: 2 objects, 2 pods");
}

#[test]
fn exemptions_and_defaults_come_from_the_admission_configuration() {
    let folder = Folder::new("admission-config");
    folder.write("host.yaml", HOST_POD).write(
        "config.yaml",
        "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n\
         - name: PodSecurity\n  path: pod-security.yaml\n",
    );
    let section = |exempt: &str| {
        format!(
            "apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\n\
             defaults: {{enforce: baseline}}\nexemptions: {{{exempt}}}\n"
        )
    };
    let check = ["--admission-config", "config.yaml", "host.yaml"];
    folder.write("pod-security.yaml", section(""));
    folder.check(&check).exits(1);
    folder
        .check(&[&["--enforce=privileged"], &check[..]].concat())
        .exits(0);
    folder.write("pod-security.yaml", section("namespaces: [default]"));
    folder.check(&check).exits(0);
    folder.write("pod-security.yaml", section("usernames: [jane]"));
    folder.check(&check).exits(1);
    folder
        .check(&[&["--as=jane"], &check[..]].concat())
        .exits(0);
    folder.write("pod-security.yaml", section("users: [jane]"));
    folder
        .check(&check)
        .exits(2)
        .complains("unknown field \"exemptions.users\"");
}
