//! Input by those who wish us ill: a clear answer, in bounded time, and never a panic.
//!
//! Each test holds a run against a limit of address space where the system can set one, so that memory which grows with
//! nonsense fails it.

use super::{Folder, HOST_POD, POD, Ran};

/// Judges one file.
#[track_caller]
fn check(name: &str, bytes: impl AsRef<[u8]>) -> Ran {
    let folder = Folder::new(&format!("hostile-{name}"));
    folder.write("it.yaml", bytes);
    folder.check(&["--enforce=baseline", "--format=concise", "it.yaml"])
}

#[track_caller]
fn is_broken(name: &str, bytes: impl AsRef<[u8]>, complaint: &str) {
    check(name, bytes).exits(2).prints(complaint);
}

#[test]
fn alias_bombs_are_refused() {
    let mut bomb =
        String::from("apiVersion: v1\nkind: ConfigMap\na: &a [x, x, x, x, x, x, x, x, x, x]\n");
    for (one, other) in "abcdefghij".chars().zip("bcdefghijk".chars()) {
        let aliases = format!("*{one}, ").repeat(10);
        bomb.push_str(&format!(
            "{other}: &{other} [{}]\n",
            aliases.trim_end_matches(", ")
        ));
    }
    is_broken("laughs", &bomb, "document contains excessive aliasing");
    let ring = "apiVersion: v1\nkind: ConfigMap\ndata: &a {b: *a}\n";
    is_broken("ring", ring, "anchor 'a' value contains itself");
    let mut merges = String::from("m0: &m0 {k: v}\n");
    for level in 1..30 {
        merges.push_str(&format!(
            "m{level}: &m{level} {{<<: [*m{}, *m{}]}}\n",
            level - 1,
            level - 1
        ));
    }
    check("merges", &merges).exits(2);
}

#[test]
fn deep_nesting_is_refused_in_yaml_and_json() {
    const DEEP: usize = 10_000;
    is_broken("deep-flow", "[".repeat(DEEP), "exceeded max depth");
    is_broken(
        "deep-closed",
        format!("a: {}{}", "[".repeat(DEEP), "]".repeat(DEEP)),
        "exceeded max depth",
    );
    is_broken(
        "deep-maps",
        format!("x: {}", "{a: ".repeat(DEEP + 1)),
        "exceeded max depth",
    );
    let lines: Vec<String> = (0..=DEEP).map(|depth| " ".repeat(depth) + "a:\n").collect();
    let block = lines.concat();
    is_broken("deep-block", block, "exceeded max depth");
    is_broken("deep-dashes", "- ".repeat(DEEP + 1), "exceeded max depth");
    let json = format!("{{\"a\":{}1{}}}", "[".repeat(DEEP), "]".repeat(DEEP));
    is_broken("deep-json", json, "exceeded max depth");
    // Deep enough for any manifest, and no error by itself.
    let deep = format!(
        "apiVersion: x/v1\nkind: X\na: {}{}\n",
        "[".repeat(900),
        "]".repeat(900)
    );
    check("deep-enough", deep).exits(0);
}

