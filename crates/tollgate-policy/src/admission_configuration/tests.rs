//! What is wrong with a configuration file, in the server's words.

use super::*;
use tollgate_api::json::from_str;

#[track_caller]
fn check(text: &str, expected: Result<Section<'_>, &str>) {
    let tree = from_str(text).unwrap();
    let file = ConfigFile {
        text,
        tree: &tree,
        duplicate_keys: &[],
    };
    let got = section(&file, "ResourceQuota");
    assert_eq!(
        got.map_err(|error| error.to_string()),
        expected.map_err(str::to_owned)
    );
}

const HEAD: &str = r#""apiVersion":"apiserver.config.k8s.io/v1","kind":"AdmissionConfiguration""#;

#[test]
fn finds_the_first_section_of_a_plugin() {
    check(&format!("{{{HEAD}}}"), Ok(Section::Absent));
    check(
        &format!(
            r#"{{{HEAD},"plugins":[{{"name":"Other"}},{{"name":"ResourceQuota","path":"q.yaml"}}]}}"#
        ),
        Ok(Section::File("q.yaml")),
    );
    check(
        &format!(
            r#"{{{HEAD},"plugins":[{{"name":"ResourceQuota","path":"q.yaml","configuration":7}}]}}"#
        ),
        Ok(Section::Here(&7_i64.into())),
    );
}

#[test]
fn refuses_unknown_fields_and_wrong_types() {
    check(
        &format!(r#"{{{HEAD},"plugin":[],"plugins":[{{"nam":"x"}}]}}"#),
        Err(r#"strict decoding error: unknown field "plugin", unknown field "plugins[0].nam""#),
    );
    check(
        &format!(r#"{{{HEAD},"plugins":{{}}}}"#),
        Err(
            "json: cannot unmarshal object into Go struct field AdmissionConfiguration.plugins of type []v1.AdmissionPluginConfiguration",
        ),
    );
    check(
        &format!(r#"{{{HEAD},"plugins":[{{"name":1}}]}}"#),
        Err(
            "json: cannot unmarshal number into Go struct field AdmissionPluginConfiguration.plugins.name of type string",
        ),
    );
}

#[test]
fn refuses_what_has_no_known_kind() {
    check(
        r#"{"kind":"AdmissionConfiguration"}"#,
        Err(r#"Object 'apiVersion' is missing in '{"kind":"AdmissionConfiguration"}'"#),
    );
    check(
        r#"{"apiVersion":"apiserver.config.k8s.io/v2","kind":"AdmissionConfiguration"}"#,
        Err(
            r#"no kind "AdmissionConfiguration" is registered for version "apiserver.config.k8s.io/v2" in scheme "pkg/runtime/scheme.go:111""#,
        ),
    );
    check(
        "[]",
        Err(
            r#"couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#,
        ),
    );
    check(
        r#"{"apiVersion":1,"kind":"x"}"#,
        Err(
            "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .apiVersion of type string",
        ),
    );
    check(
        r#"{"apiVersion":"a/b/c","kind":"x"}"#,
        Err("unexpected GroupVersion string: a/b/c"),
    );
}

#[test]
fn takes_the_old_files_of_two_plugins_for_no_configuration() {
    check(r#"{"imagePolicy":{}}"#, Ok(Section::Absent));
    check(
        r#"{"podNodeSelectorPluginConfig":{},"kind":"X"}"#,
        Ok(Section::Absent),
    );
}
