//! A cluster with two nodes, and what each may see of it.

use super::*;
use crate::storage::{Key, MemoryStore, Store, Write};
use std::sync::Arc;
use tollgate_policy::rbac::{Access, Decision, ResourceAccess};

const POD: &str = r#"{"spec":{"nodeName":"n1","serviceAccountName":"bot","imagePullSecrets":[{"name":"pull"}],
    "containers":[{"envFrom":[{"configMapRef":{"name":"env"}}],"env":[{"valueFrom":{"secretKeyRef":{"name":"key"}}}]}],
    "volumes":[{"persistentVolumeClaim":{"claimName":"data"}},{"name":"tmp","ephemeral":{}},
        {"projected":{"sources":[{"configMap":{"name":"files"}},{"secret":{"name":"files"}}]}}],
    "resourceClaims":[{"name":"gpu","resourceClaimTemplateName":"t"}]},
    "status":{"resourceClaimStatuses":[{"name":"gpu","resourceClaimName":"p-gpu"}]}}"#;
const VOLUME: &str = r#"{"spec":{"claimRef":{"namespace":"a","name":"data"},
    "csi":{"nodeStageSecretRef":{"namespace":"vault","name":"stage"},"controllerPublishSecretRef":{"namespace":"vault","name":"other"}},
    "azureFile":{"secretName":"azure"}}}"#;

fn put(store: &MemoryStore, key: &Key, text: Option<&'static str>) {
    let write = match text {
        Some(text) => Write::Put {
            key: key.clone(),
            value: text.as_bytes().into(),
        },
        None => Write::Delete { key: key.clone() },
    };
    store.transact(&mut |_| vec![write.clone()]).unwrap();
}

fn node(name: &str) -> UserInfo {
    UserInfo {
        name: format!("system:node:{name}").into(),
        groups: vec!["system:nodes".into()],
        ..UserInfo::default()
    }
}

/// `verb group/resource[/subresource] namespace name [selector]`
fn ask(index: &NodeIndex, user: &UserInfo, text: &str) -> Decision {
    let words: Vec<&str> = text.split(' ').collect();
    let parts: Vec<&str> = words[1].split('/').collect();
    let some = |text| if text == "-" { "" } else { text };
    let access = Access::Resource(ResourceAccess {
        verb: words[0],
        group: parts[0],
        resource: parts[1],
        subresource: parts.get(2).copied().unwrap_or_default(),
        namespace: some(words[2]),
        name: some(words[3]),
        field_selector: words.get(4).copied().unwrap_or_default(),
    });
    index.authorize(user, &access)
}

fn cluster() -> (Arc<MemoryStore>, NodeIndex) {
    let store = Arc::new(MemoryStore::default());
    put(&store, &Key::new("", "pods", "a", "p"), Some(POD));
    put(
        &store,
        &Key::new("", "persistentvolumes", "", "pv"),
        Some(VOLUME),
    );
    let index = NodeIndex::new(Arc::clone(&store) as Arc<dyn Store>);
    (store, index)
}

#[test]
fn a_node_reads_what_its_pods_need_and_no_other_node_does() {
    let (_, index) = cluster();
    for text in [
        "get /pods a p",
        "get /secrets a pull",
        "get /secrets a key",
        "watch /secrets a files",
        "get /configmaps a env",
        "list /configmaps a files",
        "get /persistentvolumeclaims a data",
        "get /persistentvolumeclaims a p-tmp",
        "patch /persistentvolumeclaims/status a data",
        "get /persistentvolumes - pv",
        "get /secrets vault stage",
        "get /secrets a azure",
        "get resource.k8s.io/resourceclaims a p-gpu",
        "create /serviceaccounts/token a bot",
        "get /serviceaccounts a bot",
    ] {
        let decision = ask(&index, &node("n1"), text);
        assert!(decision.allowed, "{text}: {}", decision.reason);
        let other = ask(&index, &node("n2"), text);
        let why = "no relationship found between node 'n2' and this object";
        assert_eq!(
            (other.allowed, other.reason.as_str()),
            (false, why),
            "{text}"
        );
    }
    assert!(!ask(&index, &node("n1"), "get /secrets vault other").allowed);
}

