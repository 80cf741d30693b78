//! Who must go: a table of nodes with pods on them, and what is chosen.

use super::super::preempt::{Budget, Candidate};
use super::*;

/// A pod on a node: its name, priority, CPU and when it started.
type There<'a> = (&'a str, i64, &'a str, i64);

struct Case<'a> {
    nodes: &'a [(&'a str, &'a [There<'a>])],
    /// Pods that a budget protects that allows no disruption.
    protected: &'a [&'a str],
    expected: Option<(&'a str, &'a [&'a str])>,
}

fn build(case: &Case<'_>) -> Cluster {
    let mut built = cluster(&[]);
    for (node, pods) in case.nodes {
        built.set_node(node, NodeFacts::read(&value(&sized("4"))));
        for (name, priority, cpu, started) in *pods {
            let mut there = (*pod(&mut built, name, *priority, cpu, "")).clone();
            there.started = Some(Timestamp::from_unix_seconds(*started));
            place(&mut built, &there, node);
        }
    }
    for name in case.protected {
        let budget = value(&format!(
            r#"{{"spec":{{"selector":{{"matchLabels":{{"app":"{name}"}}}}}},"status":{{"disruptionsAllowed":0}}}}"#
        ));
        built
            .budgets
            .set("default", name, Some(Budget::read(&budget)));
    }
    built
}

fn preemption(decision: Decision) -> Option<Candidate> {
    match decision {
        Decision::Assign { node, .. } => panic!("assigned to {node}"),
        Decision::Wait { preemption, .. } => preemption,
    }
}

/// Which node a pod of priority 100 that wants 3 CPUs makes free, and who goes.
#[track_caller]
fn check(case: &Case<'_>) {
    let mut cluster = build(case);
    let wanted = pod(&mut cluster, "wanted", 100, "3", "");
    let before = format!(
        "{:?}",
        cluster
            .nodes()
            .iter()
            .map(|node| &node.used)
            .collect::<Vec<_>>()
    );
    let found = preemption(decide_about(&mut cluster, &wanted));
    let found = found.as_ref().map(|candidate| {
        let names = candidate.victims.iter().map(|victim| victim.name.as_str());
        (candidate.node.as_str(), names.collect::<Vec<_>>())
    });
    let expected = case
        .expected
        .map(|(node, victims)| (node, victims.to_vec()));
    assert_eq!(found, expected);
    let after = format!(
        "{:?}",
        cluster
            .nodes()
            .iter()
            .map(|node| &node.used)
            .collect::<Vec<_>>()
    );
    assert_eq!(before, after, "trying leaves no trace");
}

#[test]
fn only_less_important_pods_go() {
    check(&Case {
        nodes: &[("a", &[("x", 100, "4", 1)]), ("b", &[("y", 99, "4", 1)])],
        protected: &[],
        expected: Some(("b", &["y"])),
    });
    check(&Case {
        nodes: &[("a", &[("x", 100, "4", 1)])],
        protected: &[],
        expected: None,
    });
}

#[test]
fn no_more_go_than_must_and_the_most_important_stay() {
    check(&Case {
        nodes: &[(
            "a",
            &[("low", 1, "1", 1), ("high", 9, "1", 1), ("mid", 5, "2", 1)],
        )],
        protected: &[],
        expected: Some(("a", &["mid", "low"])),
    });
}

#[test]
fn of_equals_the_one_that_runs_longest_stays() {
    check(&Case {
        nodes: &[(
            "a",
            &[
                ("old", 1, "1", 10),
                ("new", 1, "3", 20),
                ("older", 1, "0", 5),
            ],
        )],
        protected: &[],
        expected: Some(("a", &["new"])),
    });
}

#[test]
fn budgets_are_broken_only_if_nothing_else_helps() {
    let nodes: &[(&str, &[There<'_>])] = &[
        ("a", &[("guarded", 1, "4", 1)]),
        ("b", &[("free", 50, "4", 1)]),
    ];
    check(&Case {
        nodes,
        protected: &["guarded"],
        expected: Some(("b", &["free"])),
    });
    check(&Case {
        nodes,
        protected: &["guarded", "free"],
        expected: Some(("a", &["guarded"])),
    });
}

#[test]
fn the_node_is_chosen_by_the_most_important_victim_then_by_their_sum_then_by_their_start() {
    check(&Case {
        nodes: &[
            ("a", &[("x", 9, "4", 1)]),
            ("b", &[("y", 3, "2", 1), ("z", 3, "2", 1)]),
        ],
        protected: &[],
        expected: Some(("b", &["y", "z"])),
    });
    check(&Case {
        nodes: &[
            ("a", &[("x", 3, "2", 1), ("y", 3, "2", 1)]),
            ("b", &[("z", 3, "4", 1)]),
        ],
        protected: &[],
        expected: Some(("b", &["z"])),
    });
    check(&Case {
        nodes: &[("a", &[("x", 3, "4", 10)]), ("b", &[("y", 3, "4", 20)])],
        protected: &[],
        expected: Some(("b", &["y"])),
    });
    check(&Case {
        nodes: &[("b", &[("x", 3, "4", 10)]), ("a", &[("y", 3, "4", 10)])],
        protected: &[],
        expected: Some(("a", &["y"])),
    });
}

#[test]
fn a_pod_that_never_preempts_waits() {
    let case = Case {
        nodes: &[("a", &[("x", 0, "4", 1)])],
        protected: &[],
        expected: None,
    };
    let mut cluster = build(&case);
    let wanted = pod(
        &mut cluster,
        "wanted",
        100,
        "3",
        r#","preemptionPolicy":"Never""#,
    );
    assert_eq!(
        message(decide_about(&mut cluster, &wanted)),
        "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, \
         preemption: not eligible due to preemptionPolicy=Never."
    );
}

#[test]
fn a_pod_whose_victims_are_leaving_makes_no_others_go() {
    let case = Case {
        nodes: &[("a", &[("x", 0, "4", 1)]), ("b", &[("y", 0, "4", 1)])],
        protected: &[],
        expected: None,
    };
    let mut cluster = build(&case);
    let mut wanted = (*pod(&mut cluster, "wanted", 100, "3", "")).clone();
    wanted.nominated_node = "a".into();
    let wanted = Arc::new(wanted);
    let key = ("default".into(), "x".into());
    let mut leaving = (**cluster.placed(&key).unwrap()).clone();
    leaving.is_terminating = true;
    leaving.is_preempted = true;
    cluster.place(&Arc::new(leaving));
    assert_eq!(
        message(decide_about(&mut cluster, &wanted)),
        "0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, \
         preemption: not eligible due to a terminating pod on the nominated node."
    );
}

#[test]
fn when_room_is_made_the_message_tells_the_failure_alone() {
    let case = Case {
        nodes: &[("a", &[("x", 0, "4", 1)])],
        protected: &[],
        expected: None,
    };
    let mut cluster = build(&case);
    let wanted = pod(&mut cluster, "wanted", 100, "3", "");
    assert_eq!(
        message(decide_about(&mut cluster, &wanted)),
        "0/1 nodes are available: 1 Insufficient cpu."
    );
}

#[test]
fn pods_that_keep_others_away_go_if_they_are_less_important() {
    let mut cluster = cluster(&[(
        "a",
        r#"{"metadata":{"labels":{"zone":"z"}},"status":{"allocatable":{"cpu":"4","pods":"10"}}}"#,
    )]);
    let alone = r#","affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":
        [{"topologyKey":"zone","labelSelector":{"matchLabels":{"app":"wanted"}}}]}}"#;
    let there = pod(&mut cluster, "there", 0, "1", alone);
    place(&mut cluster, &there, "a");
    let wanted = pod(&mut cluster, "wanted", 100, "1", "");
    let candidate = preemption(decide_about(&mut cluster, &wanted)).unwrap();
    assert_eq!(
        candidate.victims.first().map(|victim| victim.name.as_str()),
        Some("there")
    );
}
