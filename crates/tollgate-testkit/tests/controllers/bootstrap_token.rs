//! Bootstrap tokens, and their end.

use std::sync::Arc;
use std::time::Duration;
use tollgate_controllers::bootstrap_token_cleaning::BootstrapTokenCleaning;
use tollgate_controllers::resources::SECRETS;
use tollgate_testkit::cluster::Cluster;

#[test]
fn a_bootstrap_token_goes_at_its_end_and_nothing_else_does() {
    let mut cluster = Cluster::new(1, Box::new(|| vec![Arc::new(BootstrapTokenCleaning) as _]));
    let token = |cluster: &Cluster, namespace: &str, id: &str, sort: &str| {
        let object = format!(
            r#"{{"metadata":{{"name":"bootstrap-token-{id}"}},"type":"{sort}","stringData":{{"token-id":"{id}",
                "token-secret":"0123456789abcdef","expiration":"2026-01-15T13:00:00Z"}}}}"#
        );
        cluster.create(&SECRETS, namespace, &object).unwrap();
    };
    token(
        &cluster,
        "kube-system",
        "aaaaaa",
        "bootstrap.kubernetes.io/token",
    );
    token(&cluster, "kube-system", "bbbbbb", "Opaque");
    let there = |cluster: &Cluster, id: &str| {
        let name = format!("bootstrap-token-{id}");
        cluster.get(&SECRETS, "kube-system", &name).is_some()
    };
    cluster.advance(Duration::from_secs(3599));
    assert!(there(&cluster, "aaaaaa"));
    cluster.advance(Duration::from_secs(1));
    assert!(!there(&cluster, "aaaaaa"));
    assert!(there(&cluster, "bbbbbb"));
}
