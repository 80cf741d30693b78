//! What machines read, and the files it goes to.

use super::{Folder, HOST_POD, POD, TYPO_POD, xml};
use serde_json::Value;

/// A folder with something of every level, with names that have to be escaped.
fn mixed(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder
        .write("fine.yaml", POD)
        .write("a b/h&<o>,%st.yaml", HOST_POD)
        .write("typo.yaml", TYPO_POD)
        .write("broken.yaml", "kind: \"<open & ]]>\n")
        .write(
            "quota.yaml",
            "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: pods}\nspec: {hard: {pods: \"9\"}}\n",
        );
    folder
}

const WARN: [&str; 3] = ["--warn=baseline", "--audit=restricted", "."];

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[track_caller]
fn run(folder: &Folder, format: &str) -> String {
    let format = format!("--format={format}");
    folder
        .check(&[&[format.as_str()], &WARN[..]].concat())
        .exits(2)
        .out
}

#[test]
fn json_is_one_document_with_findings_and_a_summary() {
    let folder = mixed("json");
    let report = json(&run(&folder, "json"));
    assert_eq!(report["version"], 1);
    let findings = report["findings"].as_array().unwrap();
    let rules: Vec<&str> = findings
        .iter()
        .map(|finding| finding["rule"].as_str().unwrap())
        .collect();
    for rule in ["decoding", "syntax", "pod-security/hostNamespaces"] {
        assert!(rules.contains(&rule), "{rule} in {rules:?}");
    }
    let host = findings
        .iter()
        .find(|finding| {
            finding["rule"] == "pod-security/hostNamespaces" && finding["level"] == "warning"
        })
        .unwrap();
    assert_eq!(host["object"]["kind"], "Pod");
    assert_eq!(host["object"]["name"], "host");
    assert_eq!(
        host["message"],
        "would violate PodSecurity \"baseline:latest\": host namespaces (hostNetwork=true)"
    );
    assert_eq!(host["help"][0], "set spec.hostNetwork to false");
    let place = &host["locations"][0];
    assert_eq!(
        (
            place["file"].as_str(),
            place["line"].as_u64(),
            place["column"].as_u64()
        ),
        (Some("./a b/h&<o>,%st.yaml"), Some(4), Some(21))
    );
    let summary = &report["summary"];
    assert_eq!(summary["files"], 5);
    assert_eq!(summary["objects"], 4);
    assert_eq!(summary["refused"], 1);
    assert_eq!(summary["broken"], 1);
}

#[test]
fn json_without_findings_is_a_document_too() {
    let folder = Folder::new("json-empty");
    folder.write("fine.yaml", POD);
    let report = json(&folder.check(&["--format=json", "fine.yaml"]).exits(0).out);
    assert_eq!(report["findings"], Value::Array(Vec::new()));
    let nothing = folder
        .write("empty.yaml", "")
        .check(&["--format=json", "empty.yaml"]);
    assert_eq!(json(&nothing.exits(2).out)["summary"]["objects"], 0);
}

