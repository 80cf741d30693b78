//! Services find their pods.

use std::sync::Arc;
use std::time::Duration;
use tollgate_api::Value;
use tollgate_api::client::{Deletion, Target};
use tollgate_controllers::endpoint_slice::EndpointSliceController;
use tollgate_controllers::endpoint_slice::mirroring::Mirroring;
use tollgate_controllers::endpoints::EndpointsController;
use tollgate_controllers::resources::{
    ENDPOINT_SLICES, ENDPOINTS, PODS, SERVICE_ACCOUNTS, SERVICES,
};
use tollgate_testkit::cluster::Cluster;

fn cluster(seed: u64) -> Cluster {
    let controllers = || {
        vec![
            Arc::new(EndpointsController::default()) as _,
            Arc::new(EndpointSliceController::default()) as _,
            Arc::new(Mirroring) as _,
        ]
    };
    let cluster = Cluster::new(seed, Box::new(controllers));
    let account = r#"{"metadata":{"name":"default"}}"#;
    cluster
        .create(&SERVICE_ACCOUNTS, "default", account)
        .unwrap();
    cluster
}

fn service(cluster: &Cluster, spec: &str) {
    let service =
        format!(r#"{{"metadata":{{"name":"web","labels":{{"tier":"front"}}}},"spec":{spec}}}"#);
    cluster.create(&SERVICES, "default", &service).unwrap();
}

/// A pod with an address; ready, if it is said to be.
fn pod(cluster: &Cluster, number: usize, ready: &str) {
    let pod = format!(
        r#"{{"metadata":{{"name":"p{number}","labels":{{"app":"web"}}}},"spec":{{"nodeName":"node","containers":[{{"name":"c","image":"i","ports":[{{"name":"http","containerPort":8080}}]}}]}}}}"#
    );
    cluster.create(&PODS, "default", &pod).unwrap();
    state(cluster, number, ready);
}

fn state(cluster: &Cluster, number: usize, ready: &str) {
    let name = format!("p{number}");
    let ip = format!("10.1.{}.{}", number / 200, number % 200 + 1);
    let status = format!(
        r#"{{"status":{{"phase":"Running","podIP":"{ip}","podIPs":[{{"ip":"{ip}"}}],"conditions":[{{"type":"Ready","status":"{ready}"}}]}}}}"#
    );
    let target = Target::object(&PODS, "default", &name).sub("status");
    cluster.patch(target, &status).unwrap();
}

/// Addresses, ready and not, with their ports.
fn endpoints(cluster: &Cluster) -> Option<String> {
    let endpoints = cluster.get(&ENDPOINTS, "default", "web")?;
    let subsets = endpoints.items("subsets").iter().map(|subset| {
        let ips = |key: &str| -> Vec<String> {
            let addresses = subset.items(key).iter();
            addresses
                .map(|address| address.str_or_empty("ip").to_owned())
                .collect()
        };
        let ports = subset.items("ports").iter();
        let ports: Vec<String> = ports
            .map(|port| port.int("port").unwrap_or_default().to_string())
            .collect();
        format!(
            "{:?} {:?} {}",
            ips("addresses"),
            ips("notReadyAddresses"),
            ports.join(",")
        )
    });
    Some(subsets.collect::<Vec<_>>().join("; "))
}

/// The slices of the service.
fn own(cluster: &Cluster) -> Vec<Value> {
    let mut slices = cluster.list(&ENDPOINT_SLICES, "default");
    slices.retain(|slice| {
        let labels = slice.at(&["metadata", "labels"]).unwrap();
        labels.str("kubernetes.io/service-name") == Some("web")
    });
    slices
}

/// The ready endpoints of all its slices, and how many slices there are.
fn slices(cluster: &Cluster) -> (usize, usize) {
    let slices = own(cluster);
    let ready = slices.iter().flat_map(|slice| slice.items("endpoints"));
    let ready = ready.filter(|endpoint| {
        endpoint
            .at(&["conditions", "ready"])
            .and_then(Value::as_bool)
            == Some(true)
    });
    (ready.count(), slices.len())
}

const SPEC: &str = r#"{"selector":{"app":"web"},"ports":[{"port":80,"targetPort":"http"}]}"#;

#[test]
fn ready_pods_are_endpoints_and_the_others_are_told_apart() {
    let mut cluster = cluster(1);
    service(&cluster, SPEC);
    cluster.settle();
    assert_eq!(endpoints(&cluster).as_deref(), Some(""));
    assert_eq!(
        slices(&cluster),
        (0, 1),
        "an empty slice says that nobody is there"
    );
    pod(&cluster, 1, "True");
    pod(&cluster, 2, "False");
    cluster.settle();
    assert_eq!(
        endpoints(&cluster).as_deref(),
        Some(r#"["10.1.0.2"] ["10.1.0.3"] 8080"#)
    );
    assert_eq!(slices(&cluster), (1, 1));
    let slice = &own(&cluster)[0];
    let labels = slice.at(&["metadata", "labels"]).unwrap();
    assert_eq!(labels.str("tier"), Some("front"));
    assert_eq!(labels.str("kubernetes.io/service-name"), Some("web"));
    state(&cluster, 2, "True");
    cluster.settle();
    assert_eq!(
        endpoints(&cluster).as_deref(),
        Some(r#"["10.1.0.2", "10.1.0.3"] [] 8080"#)
    );
    let target = Target::object(&PODS, "default", "p1");
    cluster.delete(target, Deletion::default()).unwrap();
    cluster.settle();
    assert_eq!(
        endpoints(&cluster).as_deref(),
        Some(r#"["10.1.0.3"] [] 8080"#)
    );
    assert_eq!(slices(&cluster), (1, 1));
    let target = Target::object(&SERVICES, "default", "web");
    cluster.delete(target, Deletion::default()).unwrap();
    cluster.settle();
    assert_eq!(endpoints(&cluster), None);
}

#[test]
fn many_pods_need_several_slices_in_spite_of_faults() {
    let mut cluster = cluster(2);
    service(&cluster, SPEC);
    cluster.settle();
    cluster.faults.set(200, 100, 50);
    for number in 0..150 {
        pod(&cluster, number, "True");
        if number % 50 == 0 {
            cluster.advance(Duration::from_millis(10));
        }
    }
    cluster.restart();
    cluster.wait(Duration::from_mins(2), |cluster| slices(cluster).0 == 150);
    cluster.faults.stop();
    cluster.advance(Duration::from_mins(2));
    let sizes = own(&cluster);
    assert!(
        sizes
            .iter()
            .all(|slice| slice.items("endpoints").len() <= 100)
    );
    assert_eq!(slices(&cluster).0, 150);
}

#[test]
fn endpoints_that_people_write_are_mirrored() {
    let mut cluster = cluster(3);
    service(&cluster, r#"{"ports":[{"port":80}]}"#);
    let own = r#"{"metadata":{"name":"web"},"subsets":[{"addresses":[{"ip":"10.9.9.1"},{"ip":"10.9.9.2"}],"ports":[{"port":9000}]}]}"#;
    cluster.create(&ENDPOINTS, "default", own).unwrap();
    cluster.settle();
    assert_eq!(slices(&cluster), (2, 1));
    let target = Target::object(&ENDPOINTS, "default", "web");
    cluster.delete(target, Deletion::default()).unwrap();
    cluster.settle();
    assert_eq!(slices(&cluster), (0, 0));
}