#[test]
fn what_a_node_may_see_goes_with_its_pods() {
    let (store, index) = cluster();
    let pull = "get /secrets a pull";
    assert!(ask(&index, &node("n1"), pull).allowed);
    let second = Key::new("", "pods", "a", "q");
    put(&store, &second, Some(POD));
    put(&store, &Key::new("", "pods", "a", "p"), None);
    assert!(ask(&index, &node("n1"), pull).allowed);
    assert!(!ask(&index, &node("n1"), "get /pods a p").allowed);
    put(&store, &second, None);
    for text in [
        pull,
        "get /secrets vault stage",
        "get /persistentvolumes - pv",
    ] {
        assert!(!ask(&index, &node("n1"), text).allowed, "{text}");
    }
    let mirror = r#"{"metadata":{"annotations":{"kubernetes.io/config.mirror":"x"}},"spec":{"nodeName":"n1","imagePullSecrets":[{"name":"pull"}]}}"#;
    put(&store, &second, Some(mirror));
    assert!(ask(&index, &node("n1"), "get /pods a q").allowed);
    assert!(!ask(&index, &node("n1"), pull).allowed);
}

#[test]
fn refusals_are_in_upstreams_words() {
    let (_, index) = cluster();
    for (text, why) in [
        (
            "delete /secrets a pull",
            "can only read resources of this type",
        ),
        (
            "list /secrets - -",
            "can only read namespaced object of this type",
        ),
        ("list /secrets a -", "No Object name found"),
        (
            "list /persistentvolumes - -",
            "can only get individual resources of this type",
        ),
        (
            "get /nodes - n2",
            "node 'n1' cannot read 'n2', only its own Node object",
        ),
        (
            "list /nodes - -",
            "node 'n1' cannot read all nodes, only its own Node object",
        ),
        ("delete /nodes - n1", ""),
        (
            "list /pods - -",
            "can only list/watch pods with spec.nodeName field selector",
        ),
        (
            "list /pods - - spec.nodeName=n2",
            "can only list/watch pods with spec.nodeName field selector",
        ),
        (
            "list /pods - - spec.nodeName!=n1",
            "can only list/watch pods with spec.nodeName field selector",
        ),
        ("update /pods a p", ""),
        (
            "get coordination.k8s.io/leases a n1",
            "can only access leases in the \"kube-node-lease\" system namespace",
        ),
        (
            "get coordination.k8s.io/leases kube-node-lease n2",
            "can only access node lease with the same name as the requesting node",
        ),
        (
            "update storage.k8s.io/csinodes - n2",
            "can only access CSINode with the same name as the requesting node",
        ),
        (
            "create /serviceaccounts a -",
            "can only create tokens for individual service accounts",
        ),
        ("delete /services a s", ""),
    ] {
        let decision = ask(&index, &node("n1"), text);
        assert_eq!(
            (decision.allowed, decision.reason.as_str()),
            (false, why),
            "{text}"
        );
    }
}

#[test]
fn every_node_may_do_some_things() {
    let (_, index) = cluster();
    for text in [
        "get /nodes - n1",
        "create /nodes - -",
        "patch /nodes/status - n1",
        "list /pods - - spec.nodeName=n1",
        "watch /pods - - metadata.namespace==a,spec.nodeName==n1",
        "create /pods a -",
        "create /pods/eviction a p",
        "update coordination.k8s.io/leases kube-node-lease n1",
        "create storage.k8s.io/csinodes - -",
        "list /services - -",
        "create /events a -",
        "create authentication.k8s.io/tokenreviews - -",
    ] {
        assert!(ask(&index, &node("n1"), text).allowed, "{text}");
    }
}

#[test]
fn only_nodes_are_nodes() {
    let (_, index) = cluster();
    let text = "get /nodes - n1";
    let stranger = UserInfo {
        groups: Vec::new(),
        ..node("n1")
    };
    assert_eq!(ask(&index, &stranger, text), Decision::default());
    let nameless = ask(&index, &node(""), text);
    assert_eq!(nameless.reason, "unknown node for user \"system:node:\"");
}
