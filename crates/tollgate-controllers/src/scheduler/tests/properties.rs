//! What holds for any pods on any nodes.

use super::super::filter::Prepared;
use super::super::resources::Resources;
use super::super::selector::{Labels, Scope, Selector};
use super::super::tally::Question;
use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[derive(Debug, Clone)]
struct AnyPod {
    cpu: u32,
    port: Option<u32>,
    priority: i64,
    app: u8,
    rule: u8,
    leaves_before: bool,
}

fn any_pod() -> impl Strategy<Value = AnyPod> {
    (
        0_u32..4,
        prop::option::of(1_u32..3),
        0_i64..3,
        0_u8..3,
        0_u8..6,
        any::<bool>(),
    )
        .prop_map(|(cpu, port, priority, app, rule, leaves_before)| AnyPod {
            cpu,
            port,
            priority,
            app,
            rule,
            leaves_before,
        })
}

impl AnyPod {
    fn build(&self, cluster: &mut Cluster, number: usize) -> Arc<PodInfo> {
        let port = self
            .port
            .map(|port| format!(r#""ports":[{{"hostPort":{port}}}],"#));
        let selects = format!(
            r#""labelSelector":{{"matchLabels":{{"app":"{}"}}}}"#,
            self.app
        );
        let term = format!(
            r#"{{"requiredDuringSchedulingIgnoredDuringExecution":[{{"topologyKey":"zone",{selects}}}]}}"#
        );
        let rule = match self.rule {
            0 => format!(r#","affinity":{{"podAntiAffinity":{term}}}"#),
            1 => format!(r#","affinity":{{"podAffinity":{term}}}"#),
            2 => format!(
                r#","topologySpreadConstraints":[{{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule",{selects}}}]"#
            ),
            3 => format!(
                r#","topologySpreadConstraints":[{{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"ScheduleAnyway",{selects}}}]"#
            ),
            _ => String::new(),
        };
        let object = value(&format!(
            r#"{{"metadata":{{"namespace":"default","name":"p{number}","uid":"{number}","labels":{{"app":"{}"}}}},
            "spec":{{"priority":{},"containers":[{{{}"resources":{{"requests":{{"cpu":"{}"}}}}}}]{rule}}}}}"#,
            self.app,
            self.priority,
            port.unwrap_or_default(),
            self.cpu,
        ));
        cluster.share(PodInfo::read(&object))
    }
}

/// No node has more on it than it has room for, nothing twice that there is once, and counts what is there.
fn check_nodes(cluster: &Cluster) -> Result<(), TestCaseError> {
    for node in cluster.nodes() {
        let mut used = Resources::default();
        let mut ports = BTreeSet::new();
        for pod in &node.pods {
            used.add(&pod.spec.requests.requests);
            for port in &pod.spec.host_ports {
                prop_assert!(
                    ports.insert(port.clone()),
                    "{} has {port:?} twice",
                    node.name
                );
            }
        }
        prop_assert_eq!(&used, &node.used);
        prop_assert!(used.milli_cpu <= node.facts.allocatable.milli_cpu);
        prop_assert!(i64::try_from(node.pods.len()).unwrap() <= node.facts.pods_max);
    }
    Ok(())
}

/// Counts that are kept up to date are those that a recount finds.
fn check_tallies(cluster: &mut Cluster) -> Result<(), TestCaseError> {
    for app in ["0", "1", "2"] {
        let selector = Selector::exactly([("app", app)].into_iter());
        let question = Question {
            scopes: vec![Scope::within("default", selector.clone())],
            skips_terminating: false,
        };
        let counted = cluster.ask(question).to_vec();
        for (slot, node) in cluster.nodes().iter().enumerate() {
            let there = node
                .pods
                .iter()
                .filter(|pod| selector.matches(&pod.labels))
                .count();
            let counted = counted.get(slot).copied().unwrap_or(0);
            prop_assert_eq!(usize::try_from(counted).unwrap(), there);
        }
    }
    Ok(())
}

/// A pod that was rejected everywhere is rejected by a cluster that is built anew, too, and one that was assigned is
/// accepted there: what is remembered between decisions changes none.
fn check_against_fresh(
    cluster: &Cluster,
    pod: &Arc<PodInfo>,
    decision: &Decision,
) -> Result<(), TestCaseError> {
    let mut fresh = Cluster::default();
    for node in cluster.nodes() {
        fresh.set_node(&node.name, node.facts.clone());
        node.pods.iter().for_each(|pod| fresh.place(pod));
    }
    let prepared = Prepared::new(&mut fresh, pod).unwrap();
    let places = fresh.nodes().iter().enumerate();
    let mut feasible = places
        .filter(|(slot, _)| prepared.filter(&fresh, pod, *slot).is_ok())
        .map(|(_, node)| node.name.clone());
    match decision {
        Decision::Assign { node, .. } => prop_assert!(feasible.any(|name| name == *node)),
        Decision::Wait { .. } => prop_assert_eq!(feasible.next(), None),
    }
    Ok(())
}

proptest! {
    #[test]
    fn nodes_are_never_overcommitted(
        nodes in prop::collection::vec((1_u32..8, 1_u32..5, 0_u8..3), 1..5),
        pods in prop::collection::vec(any_pod(), 1..30),
    ) {
        let mut cluster = Cluster::default();
        for (number, (cpu, pods_max, zone)) in nodes.iter().enumerate() {
            let object = value(&format!(
                r#"{{"metadata":{{"labels":{{"zone":"{zone}"}}}},"status":{{"allocatable":{{"cpu":"{cpu}","pods":"{pods_max}"}}}}}}"#
            ));
            cluster.set_node(&format!("n{number}"), NodeFacts::read(&object));
        }
        for (number, wanted) in pods.iter().enumerate() {
            if wanted.leaves_before {
                cluster.remove_pod(&("default".into(), format!("p{}", number / 2).into()));
            }
            let pod = wanted.build(&mut cluster, number);
            let random = u64::try_from(number).unwrap();
            let decision = decide(&mut cluster, &pod, Context { random, ..context() });
            check_against_fresh(&cluster, &pod, &decision)?;
            match decision {
                Decision::Assign { node, .. } => {
                    place(&mut cluster, &pod, &node);
                }
                Decision::Wait { preemption: Some(candidate), .. } => {
                    for victim in &candidate.victims {
                        prop_assert!(victim.priority() < pod.priority());
                        cluster.remove_pod(&(victim.namespace.clone(), victim.name.clone()));
                    }
                    let found = decide(&mut cluster, &pod, context());
                    prop_assert!(matches!(found, Decision::Assign { .. }), "the room suffices");
                }
                Decision::Wait { .. } => {}
            }
            check_nodes(&cluster)?;
            check_tallies(&mut cluster)?;
        }
    }
}

#[test]
fn labels_are_sorted_and_found() {
    let labels: Labels = [("b", "2"), ("a", "1")].into_iter().collect();
    assert_eq!(
        (labels.get("a"), labels.get("b"), labels.get("c")),
        (Some("1"), Some("2"), None)
    );
}
