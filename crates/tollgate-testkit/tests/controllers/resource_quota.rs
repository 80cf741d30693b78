//! The status of a quota heals.

use std::sync::Arc;
use std::time::Duration;
use tollgate_api::Value;
use tollgate_api::client::Target;
use tollgate_controllers::controller::Controller;
use tollgate_controllers::resource_quota::ResourceQuotas;
use tollgate_controllers::resources::{CONFIG_MAPS, RESOURCE_QUOTAS};
use tollgate_testkit::cluster::Cluster;

const QUOTA: Target<'_> = Target::object(&RESOURCE_QUOTAS, "default", "q");

fn cluster(seed: u64) -> Cluster {
    let cluster = Cluster::new(
        seed,
        Box::new(|| vec![Arc::new(ResourceQuotas) as Arc<dyn Controller>]),
    );
    let quota =
        r#"{"metadata":{"name":"q"},"spec":{"hard":{"count/configmaps":"5","services":"2"}}}"#;
    cluster.create(&RESOURCE_QUOTAS, "default", quota).unwrap();
    let map = r#"{"metadata":{"name":"m"}}"#;
    cluster.create(&CONFIG_MAPS, "default", map).unwrap();
    cluster
}

fn status(cluster: &Cluster) -> String {
    let quota = cluster.get(&RESOURCE_QUOTAS, "default", "q").unwrap();
    quota
        .get("status")
        .map(Value::to_string)
        .unwrap_or_default()
}

#[test]
fn what_somebody_else_writes_into_the_status_is_put_right() {
    let patches = [
        r#"{"status":{"hard":{"services":"7"}}}"#,
        r#"{"status":{"used":{"count/configmaps":"4"}}}"#,
        r#"{"status":{"hard":{"services":null},"used":null}}"#,
        r#"{"status":null}"#,
    ];
    for (seed, patch) in (0..).zip(patches) {
        let mut cluster = cluster(seed);
        cluster.settle();
        let healthy = status(&cluster);
        assert!(healthy.contains(r#""count/configmaps":"1""#), "{healthy}");
        for _ in 0..2 {
            cluster.patch(QUOTA.sub("status"), patch).unwrap();
            assert_eq!(
                status(&cluster) == healthy,
                patch.contains("status\":null"),
                "{patch}"
            );
            cluster.settle();
            assert_eq!(status(&cluster), healthy, "{patch}");
        }
    }
}

#[test]
fn faults_delay_but_do_not_prevent_it() {
    for seed in 0..10 {
        let mut cluster = cluster(seed);
        cluster.settle();
        let healthy = status(&cluster);
        cluster.faults.set(300, 100, 100);
        cluster
            .patch(
                QUOTA.sub("status"),
                r#"{"status":{"hard":{"services":"9"}}}"#,
            )
            .unwrap();
        cluster.advance(Duration::from_millis(10));
        if seed % 2 == 0 {
            cluster.restart();
        }
        cluster.wait(Duration::from_mins(1), |cluster| status(cluster) == healthy);
    }
}
