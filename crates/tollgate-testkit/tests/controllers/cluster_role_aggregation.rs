//! ClusterRoles that select others have their rules.

use std::sync::Arc;
use std::time::Duration;
use tollgate_api::client::{Deletion, Target};
use tollgate_controllers::cluster_role_aggregation::ClusterRoleAggregation;
use tollgate_controllers::resources::CLUSTER_ROLES;
use tollgate_testkit::cluster::Cluster;

fn verbs(cluster: &Cluster, name: &str) -> Vec<String> {
    let role = cluster.get(&CLUSTER_ROLES, "", name).unwrap();
    let rules = role.items("rules").iter();
    rules
        .map(|rule| rule.items("verbs")[0].as_str().unwrap().to_owned())
        .collect()
}

fn part(name: &str, to: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"{name}","labels":{{"to":"{to}"}}}},
        "rules":[{{"apiGroups":[""],"resources":["pods"],"verbs":["{name}"]}}]}}"#
    )
}

fn sum(name: &str, to: &str, from: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"{name}","labels":{{"to":"{to}"}}}},"rules":[],
        "aggregationRule":{{"clusterRoleSelectors":[{{"matchLabels":{{"to":"{from}"}}}}]}}}}"#
    )
}

#[test]
fn the_rules_of_selected_roles_are_gathered_through_chains_in_spite_of_faults() {
    for seed in 0..10 {
        let mut cluster = Cluster::new(seed, Box::new(|| vec![Arc::new(ClusterRoleAggregation)]));
        cluster.faults.set(200, 100, 50);
        for role in [
            sum("x-all", "nobody", "some"),
            sum("x-some", "some", "part"),
            part("x-b", "part"),
            part("x-a", "part"),
        ] {
            cluster.create(&CLUSTER_ROLES, "", &role).unwrap();
            cluster.advance(Duration::from_millis(20));
        }
        cluster.wait(Duration::from_mins(1), |cluster| {
            verbs(cluster, "x-all") == ["x-a", "x-b"]
        });
        let part = Target::object(&CLUSTER_ROLES, "", "x-a");
        cluster.delete(part, Deletion::default()).unwrap();
        cluster.wait(Duration::from_mins(1), |cluster| {
            verbs(cluster, "x-all") == ["x-b"]
        });
        assert!(verbs(&cluster, "view").len() > 5);
    }
}
