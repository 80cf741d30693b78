//! Flags, exit codes, help.

use super::{Folder, HOST_POD, POD};

#[test]
fn the_exit_status_says_whether_something_is_refused_or_not_judged() {
    let folder = Folder::new("exit");
    folder
        .write("fine.yaml", POD)
        .write("host.yaml", HOST_POD)
        .write("broken.yaml", "a: [");
    folder.check(&["fine.yaml"]).exits(0).prints("0 refused");
    folder
        .check(&["--enforce", "baseline", "fine.yaml", "host.yaml"])
        .exits(1)
        .prints("1 refused");
    folder
        .check(&["--enforce", "baseline", "host.yaml", "broken.yaml"])
        .exits(2)
        .prints("1 refused")
        .prints("1 not judged");
}

#[test]
fn warnings_fail_a_run_only_if_asked() {
    let folder = Folder::new("fail-on");
    folder.write("host.yaml", HOST_POD);
    let warn = ["--warn", "baseline", "host.yaml"];
    folder.check(&warn).exits(0).prints("1 warning");
    folder
        .check(&[&["--fail-on", "error"], &warn[..]].concat())
        .exits(0);
    folder
        .check(&[&["--fail-on", "warning"], &warn[..]].concat())
        .exits(1);
    let audit = ["--audit", "baseline", "--fail-on", "warning", "host.yaml"];
    folder.check(&audit).exits(0).prints("note[pod-security");
}

#[test]
fn wrong_flags_exit_with_2_and_say_what_is_right() {
    let folder = Folder::new("wrong-flags");
    folder.write("fine.yaml", POD);
    for (arguments, complaint) in [
        (
            &["--formt", "json", "fine.yaml"][..],
            "a similar argument exists: '--format'",
        ),
        (
            &["--format", "yaml", "fine.yaml"],
            "possible values: full, concise, json",
        ),
        (
            &["--fail-on", "note", "fine.yaml"],
            "possible values: error, warning",
        ),
        (
            &["--enforce", "strict", "fine.yaml"],
            "must be one of privileged, baseline, restricted",
        ),
        (
            &["--warn", "baseline:1.20", "fine.yaml"],
            "must be \"latest\" or \"v1.x\"",
        ),
        (
            &["--kubernetes-version", "1.19", "fine.yaml"],
            "rules are known for 1.20 to 1.37",
        ),
        (
            &["--kubernetes-version", "newest", "fine.yaml"],
            "--kubernetes-version newest",
        ),
        (&["--nodes", "-1", "fine.yaml"], "unexpected argument '-1'"),
        (&["--nodes=many", "fine.yaml"], "--nodes"),
        (&["--as-group", "a", "fine.yaml"], "--as <USER>"),
        (
            &["--enable-admission-plugins", "Nothing", "fine.yaml"],
            "plugin \"Nothing\" is unknown",
        ),
        (
            &["--admission-config", "none.yaml", "fine.yaml"],
            "cannot read none.yaml",
        ),
        (
            &["--state", "none.yaml", "fine.yaml"],
            "cannot read none.yaml",
        ),
        (&[], "<PATH>"),
    ] {
        folder.check(arguments).exits(2).complains(complaint);
    }
    folder
        .run(&["chek", "fine.yaml"])
        .exits(2)
        .complains("check");
    folder.run(&[]).exits(2).complains("check");
}

#[test]
fn help_names_every_command_and_explains_the_exit_status() {
    let folder = Folder::new("help");
    let help = folder.run(&["--help"]).exits(0);
    for command in ["check", "explain", "completions", "man"] {
        assert!(
            help.out
                .lines()
                .any(|line| line.trim_start().starts_with(command)),
            "{command} in {}",
            help.out
        );
    }
    folder
        .run(&["check", "--help"])
        .exits(0)
        .prints("Exit status")
        .prints("--kubernetes-version")
        .prints("helm template");
    folder.run(&["--version"]).exits(0).prints("tollgate 0.");
}

#[test]
fn every_shell_gets_completions_and_the_manual_page_is_roff() {
    let folder = Folder::new("completions");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        folder
            .run(&["completions", shell])
            .exits(0)
            .prints("kubernetes-version");
    }
    folder
        .run(&["completions", "tcsh"])
        .exits(2)
        .complains("possible values");
    folder
        .run(&["man"])
        .exits(0)
        .prints(".TH tollgate 1")
        .prints("check")
        .prints("\\-\\-kubernetes\\-version")
        .prints(".TH tollgate-check 1")
        .prints("Exit status");
}

#[test]
fn the_namespace_of_objects_that_name_none_is_a_flag() {
    let folder = Folder::new("namespace");
    folder.write(
        "quota.yaml",
        "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: none, namespace: shop}\n\
         spec: {hard: {pods: \"0\"}}\n",
    );
    folder.write("pod.yaml", POD);
    folder.check(&["quota.yaml", "pod.yaml"]).exits(0);
    folder
        .check(&["-n", "shop", "quota.yaml", "pod.yaml"])
        .exits(1)
        .prints("exceeded quota: none");
}

#[test]
fn plugins_that_are_off_say_nothing() {
    let folder = Folder::new("plugins");
    folder.write(
        "all.yaml",
        "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: none}\nspec: {hard: {pods: \"0\"}}\n---\n\
         apiVersion: v1\nkind: LimitRange\nmetadata: {name: tiny}\n\
         spec: {limits: [{type: Container, max: {cpu: 1m}}]}\n---\n\
         apiVersion: v1\nkind: Pod\nmetadata: {name: big}\n\
         spec: {hostNetwork: true, priorityClassName: none, containers: [{name: a, image: a, resources: {limits: {cpu: 1}}}]}\n",
    );
    let with = |plugins: &str| {
        folder
            .check(&[
                "--format=concise",
                "--enforce=baseline",
                &format!("--disable-admission-plugins={plugins}"),
                "all.yaml",
            ])
            .out
    };
    let all = with("ServiceAccount");
    for rule in ["limit-range/max", "priority", "pod-security/hostNamespaces"] {
        assert!(all.contains(&format!("[{rule}]")), "{rule} in {all}");
    }
    let without = with("LimitRanger,Priority,PodSecurity");
    assert_eq!(without.lines().count(), 1, "{without}");
    assert!(without.contains("[resource-quota/pods]"));
    assert_eq!(with("LimitRanger,Priority,PodSecurity,ResourceQuota"), "");
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let folder = Folder::new("colour");
    folder.write("host.yaml", HOST_POD);
    let check = ["check", "--enforce", "baseline", "host.yaml"];
    let escape = '\u{1b}';
    assert!(!folder.run(&check).out.contains(escape), "a pipe");
    let always = [&check[..], &["--color", "always"]].concat();
    let coloured = folder.run(&always).out;
    assert!(coloured.contains(escape));
    let asked = folder.run_with(&always, b"", &[("NO_COLOR", "1")]).out;
    assert!(
        asked.contains(escape),
        "a flag is more than the environment"
    );
    let never = [&check[..], &["--color", "never"]].concat();
    let plain = folder.run(&never).out;
    assert!(!plain.contains(escape));
    let mut bare = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once(escape) {
        bare.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    bare.push_str(rest);
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        words(&bare),
        words(&plain),
        "colour says nothing of its own"
    );
}