#[test]
fn bytes_that_are_no_text_cost_only_their_document() {
    let mut bytes = POD.as_bytes().to_vec();
    bytes.extend(b"---\nkind: Pod\nname: \"\xff\xfe\"\n---\n");
    bytes.extend(HOST_POD.as_bytes());
    check("utf8", &bytes)
        .exits(2)
        .prints("cannot read it.yaml: not UTF-8: invalid byte on line 7")
        .prints("it.yaml:7:1: ")
        .prints("pods \"host\" is forbidden");
    is_broken("nul", "kind: Pod\0\n", "control characters are not allowed");
    is_broken("nul-json", "{\"kind\": \"Pod\0\"}", "it.yaml:1:");
    let noise: Vec<u8> = (0..100_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    check("noise", noise).exits(2);
}

#[test]
fn other_encodings_of_unicode_are_understood_or_refused() {
    let with_mark = format!("\u{feff}{HOST_POD}");
    check("bom", &with_mark).exits(1).prints("it.yaml:4:21: ");
    let later = format!("{POD}---\n\u{feff}{HOST_POD}");
    check("bom-later", later).prints("it.yaml:9:21: ").exits(1);
    for (name, bytes) in [
        (
            "utf16le",
            "\u{feff}"
                .encode_utf16()
                .chain(HOST_POD.encode_utf16())
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<u8>>(),
        ),
        (
            "utf16be",
            "\u{feff}"
                .encode_utf16()
                .chain(HOST_POD.encode_utf16())
                .flat_map(u16::to_be_bytes)
                .collect(),
        ),
    ] {
        is_broken(name, bytes, "not UTF-8");
    }
}

#[test]
fn line_ends_of_windows_are_line_ends() {
    check("crlf", HOST_POD.replace('\n', "\r\n"))
        .exits(1)
        .prints("it.yaml:4:21: ");
    let several = format!("{POD}---\n{HOST_POD}").replace('\n', "\r\n");
    check("crlf-several", several)
        .exits(1)
        .prints("it.yaml:9:21: ");
    let block = "apiVersion: v1\r\nkind: ConfigMap\r\nmetadata:\r\n  name: a\r\ndata:\r\n  b: |\r\n    one\r\n    two\r\n";
    check("crlf-block", block).exits(0);
}

#[test]
fn tabs_are_refused_where_they_indent_and_kept_elsewhere() {
    is_broken(
        "tab-indent",
        "kind: Pod\nmetadata:\n\tname: a\n",
        "line 3: found character that cannot start any token",
    );
    check(
        "tab-value",
        HOST_POD
            .replace("v1", "v1\t# core")
            .replace("kind: ", "kind:\t"),
    )
    .exits(1);
}

#[test]
fn separators_alone_are_nothing() {
    check("separators", "---\n".repeat(100_000))
        .exits(2)
        .complains("no objects found");
    check("ends", "...\n---\n...\n").exits(2);
    check("separator-text", "--- text\n").exits(2);
}

#[test]
fn a_million_documents_are_judged_one_by_one() {
    const DOCUMENTS: usize = 1_000_000;
    let nothing = "---\n# nothing\n".repeat(DOCUMENTS);
    check("million-comments", nothing + HOST_POD)
        .exits(1)
        .prints("it.yaml:2000004:21: ");
    let broken = "---\n]\n".repeat(20_000);
    let ran = check("many-broken", broken).exits(2);
    assert_eq!(ran.out.lines().count(), 20_000, "one line each");
}

#[test]
fn a_pod_of_10_000_containers_is_judged() {
    use std::fmt::Write as _;
    let mut pod =
        String::from("apiVersion: v1\nkind: Pod\nmetadata: {name: many}\nspec:\n  containers:\n");
    for number in 0..10_000 {
        writeln!(
            pod,
            "  - name: c{number}\n    image: registry.example/a:1\n    securityContext: {{privileged: true}}"
        )
        .unwrap();
    }
    let folder = Folder::new("hostile-containers");
    folder.write("it.yaml", pod).write(
        "limits.yaml",
        "apiVersion: v1\nkind: LimitRange\nmetadata: {name: l}\n\
         spec: {limits: [{type: Container, max: {cpu: 1}, min: {memory: 1Gi}, maxLimitRequestRatio: {memory: 2}}]}\n---\n\
         apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\nspec: {hard: {requests.memory: 1Gi, limits.cpu: 1}}\n",
    );
    let ran = folder
        .check(&["--enforce=restricted", "limits.yaml", "it.yaml"])
        .exits(1);
    for text in [
        "privileged (containers \"c0\", \"c1\"",
        "memory max limit to request ratio per Container is 2",
        "1 refused",
    ] {
        assert!(ran.out.contains(text), "{text}");
    }
    // The excerpt shows some of the places, not all of them.
    assert!(ran.out.matches('^').count() < 10_000);
}

#[test]
fn long_lists_in_a_pod_are_judged_in_linear_time() {
    use std::fmt::Write as _;
    let mut pod = String::from(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: long}\nspec:\n  initContainers:\n",
    );
    for number in 0..3_000 {
        writeln!(pod, "  - {{name: i{number}, image: registry.example/a:1}}").unwrap();
    }
    pod.push_str("  containers:\n  - name: a\n    image: registry.example/a:1\n    ports:\n");
    for number in 1..20_000 {
        writeln!(
            pod,
            "    - {{name: p{number}, containerPort: {number}, hostPort: {number}}}"
        )
        .unwrap();
    }
    pod.push_str("    env:\n");
    for number in 0..20_000 {
        writeln!(pod, "    - {{name: E{number}, value: a}}").unwrap();
    }
    pod.push_str("    volumeMounts:\n");
    for number in 0..20_000 {
        writeln!(pod, "    - {{name: v{number}, mountPath: /v{number}}}").unwrap();
    }
    pod.push_str("  volumes:\n");
    for number in 0..20_000 {
        writeln!(pod, "  - {{name: v{number}, emptyDir: {{}}}}").unwrap();
    }
    pod.push_str("  tolerations:\n");
    for number in 0..20_000 {
        writeln!(pod, "  - {{key: k{number}, operator: Exists}}").unwrap();
    }
    check("lists", pod)
        .exits(1)
        .prints("uses hostPorts 1, 10, 100");
}

