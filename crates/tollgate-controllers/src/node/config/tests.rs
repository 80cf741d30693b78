//! What can be said of nodes, and what cannot.

use super::*;
use tollgate_api::json::from_str;

#[test]
fn a_capacity_names_only_what_differs() {
    let capacity = parse_capacity("cpu=4, nvidia.com/gpu=8").unwrap();
    let expected = r#"{"cpu":"4","ephemeral-storage":"100Gi","memory":"64Gi","nvidia.com/gpu":"8","pods":"110"}"#;
    assert_eq!(capacity.to_value(), from_str(expected).unwrap());
    assert_eq!(parse_capacity("").unwrap(), default_capacity());
}

#[track_caller]
fn refuses_capacity(text: &str, expected: &str) {
    assert_eq!(parse_capacity(text).unwrap_err().to_string(), expected);
}

#[test]
fn a_capacity_that_makes_no_sense_is_refused_with_what_is_wrong() {
    refuses_capacity("cpu", "--node-capacity: `cpu` is not `RESOURCE=AMOUNT`");
    refuses_capacity("cpu=1,cpu=2", "--node-capacity: `cpu` stands there twice");
    refuses_capacity(
        "gpu=1",
        "--node-capacity: `gpu` is no resource of a node; extended resources are written like `example.com/gpu`",
    );
    refuses_capacity(
        "memory=64GB",
        "--node-capacity: `64GB` is no amount of `memory`; write for example `16` or `64Gi`",
    );
    refuses_capacity("cpu=-1", "--node-capacity: `cpu` must not be negative");
    refuses_capacity(
        "nvidia.com/gpu=500m",
        "--node-capacity: `nvidia.com/gpu` must be a whole number",
    );
    refuses_capacity("pods=5000", "--node-capacity: `pods` must be at most 1000");
}

#[test]
fn equal_nodes_are_numbered_from_zero() {
    let plans = equal_nodes(2, default_capacity()).unwrap();
    let names: Vec<_> = plans.iter().map(|plan| plan.name.as_str()).collect();
    assert_eq!(names, ["node-0", "node-1"]);
    assert!(equal_nodes(0, default_capacity()).unwrap().is_empty());
    assert_eq!(
        equal_nodes(5_001, default_capacity())
            .unwrap_err()
            .to_string(),
        "--nodes: at most 5000 nodes can be simulated"
    );
}

fn groups(text: &str) -> Result<Vec<NodePlan>, NodeConfigError> {
    nodes_of_groups(&from_str(text).unwrap(), &default_capacity())
}

#[test]
fn groups_name_their_nodes_and_what_they_have() {
    let plans = groups(
        r#"{"groups":[
            {"name":"control","labels":{"node-role.kubernetes.io/control-plane":""},
             "taints":[{"key":"node-role.kubernetes.io/control-plane","effect":"NoSchedule"}]},
            {"prefix":"gpu","count":2,"capacity":{"cpu":64,"nvidia.com/gpu":8},"allocatable":{"cpu":"63500m"}}]}"#,
    )
    .unwrap();
    let names: Vec<_> = plans.iter().map(|plan| plan.name.as_str()).collect();
    assert_eq!(names, ["control", "gpu-0", "gpu-1"]);
    assert_eq!(plans[0].group.taints.len(), 1);
    let gpu = &plans[2].group;
    assert_eq!(gpu.capacity.get("cpu"), Some(&Quantity::from_int(64)));
    assert_eq!(gpu.allocatable.get("cpu").unwrap().to_string(), "63500m");
    assert_eq!(
        gpu.allocatable.get("nvidia.com/gpu"),
        Some(&Quantity::from_int(8))
    );
}

#[track_caller]
fn refuses(text: &str, expected: &str) {
    assert_eq!(groups(text).unwrap_err().to_string(), expected);
}

#[test]
fn groups_that_cannot_be_are_refused_with_their_place() {
    refuses("[]", "the file: must be a mapping with `groups`");
    refuses("{}", "groups: a list of groups is missing");
    refuses(
        r#"{"nodes":[]}"#,
        "the file: unknown field `nodes`; known are `groups`",
    );
    refuses(
        r#"{"groups":[{}]}"#,
        "groups[0]: needs either a `name` or a `prefix`",
    );
    refuses(
        r#"{"groups":[{"name":"a","prefix":"b"}]}"#,
        "groups[0]: needs either a `name` or a `prefix`",
    );
    refuses(
        r#"{"groups":[{"name":"a","count":2}]}"#,
        "groups[0].count: a group with a `name` has one node; use `prefix`",
    );
    refuses(
        r#"{"groups":[{"prefix":"a","count":"2"}]}"#,
        "groups[0].count: must be a whole number from 0 to 5000",
    );
    refuses(
        r#"{"groups":[{"name":"a"},{"name":"a"}]}"#,
        "groups[1]: a node `a` is there already",
    );
    refuses(
        r#"{"groups":[{"name":"a","allocatable":{"cpu":"17"}}]}"#,
        "groups[0].allocatable.cpu: must not be more than the capacity",
    );
    refuses(
        r#"{"groups":[{"name":"a","labels":{"x":true}}]}"#,
        "groups[0].labels: `x` must be text; put it in quotes",
    );
    refuses(
        r#"{"groups":[{"name":"a","taints":[{"key":"k","effect":"No"}]}]}"#,
        "groups[0].taints[0].effect: must be one of `NoSchedule`, `PreferNoSchedule`, `NoExecute`",
    );
    refuses(
        r#"{"groups":[{"prefix":"a","count":5000},{"prefix":"b"}]}"#,
        "groups[1]: at most 5000 nodes can be simulated",
    );
    assert!(groups(r#"{"groups":[{"name":"A_b"}]}"#).is_err());
}
