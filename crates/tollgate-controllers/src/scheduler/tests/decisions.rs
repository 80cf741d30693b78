//! What is decided and what is said, for clusters of a few nodes.

use super::super::node::NodeFacts;
use super::super::pod::PodInfo;
use super::super::reason::Plugins;
use super::*;

#[test]
fn a_cluster_without_nodes_says_so() {
    let mut cluster = cluster(&[]);
    let pod = pod(&mut cluster, "p", 0, "1", "");
    let Decision::Wait {
        message,
        rejected_by,
        ..
    } = decide_about(&mut cluster, &pod)
    else {
        panic!("there is no node");
    };
    assert_eq!(message, "no nodes available to schedule pods");
    assert_eq!(rejected_by, Plugins::ALL);
}

#[test]
fn reasons_are_counted_and_followed_by_what_preemption_found() {
    let tainted = r#"{"spec":{"taints":[{"key":"k","effect":"NoSchedule"}]},"status":{"allocatable":{"cpu":"4","pods":"10"}}}"#;
    let mut cluster = cluster(&[("a", tainted), ("b", &sized("2")), ("c", tainted)]);
    let other = pod(&mut cluster, "other", 0, "2", "");
    place(&mut cluster, &other, "b");
    let wanted = pod(&mut cluster, "p", 0, "1", "");
    assert_eq!(
        message(decide_about(&mut cluster, &wanted)),
        "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). no new claims to deallocate, \
         preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, \
         2 Preemption is not helpful for scheduling."
    );
    let huge = pod(&mut cluster, "huge", 0, "64", "");
    assert_eq!(
        message(decide_about(&mut cluster, &huge)),
        "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). no new claims to deallocate, \
         preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
    );
}

#[test]
fn a_pod_of_a_daemon_set_looks_at_its_node_alone() {
    let mut cluster = cluster(&[("a", &sized("2")), ("b", &sized("2")), ("c", &sized("2"))]);
    let named = r#","affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":
        [{"matchFields":[{"key":"metadata.name","operator":"In","values":["b"]}]}]}}}"#;
    let fits = pod(&mut cluster, "fits", 0, "1", named);
    assert_eq!(assigned(decide_about(&mut cluster, &fits)), "b");
    let large = pod(&mut cluster, "large", 0, "3", named);
    assert_eq!(
        message(decide_about(&mut cluster, &large)),
        "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. \
         no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
    );
}

#[test]
fn a_claim_that_is_missing_is_told_without_counts() {
    let mut cluster = cluster(&[("a", &sized("2"))]);
    let claims = r#","volumes":[{"persistentVolumeClaim":{"claimName":"c"}}]"#;
    let wanted = pod(&mut cluster, "p", 0, "1", claims);
    assert_eq!(
        message(decide_about(&mut cluster, &wanted)),
        "0/1 nodes are available: persistentvolumeclaim \"c\" not found. not found"
    );
}

#[test]
fn pods_go_to_the_node_with_most_room() {
    let mut cluster = cluster(&[("a", &sized("2")), ("b", &sized("8")), ("c", &sized("4"))]);
    let wanted = pod(&mut cluster, "p", 0, "1", "");
    assert_eq!(assigned(decide_about(&mut cluster, &wanted)), "b");
}

#[test]
fn equals_are_chosen_between_by_the_number_given() {
    let mut cluster = cluster(&[("a", &sized("2")), ("b", &sized("2"))]);
    let wanted = pod(&mut cluster, "p", 0, "1", "");
    let mut chosen: Vec<String> = (0..2)
        .map(|random| {
            cluster.next_start = 0;
            assigned(decide(
                &mut cluster,
                &wanted,
                Context {
                    random,
                    ..context()
                },
            ))
        })
        .collect();
    chosen.sort();
    assert_eq!(chosen, ["a", "b"]);
}

#[test]
fn a_node_that_is_made_free_for_a_pod_is_kept_for_it() {
    let mut cluster = cluster(&[("a", &sized("2"))]);
    let important = pod(&mut cluster, "important", 10, "2", "");
    cluster.nominate(&important, "a");
    let other = pod(&mut cluster, "other", 0, "1", "");
    assert!(
        message(decide_about(&mut cluster, &other))
            .starts_with("0/1 nodes are available: 1 Insufficient cpu.")
    );
    let more_important = pod(&mut cluster, "more", 11, "1", "");
    assert_eq!(assigned(decide_about(&mut cluster, &more_important)), "a");
    assert_eq!(assigned(decide_about(&mut cluster, &important)), "a");
    cluster.forget_nomination(&("default".into(), "important".into()));
    assert_eq!(assigned(decide_about(&mut cluster, &other)), "a");
}

#[test]
fn pods_that_ended_hold_nothing_and_those_on_unknown_nodes_wait_for_these() {
    let mut cluster = cluster(&[("a", &sized("2"))]);
    let large = pod(&mut cluster, "large", 0, "2", "");
    let mut ended: PodInfo = (*place(&mut cluster, &large, "a")).clone();
    let wanted = pod(&mut cluster, "p", 0, "2", "");
    assert!(message(decide_about(&mut cluster, &wanted)).contains("1 Insufficient cpu"));
    ended.is_finished = true;
    cluster.place(&Arc::new(ended));
    assert_eq!(assigned(decide_about(&mut cluster, &wanted)), "a");
    place(&mut cluster, &large, "late");
    cluster.set_node("late", NodeFacts::read(&value(&sized("2"))));
    cluster.remove_node("a");
    assert!(message(decide_about(&mut cluster, &wanted)).contains("1 Insufficient cpu"));
}

#[test]
fn the_place_of_a_node_that_left_is_used_again() {
    let mut cluster = cluster(&[("a", &sized("2"))]);
    for number in 0..5 {
        let name = format!("n{number}");
        cluster.set_node(&name, NodeFacts::read(&value(&sized("2"))));
        let there = pod(&mut cluster, &name, 0, "1", "");
        place(&mut cluster, &there, &name);
        cluster.remove_node(&name);
        assert_eq!(cluster.slot_of(&name), None);
        cluster.remove_pod(&("default".into(), name.into()));
    }
    assert_eq!(cluster.nodes().len(), 2);
    cluster.set_node("b", NodeFacts::read(&value(&sized("8"))));
    let wanted = pod(&mut cluster, "p", 0, "4", "");
    assert_eq!(assigned(decide_about(&mut cluster, &wanted)), "b");
}

#[test]
fn older_releases_say_it_in_their_words() {
    let tainted = r#"{"spec":{"taints":[{"key":"k","value":"v","effect":"NoSchedule"}]}}"#;
    let mut cluster = cluster(&[("a", tainted)]);
    let wanted = pod(&mut cluster, "p", 0, "1", "");
    let old = Context {
        release: Release::minor(24),
        ..context()
    };
    assert_eq!(
        message(decide(&mut cluster, &wanted, old)),
        "0/1 nodes are available: 1 node(s) had untolerated taint {k: v}. preemption: 0/1 nodes are available: \
         1 Preemption is not helpful for scheduling."
    );
}
