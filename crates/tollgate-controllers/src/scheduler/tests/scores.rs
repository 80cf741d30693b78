//! Which node is liked best, for each of the scores.

use super::super::node::NodeFacts;
use super::*;

fn node(labels: &str, more: &str) -> String {
    format!(
        r#"{{"metadata":{{"labels":{labels}}},"status":{{"allocatable":{{"cpu":"8","memory":"8Gi","pods":"20"}}{more}}}}}"#
    )
}

/// The node that a pod with these further fields goes to, of `a` and `b`, which differ in labels and further fields.
#[track_caller]
fn check(a: (&str, &str), b: (&str, &str), more: &str, expected: &str) {
    for random in 0..2 {
        let mut cluster = cluster(&[("a", &node(a.0, a.1)), ("b", &node(b.0, b.1))]);
        let wanted = pod(&mut cluster, "p", 0, "1", more);
        let found = decide(
            &mut cluster,
            &wanted,
            Context {
                random,
                ..context()
            },
        );
        assert_eq!(assigned(found), expected);
    }
}

#[test]
fn preferred_node_affinity_draws() {
    let more = r#","affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[
        {"weight":1,"preference":{"matchExpressions":[{"key":"disk","operator":"In","values":["ssd"]}]}}]}}"#;
    check(("{}", ""), (r#"{"disk":"ssd"}"#, ""), more, "b");
}

#[test]
fn soft_taints_repel() {
    let mut cluster = cluster(&[]);
    let tainted = r#"{"spec":{"taints":[{"key":"k","effect":"PreferNoSchedule"}]},
        "status":{"allocatable":{"cpu":"8","memory":"8Gi","pods":"20"}}}"#;
    cluster.set_node("a", NodeFacts::read(&value(tainted)));
    cluster.set_node("b", NodeFacts::read(&value(&node("{}", ""))));
    for random in 0..2 {
        let wanted = pod(&mut cluster, "p", 0, "1", "");
        let found = decide(
            &mut cluster,
            &wanted,
            Context {
                random,
                ..context()
            },
        );
        assert_eq!(assigned(found), "b");
    }
}

#[test]
fn large_images_draw() {
    let image = r#","images":[{"names":["big:1"],"sizeBytes":900000000}]"#;
    let mut cluster = cluster(&[("a", &node("{}", "")), ("b", &node("{}", image))]);
    let object = value(
        r#"{"metadata":{"namespace":"default","name":"p"},"spec":{"containers":[{"image":"big:1"}]}}"#,
    );
    let wanted = cluster.share(PodInfo::read(&object));
    for random in 0..2 {
        let found = decide(
            &mut cluster,
            &wanted,
            Context {
                random,
                ..context()
            },
        );
        assert_eq!(assigned(found), "b");
    }
}

#[test]
fn balance_of_cpu_and_memory_decides_between_nodes_with_equal_room() {
    let sized = |cpu: &str, memory: &str| {
        value(&format!(
            r#"{{"status":{{"allocatable":{{"cpu":"{cpu}","memory":"{memory}","pods":"20"}}}}}}"#
        ))
    };
    let mut cluster = cluster(&[]);
    cluster.set_node("even", NodeFacts::read(&sized("4", "4Gi")));
    cluster.set_node("uneven", NodeFacts::read(&sized("3", "6Gi")));
    let object = value(
        r#"{"metadata":{"namespace":"default","name":"p"},"spec":{"containers":
        [{"resources":{"requests":{"cpu":"2","memory":"2Gi"}}}]}}"#,
    );
    let wanted = cluster.share(PodInfo::read(&object));
    for random in 0..2 {
        let found = decide(
            &mut cluster,
            &wanted,
            Context {
                random,
                ..context()
            },
        );
        assert_eq!(assigned(found), "even");
    }
}

fn with_pods(places: &[&str]) -> Cluster {
    let zone = |zone: &str, host: &str| {
        node(
            &format!(
                r#"{{"topology.kubernetes.io/zone":"{zone}","kubernetes.io/hostname":"{host}"}}"#
            ),
            "",
        )
    };
    let mut cluster = cluster(&[
        ("a1", &zone("a", "a1")),
        ("a2", &zone("a", "a2")),
        ("b1", &zone("b", "b1")),
    ]);
    for (number, place_name) in places.iter().enumerate() {
        let mut there = (*pod(&mut cluster, "w", 0, "0", "")).clone();
        there.name = format!("w{number}").into();
        place(&mut cluster, &there, place_name);
    }
    cluster
}

#[test]
fn pods_of_a_service_spread_over_nodes_and_zones_without_being_told() {
    let mut cluster = with_pods(&["a1", "a1", "a2", "b1"]);
    let service = value(r#"{"spec":{"selector":{"app":"w"}}}"#);
    cluster
        .spread_defaults
        .set_service("default", "s", &service);
    for random in 0..3 {
        let wanted = pod(&mut cluster, "w", 0, "0", "");
        let found = decide(
            &mut cluster,
            &wanted,
            Context {
                random,
                ..context()
            },
        );
        assert_eq!(assigned(found), "b1");
    }
}

#[test]
fn soft_constraints_spread() {
    let mut cluster = with_pods(&["a1", "b1", "b1"]);
    let more = r#","topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"kubernetes.io/hostname",
        "whenUnsatisfiable":"ScheduleAnyway","labelSelector":{"matchLabels":{"app":"w"}}}]"#;
    for random in 0..3 {
        let wanted = pod(&mut cluster, "w", 0, "0", more);
        let found = decide(
            &mut cluster,
            &wanted,
            Context {
                random,
                ..context()
            },
        );
        assert_eq!(assigned(found), "a2");
    }
}

#[test]
fn liked_pods_draw_and_disliked_ones_repel_from_either_side() {
    let term = |kind: &str, app: &str| {
        format!(
            r#","affinity":{{"{kind}":{{"preferredDuringSchedulingIgnoredDuringExecution":[{{"weight":10,
            "podAffinityTerm":{{"topologyKey":"kubernetes.io/hostname","labelSelector":{{"matchLabels":{{"app":"{app}"}}}}}}}}]}}}}"#
        )
    };
    for (more, expected) in [
        (term("podAffinity", "w"), "b1"),
        (term("podAntiAffinity", "w"), "a"),
    ] {
        let mut cluster = with_pods(&["b1"]);
        let wanted = pod(&mut cluster, "p", 0, "0", &more);
        assert!(assigned(decide_about(&mut cluster, &wanted)).starts_with(expected));
        // The same, said by the pod that is there.
        let mut cluster = with_pods(&[]);
        let there = pod(&mut cluster, "there", 0, "0", &more);
        place(&mut cluster, &there, "b1");
        let wanted = pod(&mut cluster, "w", 0, "0", "");
        assert!(assigned(decide_about(&mut cluster, &wanted)).starts_with(expected));
    }
}