#[test]
fn huge_scalars_and_lines_are_read() {
    const HUGE: usize = 10_000_000;
    let huge = "x".repeat(HUGE);
    let map = |value: &str| {
        format!(
            "apiVersion: example.com/v1\nkind: Text\nmetadata: {{name: big}}\ndata: {{a: {value}}}\n"
        )
    };
    check("plain", map(&huge)).exits(0);
    let too_long = map(&huge).replace("example.com/v1\nkind: Text", "v1\nkind: ConfigMap");
    check("too-long", too_long)
        .exits(1)
        .prints("Too long: may not be more than 1048576 bytes");
    check("quoted", map(&format!("\"{huge}\""))).exits(0);
    check(
        "escapes",
        map(&format!("\"{}\"", "\\u0041".repeat(HUGE / 10))),
    )
    .exits(0);
    let block = format!(
        "apiVersion: example.com/v1\nkind: Text\nmetadata: {{name: big}}\ndata:\n  a: |\n    {huge}\n"
    );
    check("block", block).exits(0);
    let json = format!(
        "{{\"apiVersion\":\"example.com/v1\",\"kind\":\"Text\",\"metadata\":{{\"name\":\"big\"}},\"data\":{{\"a\":\"{huge}\"}}}}"
    );
    check("json", json).exits(0);
    let digits = "9".repeat(1_000_000);
    // More than a float holds is text to kubectl.
    check("digits", map(&digits)).exits(0);
    let quantity = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{{name: a, image: a, resources: {{limits: {{cpu: \"{digits}\"}}}}}}]}}\n"
    );
    check("quantity", quantity).exits(0);
}

#[test]
fn what_is_shown_of_a_huge_line_is_not_huge() {
    let huge = "x".repeat(1_000_000);
    let folder = Folder::new("hostile-line");
    folder.write(
        "it.yaml",
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\n\
             spec: {{hostname: {huge}, containers: [{{name: a, image: a}}], hostPID: true}}\n"
        ),
    );
    for format in ["full", "concise", "github", "markdown"] {
        let format = format!("--format={format}");
        let ran = folder
            .check(&["--enforce=baseline", &format, "it.yaml"])
            .exits(1);
        assert!(ran.out.contains("host namespaces (hostPID=true)"));
        assert!(ran.out.contains(" more bytes)"));
        assert!(ran.out.len() < 100_000, "{format}: {}", ran.out.len());
    }
}

#[test]
fn many_keys_are_read_in_linear_time() {
    use std::fmt::Write as _;
    let mut many =
        String::from("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: many\ndata:\n");
    for number in 0..200_000 {
        writeln!(many, "  key-{number}: value").unwrap();
    }
    check("keys", &many).exits(0);
    let twice = many.clone()
        + &many
            .split_once("\ndata:\n")
            .unwrap()
            .1
            .replace("value", "other");
    check("duplicates", twice)
        .exits(1)
        .prints("duplicate field \"data.key-0\"");
    let labels = many
        .replace("data:\n", "  labels:\n")
        .replace("  key-", "    key-")
        .replace("ConfigMap", "Widget");
    check("labels", labels.replace("v1", "example.com/v1")).exits(0);
}

#[test]
fn names_that_are_no_names_do_not_harm() {
    for (name, text) in [
        (
            "empty-names",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: \"\", namespace: \"\"}\nspec: {}\n",
        ),
        (
            "escapes-in-name",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: \"\\e[31mred\\n\\r\"}\nspec: {}\n",
        ),
        (
            "null-everywhere",
            "apiVersion: v1\nkind: Deployment\nmetadata: ~\nspec: ~\nstatus: ~\n",
        ),
        (
            "wrong-everywhere",
            "apiVersion: v1\nkind: Pod\nmetadata: []\nspec: 7\nstatus: true\n",
        ),
        (
            "odd-kind",
            "apiVersion: a/b/c\nkind: \"\u{1F6A7} ../..\"\nmetadata: {name: x}\n",
        ),
    ] {
        let ran = check(name, text);
        assert!(matches!(ran.code, Some(0 | 1)), "{name}: {ran:?}");
        assert!(!ran.out.contains('\u{1b}'), "{name}: {ran:?}");
    }
}

#[test]
fn absurd_numbers_of_pods_are_counted_without_making_them() {
    let folder = Folder::new("hostile-replicas");
    let workload = |kind: &str, spec: &str| {
        format!(
            "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: many}}\n\
             spec: {{{spec}selector: {{matchLabels: {{a: b}}}}, template: {{metadata: {{labels: {{a: b}}}}, \
             spec: {{containers: [{{name: a, image: a, resources: {{requests: {{cpu: 1000000}}}}}}]}}}}}}\n---\n"
        )
    };
    folder.write(
        "it.yaml",
        workload("Deployment", "replicas: 2147483647, ")
            + &workload("DaemonSet", "")
            + &workload("ReplicaSet", "replicas: 2147483647, ")
            + "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\nspec: {hard: {requests.cpu: 3000000, pods: 9E}}\n",
    );
    folder
        .check(&["--nodes=4294967295", "it.yaml"])
        .exits(1)
        .prints("3 of 2147483647 pods fit; the 4th is refused")
        .prints("0 of 4294967295 pods fit; the 1st is refused");
}
