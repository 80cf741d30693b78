//! What every namespace has: the account `default` and the authority's certificate.

use std::sync::Arc;
use std::time::Duration;
use tollgate_api::client::{Deletion, Target};
use tollgate_controllers::resources::{CONFIG_MAPS, NAMESPACES, SERVICE_ACCOUNTS};
use tollgate_controllers::root_ca::RootCa;
use tollgate_controllers::service_account::ServiceAccounts;
use tollgate_testkit::cluster::Cluster;

fn cluster(seed: u64) -> Cluster {
    let controllers = || {
        vec![
            Arc::new(ServiceAccounts) as _,
            Arc::new(RootCa::new("certificate".to_owned())) as _,
        ]
    };
    Cluster::new(seed, Box::new(controllers))
}

fn namespace(cluster: &Cluster, name: &str) {
    let object = format!(r#"{{"metadata":{{"name":"{name}"}}}}"#);
    cluster.create(&NAMESPACES, "", &object).unwrap();
}

#[test]
fn every_namespace_gets_its_account_and_certificate() {
    let mut cluster = cluster(1);
    namespace(&cluster, "a");
    cluster.settle();
    for name in ["default", "kube-system", "a"] {
        assert!(
            cluster.get(&SERVICE_ACCOUNTS, name, "default").is_some(),
            "{name}"
        );
        let map = cluster.get(&CONFIG_MAPS, name, "kube-root-ca.crt").unwrap();
        assert_eq!(map.get("data").unwrap().str("ca.crt"), Some("certificate"));
    }
}

#[test]
fn what_is_taken_or_changed_comes_back() {
    let mut cluster = cluster(2);
    cluster.settle();
    let account = Target::object(&SERVICE_ACCOUNTS, "default", "default");
    let map = Target::object(&CONFIG_MAPS, "default", "kube-root-ca.crt");
    let uid = cluster
        .get(&SERVICE_ACCOUNTS, "default", "default")
        .unwrap();
    cluster.delete(account, Deletion::default()).unwrap();
    cluster
        .patch(map, r#"{"data":{"ca.crt":"other","b":"c"}}"#)
        .unwrap();
    cluster.settle();
    let again = cluster
        .get(&SERVICE_ACCOUNTS, "default", "default")
        .unwrap();
    assert_ne!(uid.at(&["metadata", "uid"]), again.at(&["metadata", "uid"]));
    let map = cluster
        .get(&CONFIG_MAPS, "default", "kube-root-ca.crt")
        .unwrap();
    assert_eq!(map.entries("data").count(), 1);
    assert_eq!(map.get("data").unwrap().str("ca.crt"), Some("certificate"));
}

#[test]
fn faults_delay_but_do_not_prevent_it() {
    for seed in 0..20 {
        let mut cluster = cluster(seed);
        cluster.faults.set(300, 100, 100);
        for number in 0..5 {
            namespace(&cluster, &format!("n{number}"));
            cluster.advance(Duration::from_millis(50));
            if number == 2 {
                cluster.restart();
            }
        }
        cluster.faults.stop();
        cluster.wait(Duration::from_secs(30), |cluster| {
            cluster.list(&SERVICE_ACCOUNTS, "").len() == 9
                && cluster.list(&CONFIG_MAPS, "").len() >= 9
        });
    }
}
