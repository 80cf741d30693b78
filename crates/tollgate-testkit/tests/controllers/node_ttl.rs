//! For how long nodes may believe what they know.

use std::sync::Arc;
use tollgate_api::Value;
use tollgate_api::client::{Deletion, Target};
use tollgate_controllers::node_ttl::NodeTtl;
use tollgate_controllers::resources::NODES;
use tollgate_testkit::cluster::Cluster;

/// What all nodes are told; they must be told the same.
#[track_caller]
fn told(cluster: &Cluster) -> String {
    let nodes = cluster.list(&NODES, "");
    let mut told = nodes.iter().map(|node| {
        let annotation = ["metadata", "annotations", "node.alpha.kubernetes.io/ttl"];
        node.at(&annotation)
            .and_then(Value::as_str)
            .unwrap_or("nothing")
            .to_owned()
    });
    let first = told.next().unwrap();
    assert!(told.all(|other| other == first));
    first
}

#[test]
fn all_nodes_are_told_of_the_size_of_the_cluster() {
    let mut cluster = Cluster::new(1, Box::new(|| vec![Arc::new(NodeTtl::default()) as _]));
    let make = |cluster: &Cluster, number: usize| {
        let node = format!(r#"{{"metadata":{{"name":"n{number}"}}}}"#);
        cluster.create(&NODES, "", &node).unwrap();
    };
    for number in 0..100 {
        make(&cluster, number);
    }
    cluster.settle();
    assert_eq!(told(&cluster), "0");
    make(&cluster, 100);
    cluster.settle();
    assert_eq!(told(&cluster), "15");
    // What somebody else writes there does not stay.
    let target = Target::object(&NODES, "", "n7");
    let patch = r#"{"metadata":{"annotations":{"node.alpha.kubernetes.io/ttl":"7"}}}"#;
    cluster.patch(target, patch).unwrap();
    cluster.settle();
    assert_eq!(told(&cluster), "15");
    let gone = |cluster: &Cluster, number: usize| {
        let name = format!("n{number}");
        let target = Target::object(&NODES, "", &name);
        cluster.delete(target, Deletion::default()).unwrap();
    };
    for number in 90..=100 {
        gone(&cluster, number);
    }
    cluster.settle();
    assert_eq!(told(&cluster), "15", "ninety are enough for it to stay");
    gone(&cluster, 0);
    cluster.settle();
    assert_eq!(told(&cluster), "0");
}