#[test]
fn sarif_has_a_rule_for_every_result_and_relative_locations() {
    let folder = mixed("sarif");
    let log = json(&run(&folder, "sarif"));
    assert_eq!(log["version"], "2.1.0");
    assert!(
        log["$schema"]
            .as_str()
            .unwrap()
            .ends_with("sarif-2.1.0.json")
    );
    let run = &log["runs"][0];
    let rules: Vec<&Value> = run["tool"]["driver"]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .collect();
    let results = run["results"].as_array().unwrap();
    assert!(results.len() >= 3);
    for result in results {
        assert!(
            rules.iter().any(|rule| rule["id"] == result["ruleId"]),
            "{} has no rule",
            result["ruleId"]
        );
        assert!(matches!(
            result["level"].as_str(),
            Some("error" | "warning" | "note")
        ));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(
            !uri.starts_with('/') && !uri.contains([' ', '<', '&']),
            "{uri}"
        );
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        assert!(place["region"]["startColumn"].as_u64().unwrap() >= 1);
    }
    let host = results
        .iter()
        .find(|result| result["ruleId"] == "pod-security/hostNamespaces")
        .unwrap();
    assert_eq!(
        host["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "a%20b/h%26%3Co%3E%2C%25st.yaml"
    );
}

#[test]
fn every_rule_that_is_reported_is_in_sarifs_table() {
    let folder = Folder::new("sarif-rules");
    folder.write(
        "state.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n".to_owned()
            + &HOST_POD.replace("{name: host}", "{name: host, namespace: shop}"),
    );
    folder.write(
        "new.yaml",
        "apiVersion: v1\nkind: Namespace\n\
         metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}\n---\n\
         apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n---\n\
         apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n\
         spec: {priorityClassName: none, containers: [{name: A, image: a}]}\n",
    );
    let log = json(
        &folder
            .check(&["--format=sarif", "--state=state.yaml", "new.yaml"])
            .exits(1)
            .out,
    );
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    let ids: Vec<&str> = results
        .iter()
        .map(|result| result["ruleId"].as_str().unwrap())
        .collect();
    assert_eq!(
        ids,
        [
            "pod-security/namespace",
            "unknown-kind",
            "priority",
            "validation"
        ]
    );
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for id in ids {
        assert!(rules.iter().any(|rule| rule["id"] == id), "{id}");
    }
}

#[test]
fn junit_is_well_formed_and_has_a_case_for_every_object() {
    let folder = mixed("junit");
    let text = run(&folder, "junit");
    let elements = xml::elements(&text);
    let count = |name: &str| elements.iter().filter(|element| *element == name).count();
    assert_eq!(count("testsuites"), 1);
    assert!(count("testcase") >= 5, "{text}");
    assert_eq!(count("failure"), 1, "{text}");
    assert_eq!(count("error"), 1, "{text}");
    let odd = folder.write(
        "odd.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: \"a\\u0007<&\\\"]]>\"}\nspec: {}\n",
    );
    xml::elements(&odd.check(&["--format=junit", "odd.yaml"]).exits(1).out);
}

#[test]
fn github_commands_escape_what_would_end_them() {
    let folder = mixed("github");
    let text = run(&folder, "github");
    let warning = text
        .lines()
        .find(|line| line.starts_with("::warning "))
        .unwrap();
    assert!(
        warning.starts_with("::warning file=a b/h&<o>%2C%25st.yaml,line=4,endLine=4,col=21,endColumn=25,title=pod-security/hostNamespaces::"),
        "{warning}"
    );
    assert!(warning.contains("%0Ahelp: set spec.hostNetwork to false"));
    let errors = text
        .lines()
        .filter(|line| line.starts_with("::error "))
        .count();
    assert_eq!(errors, 2, "{text}");
    for line in text.lines() {
        assert!(
            line.starts_with("::") || line.starts_with("tollgate: "),
            "{line}"
        );
    }
}

#[test]
fn concise_is_a_line_per_finding() {
    let folder = mixed("concise");
    let text = run(&folder, "concise");
    assert_eq!(
        text.lines()
            .filter(|line| line.contains(": error["))
            .count(),
        2,
        "{text}"
    );
    assert!(
        text.contains("typo.yaml:4:60: error[decoding]: pod/typo: "),
        "{text}"
    );
    for line in text.lines() {
        let mut parts = line.splitn(4, ':');
        let file = parts.next().unwrap();
        assert!(file.contains(".yaml"), "{line}");
        assert!(parts.next().unwrap().parse::<usize>().is_ok(), "{line}");
        assert!(parts.next().unwrap().parse::<usize>().is_ok(), "{line}");
    }
}

#[test]
fn markdown_keeps_its_tables_whole() {
    let folder = mixed("markdown");
    let text = run(&folder, "markdown");
    assert!(text.contains("hostNetwork"), "{text}");
    let mut columns = None;
    for line in text.lines() {
        if !line.starts_with('|') {
            columns = None;
            continue;
        }
        let bars = line.replace("\\|", "").matches('|').count();
        assert_eq!(*columns.get_or_insert(bars), bars, "{line}");
    }
}

#[test]
fn formats_go_to_the_files_that_follow_them() {
    let folder = mixed("outputs");
    let ran = folder
        .check(&[
            "--format",
            "concise",
            "--format",
            "sarif",
            "--output",
            "out.sarif",
            "--format",
            "junit",
            "-o",
            "out.xml",
            "--format",
            "json",
            "--output",
            "out.json",
            ".",
        ])
        .exits(2);
    assert!(ran.out.contains("typo.yaml:4:"), "{}", ran.out);
    assert!(ran.err.is_empty(), "{}", ran.err);
    json(&folder.read("out.sarif"));
    json(&folder.read("out.json"));
    xml::elements(&folder.read("out.xml"));
    let only_file = folder
        .check(&["--format=json", "--output=only.json", "fine.yaml"])
        .exits(0);
    assert_eq!(only_file.out, "");
    let dash = folder
        .check(&["--format=json", "--output=-", "fine.yaml"])
        .exits(0);
    json(&dash.out);
}

#[test]
fn formats_and_outputs_that_do_not_pair_are_refused() {
    let folder = mixed("pairs");
    for (arguments, complaint) in [
        (&["--output", "x", "."][..], "--format"),
        (
            &["--output", "x", "--format", "json", "."],
            "behind the --format",
        ),
        (
            &["--format", "json", "-o", "x", "-o", "y", "."],
            "two --output for one --format",
        ),
        (
            &["--format", "json", "--format", "sarif", "."],
            "two formats for standard output",
        ),
        (
            &[
                "--format", "json", "-o", "x", "--format", "sarif", "-o", "x", ".",
            ],
            "two formats for x",
        ),
    ] {
        folder.check(arguments).exits(2).complains(complaint);
        assert!(!folder.0.join("x").exists(), "{arguments:?} wrote");
    }
}

#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let folder = mixed("unwritable");
    folder
        .check(&["--format=json", "--output=a b", "."])
        .exits(2)
        .complains("cannot write a b: ");
    folder
        .check(&["--format=json", "--output=none/x.json", "."])
        .exits(2)
        .complains("cannot write none/x.json: ");
}
