//! kube, the client that programs in Rust use, against a server of ours, as its users write it.

mod custom_resources;
mod patching;
mod rollout;
mod running;
mod watching;

use k8s_openapi::api::core::v1::{Pod, ServiceAccount};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::runtime::wait::{await_condition, conditions};
use kube::{Api, Client, Config};
use running::Running;
use serde_json::json;
use std::future::Future;
use std::time::Duration;

/// How long anything may take; what takes longer is not coming.
const DEADLINE: Duration = Duration::from_secs(60);
/// The namespace of these tests.
const NAMESPACE: &str = "default";
/// No nodes, and of the controllers the one without which there are no pods: what is written stays as it is.
const ALONE: &[&str] = &["--nodes=0", "--controllers=serviceaccount-controller"];
/// Three nodes: a cluster.
const CLUSTER: &[&str] = &["--nodes=3"];

/// A server of its own, and a client of its administrator, once pods can be made.
async fn start(name: &str, flags: &[&str]) -> (Running, Client) {
    let server = Running::start(name, flags);
    let kubeconfig = Kubeconfig::read_from(server.kubeconfig()).unwrap();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options);
    let mut config = config.await.unwrap();
    // A refused eviction (429) would be tried again for minutes.
    config.default_retry = false;
    let client = Client::try_from(config).unwrap();
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), NAMESPACE);
    let made = await_condition(accounts, "default", conditions::is_created());
    soon("the service account", made).await.unwrap();
    (server, client)
}

/// What must come about before the deadline.
async fn soon<T>(what: &str, coming: impl Future<Output = T>) -> T {
    let come = tokio::time::timeout(DEADLINE, coming).await;
    come.unwrap_or_else(|_| unreachable!("{what} does not come about"))
}

fn pods(client: &Client) -> Api<Pod> {
    Api::namespaced(client.clone(), NAMESPACE)
}

/// A pod that runs a command, and has a label for selectors.
fn pod(name: &str, command: &[&str]) -> Pod {
    let container = json!({"name": "main", "image": "registry.example/main:1", "command": command});
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": "web"}},
        "spec": {"containers": [container]},
    });
    serde_json::from_value(pod).unwrap()
}

/// The status with which a request failed.
fn refusal<T: std::fmt::Debug>(answer: kube::Result<T>) -> kube::core::Status {
    match answer {
        Err(kube::Error::Api(status)) => *status,
        other => unreachable!("not refused: {other:?}"),
    }
}
