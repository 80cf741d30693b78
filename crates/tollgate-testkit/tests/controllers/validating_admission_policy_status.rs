//! What is said of the expressions of admission policies, as upstream's end-to-end tests look at it.

use std::sync::Arc;
use tollgate_api::Value;
use tollgate_controllers::resources::VALIDATING_ADMISSION_POLICIES;
use tollgate_controllers::validating_admission_policy_status::ValidatingAdmissionPolicyStatus;
use tollgate_testkit::cluster::Cluster;

fn cluster() -> Cluster {
    Cluster::new(
        1,
        Box::new(|| vec![Arc::new(ValidatingAdmissionPolicyStatus)]),
    )
}

/// A policy about a resource with one validation.
fn policy(group: &str, version: &str, resource: &str, spec: &str) -> String {
    format!(
        r#"{{"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicy","metadata":{{"name":"p"}},
        "spec":{{"matchConstraints":{{"resourceRules":[{{"apiGroups":["{group}"],"apiVersions":["{version}"],
        "resources":[{resource}],"operations":["CREATE","UPDATE"]}}]}},{spec}}}}}"#
    )
}

/// What the status says once everything has settled.
fn status(cluster: &mut Cluster, policy: &str) -> Value {
    cluster
        .create(&VALIDATING_ADMISSION_POLICIES, "", policy)
        .unwrap();
    cluster.settle();
    let policy = cluster.get(&VALIDATING_ADMISSION_POLICIES, "", "p");
    policy.unwrap().get("status").unwrap().clone()
}

#[test]
fn a_policy_with_the_right_types_is_checked_and_nothing_is_said() {
    let good = policy(
        "apps",
        "v1",
        r#""deployments""#,
        r#""validations":[{"expression":"object.spec.replicas > 1"}]"#,
    );
    assert_eq!(
        status(&mut cluster(), &good).to_string(),
        r#"{"observedGeneration":1,"typeChecking":{}}"#
    );
}

#[test]
fn each_expression_is_told_of_for_each_kind() {
    let confused = policy(
        "apps",
        "v1",
        r#""replicasets","deployments","*/scale""#,
        r#""validations":[{"expression":"object.spec.replicas > '1'",
           "messageExpression":"'wants replicas > 1, got ' + object.spec.replicas"},{"expression":"object.replicas > 1"}]"#,
    );
    let status = status(&mut cluster(), &confused);
    let warnings = status.at(&["typeChecking", "expressionWarnings"]).unwrap();
    let warnings = warnings.as_array().unwrap();
    let at = |place: usize, key: &str| warnings[place].str_or_empty(key).to_owned();
    assert_eq!(warnings.len(), 3);
    assert_eq!(at(0, "fieldRef"), "spec.validations[0].expression");
    assert!(
        at(0, "warning")
            .contains("found no matching overload for '_>_' applied to '(int, string)'"),
    );
    assert_eq!(at(1, "fieldRef"), "spec.validations[0].messageExpression");
    assert!(
        at(1, "warning")
            .contains("found no matching overload for '_+_' applied to '(string, int)'"),
    );
    assert_eq!(
        at(2, "warning"),
        "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^\n\n\
         apps/v1, Kind=ReplicaSet: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^\n"
    );
}

#[test]
fn a_changed_policy_is_looked_at_again() {
    let mut cluster = cluster();
    let bad = policy(
        "",
        "v1",
        r#""configmaps""#,
        r#""validations":[{"expression":"object.data.a == 1"}]"#,
    );
    let first = status(&mut cluster, &bad);
    let warnings = first.at(&["typeChecking", "expressionWarnings"]).unwrap();
    assert!(
        warnings.as_array().unwrap()[0]
            .str_or_empty("warning")
            .starts_with("/v1, Kind=ConfigMap: ERROR: <input>:1:15: found no matching overload")
    );
    let target = tollgate_api::client::Target::object(&VALIDATING_ADMISSION_POLICIES, "", "p");
    cluster
        .patch(
            target,
            r#"{"spec":{"validations":[{"expression":"object.data.a == '1'"}]}}"#,
        )
        .unwrap();
    cluster.settle();
    let policy = cluster
        .get(&VALIDATING_ADMISSION_POLICIES, "", "p")
        .unwrap();
    assert_eq!(
        policy.get("status").unwrap().to_string(),
        r#"{"observedGeneration":2,"typeChecking":{}}"#
    );
}

#[test]
fn parameters_and_variables_have_types_too() {
    let mut cluster = cluster();
    let policy = policy(
        "apps",
        "v1",
        r#""deployments""#,
        r#""paramKind":{"apiVersion":"v1","kind":"ConfigMap"},
           "variables":[{"name":"replicas","expression":"object.spec.replicas"}],
           "validations":[{"expression":"object.spec.replicas > 1 && object.metadata.name != params.data.name"},
             {"expression":"variables.replicas > '1'"},{"expression":"params.spec == null"}]"#,
    );
    let status = status(&mut cluster, &policy);
    let warnings = status.at(&["typeChecking", "expressionWarnings"]);
    let warnings = warnings.unwrap().as_array().unwrap();
    let said: Vec<(&str, bool)> = warnings
        .iter()
        .map(|warning| {
            let text = warning.str_or_empty("warning");
            let known = ["applied to '(int, string)'", "undefined field 'spec'"];
            (
                warning.str_or_empty("fieldRef"),
                known.iter().any(|known| text.contains(known)),
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            ("spec.validations[1].expression", true),
            ("spec.validations[2].expression", true)
        ]
    );
}
