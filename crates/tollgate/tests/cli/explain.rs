//! `tollgate explain` of everything that it lists.

use super::Folder;

/// The names in the list: the first word of each indented line that does not continue the one before.
fn listed(list: &str) -> Vec<&str> {
    list.lines()
        .filter_map(|line| {
            line.strip_prefix("  ")
                .filter(|rest| !rest.starts_with(' '))
        })
        .map(|line| line.split("  ").next().unwrap())
        .collect()
}

#[test]
fn every_listed_name_is_explained_with_two_examples() {
    let folder = Folder::new("explain-all");
    let list = folder.run(&["explain"]).exits(0).out;
    let names = listed(&list);
    assert!(names.len() > 60, "{} {list}", names.len());
    for name in names {
        let told = folder.run(&["explain", name]).exits(0);
        for part in ["Fields", "Allowed", "Since", "Refused:", "Allowed:"] {
            assert!(told.out.contains(part), "no {part} in {name}: {}", told.out);
        }
        assert!(told.out.starts_with(name), "{name}: {}", told.out);
        assert_eq!(told.err, "");
    }
}

#[test]
fn keys_with_names_in_them_are_explained_by_their_pattern() {
    let folder = Folder::new("explain-keys");
    for (key, pattern) in [
        ("requests.nvidia.com/gpu", "requests.<"),
        ("count/widgets.example.com", "count/<"),
        ("count/configmaps", "count/<"),
        (
            "gold.storageclass.storage.k8s.io/requests.storage",
            "<storage class>.storageclass.storage.k8s.io/requests.storage",
        ),
        (
            "gold.storageclass.storage.k8s.io/persistentvolumeclaims",
            "<storage class>.storageclass.storage.k8s.io/persistentvolumeclaims",
        ),
        ("hugepages-2Mi", "hugepages-<"),
        ("requests.hugepages-2Mi", "hugepages-<"),
        ("pod-security/hostPorts", "hostPorts"),
        ("HOSTPORTS", "hostPorts"),
    ] {
        let told = folder.run(&["explain", key]).exits(0).out;
        assert!(
            told.lines().next().unwrap().contains(pattern),
            "{key}: {told}"
        );
    }
}

#[test]
fn every_rule_id_that_check_prints_can_be_explained() {
    let folder = Folder::new("explain-rules");
    let list = folder.run(&["explain"]).out;
    for (policy, name) in [
        ("limit-range", "min"),
        ("resource-quota", "requests.cpu"),
        ("pod-security-policy", "hostNetwork"),
        ("pod-security", "hostPorts"),
    ] {
        assert!(listed(&list).contains(&name), "{name}");
        let told = folder
            .run(&["explain", &format!("{policy}/{name}")])
            .exits(0);
        assert!(told.out.starts_with(name), "{}", told.out);
        assert_eq!(told.out.matches("Upstream").count(), 1, "one policy only");
    }
}

#[test]
fn an_unknown_name_is_an_error_with_suggestions() {
    let folder = Folder::new("explain-unknown");
    folder
        .run(&["explain", "hostPort"])
        .exits(2)
        .complains("did you mean `hostPorts`");
    folder
        .run(&["explain", "request.cpu"])
        .exits(2)
        .complains("`requests.cpu`");
    for nothing in ["zzzzzzzz", "", "\u{1F6A7}", &"x".repeat(10_000)] {
        let told = folder
            .run(&["explain", nothing])
            .exits(2)
            .complains("`tollgate explain` lists them all");
        assert!(told.out.is_empty());
        assert!(!told.err.contains("did you mean"), "{}", told.err);
    }
}
