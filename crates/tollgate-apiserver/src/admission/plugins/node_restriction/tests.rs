//! What a node may not do, in upstream's words.

use super::*;
use crate::audit::NO_TRAIL;
use crate::auth::{Authorizer, Mode};
use crate::environment::fixed::Fixed;
use crate::resources::{CatalogCell, built_in};
use crate::storage::{MemoryStore, Store, Write};
use crate::verbs::Warnings;
use std::sync::Arc;
use tollgate_api::{Attributes, Release, UserInfo, json};

const STORED: [(&str, &str); 3] = [
    ("/nodes//n1", r#"{"metadata":{"name":"n1","uid":"1"}}"#),
    (
        "/pods/a/mine",
        r#"{"metadata":{"name":"mine","uid":"7"},"spec":{"nodeName":"n1","volumes":[{"projected":{"sources":[{"serviceAccountToken":{"audience":"api"}}]}},{"csi":{"driver":"d"}}]}}"#,
    ),
    (
        "storage.k8s.io/csidrivers//d",
        r#"{"spec":{"tokenRequests":[{"audience":"driver"}]}}"#,
    ),
];

/// `OPERATION group/resource[/subresource] namespace name`, asked by the node `n1`: why it is refused, or empty.
fn ask(request: &str, old: &str, new: &str) -> String {
    let store = MemoryStore::default();
    for (key, text) in STORED {
        let key = Key::from_text(key);
        let value = text.as_bytes().into();
        let write = Write::Put { key, value };
        store.transact(&mut |_| vec![write.clone()]).unwrap();
    }
    let words: Vec<&str> = request.split(' ').collect();
    let parts: Vec<&str> = words[1].split('/').collect();
    let catalog = CatalogCell::new(built_in().unwrap());
    let loaded = catalog.load();
    let resource = loaded.resource(parts[0], "v1", parts[1]).unwrap();
    let user = UserInfo {
        name: "system:node:n1".into(),
        groups: vec!["system:nodes".into()],
        ..UserInfo::default()
    };
    let some = |text| if text == "-" { "" } else { text };
    let tree = |text: &str| json::from_str(if text.is_empty() { "null" } else { text }).unwrap();
    let (old, mut new) = (tree(old), tree(new));
    let config = crate::admission::AdmissionConfig::default();
    let review = Review {
        attributes: Attributes {
            operation: match words[0] {
                "CREATE" => Operation::Create,
                "UPDATE" => Operation::Update,
                _ => Operation::Delete,
            },
            resource: &resource.group_resource,
            subresource: parts.get(2).copied().unwrap_or_default(),
            namespace: some(words[2]),
            name: some(words[3]),
            user: Some(&user),
            object: None,
            old_object: Some(&old),
            dry_run: false,
        },
        resource,
        requested: resource,
        snapshot: &store.snapshot(),
        prepared: &crate::admission::Prepared::new(&config, Release::default()),
        catalog: &catalog,
        authorizer: &Authorizer::new(vec![Mode::Rbac], Arc::default()),
        warnings: &Warnings::default(),
        trail: &NO_TRAIL,
        now: tollgate_api::Timestamp::default(),
        release: Release::default(),
        environment: &Fixed::default(),
    };
    let plugin = NodeRestriction;
    let answer = plugin
        .mutate(&review, &mut new)
        .and_then(|()| plugin.validate(&review));
    let message = answer.err().map(|status| status.message);
    let message = message.unwrap_or_default();
    let why = message.split_once(" is forbidden: ");
    why.map_or(message.clone(), |(_, why)| why.to_owned())
}

const MIRROR_POD: &str = r#"{"metadata":{"name":"m","annotations":{"kubernetes.io/config.mirror":"x"},
    "ownerReferences":[{"apiVersion":"v1","kind":"Node","name":"n1","uid":"UID","controller":true}]},"spec":{"nodeName":"n1"MORE}}"#;

fn mirror(uid: &str, more: &str) -> String {
    MIRROR_POD.replace("UID", uid).replace("MORE", more)
}

#[test]
fn a_node_creates_only_pods_that_show_what_it_runs() {
    let create = |pod: &str| ask("CREATE /pods a m", "", pod);
    assert_eq!(create(&mirror("1", "")), "");
    assert_eq!(
        create(&mirror("2", "")),
        "node n1 UID mismatch: expected 2 got 1"
    );
    assert_eq!(
        create(r#"{"spec":{"nodeName":"n1"}}"#),
        "pod does not have \"kubernetes.io/config.mirror\" annotation, node \"n1\" can only create mirror pods"
    );
    let other = mirror("1", "").replace(r#""nodeName":"n1""#, r#""nodeName":"n2""#);
    assert_eq!(
        create(&other),
        "node \"n1\" can only create pods with spec.nodeName set to itself"
    );
    for (more, what) in [
        (r#","serviceAccountName":"s""#, "a service account"),
        (r#","volumes":[{"secret":{"secretName":"s"}}]"#, "secrets"),
        (
            r#","containers":[{"envFrom":[{"configMapRef":{"name":"c"}}]}]"#,
            "configmaps",
        ),
        (
            r#","volumes":[{"persistentVolumeClaim":{"claimName":"c"}}]"#,
            "persistentvolumeclaims",
        ),
    ] {
        assert_eq!(
            create(&mirror("1", more)),
            format!("node \"n1\" can not create pods that reference {what}")
        );
    }
    let orphan = r#"{"metadata":{"annotations":{"kubernetes.io/config.mirror":"x"}},"spec":{"nodeName":"n1"}}"#;
    assert_eq!(
        create(orphan),
        "node \"n1\" can only create pods with an owner reference set to itself"
    );
}

#[test]
fn a_node_touches_only_its_own_pods() {
    let (mine, other) = (
        r#"{"spec":{"nodeName":"n1"}}"#,
        r#"{"spec":{"nodeName":"n2"}}"#,
    );
    assert_eq!(ask("DELETE /pods a p", mine, ""), "");
    assert_eq!(
        ask("DELETE /pods a p", other, ""),
        "node \"n1\" can only delete pods with spec.nodeName set to itself"
    );
    assert_eq!(
        ask("UPDATE /pods a p", mine, mine),
        "unexpected operation \"UPDATE\", node \"n1\" can only create and delete mirror pods"
    );
    assert_eq!(ask("UPDATE /pods/status a p", mine, mine), "");
    assert_eq!(
        ask("UPDATE /pods/status a p", other, other),
        "node \"n1\" can only update pod status for pods with spec.nodeName set to itself"
    );
    let labelled = r#"{"metadata":{"labels":{"a":"b"}},"spec":{"nodeName":"n1"}}"#;
    assert_eq!(
        ask("UPDATE /pods/status a p", mine, labelled),
        "node \"n1\" cannot update labels through pod status"
    );
    assert_eq!(ask("CREATE /pods/eviction a mine", "", "{}"), "");
    assert_eq!(
        ask("CREATE /pods/eviction a none", "", "{}"),
        "pod \"none\" not found"
    );
    assert_eq!(
        ask("UPDATE /pods/ephemeralcontainers a p", mine, mine),
        "unexpected pod subresource \"ephemeralcontainers\", only 'status' and 'eviction' are allowed"
    );
}

#[test]
fn a_node_changes_only_itself_and_only_its_own_labels() {
    let node = |labels: &str, taints: &str| {
        format!(
            r#"{{"metadata":{{"name":"n1","labels":{{{labels}}}}},"spec":{{"taints":[{taints}]}}}}"#
        )
    };
    let plain = node("", "");
    assert_eq!(
        ask("UPDATE /nodes - n2", &plain, &plain),
        "node \"n1\" is not allowed to modify node \"n2\""
    );
    let good = node(
        r#""kubernetes.io/hostname":"h","node.kubernetes.io/x":"y","mine":"z""#,
        "",
    );
    assert_eq!(ask("CREATE /nodes - n1", "", &good), "");
    let bad = node(
        r#""node-restriction.kubernetes.io/a":"b","x.k8s.io/c":"d","a.node-restriction.kubernetes.io/e":"f""#,
        "",
    );
    assert_eq!(
        ask("CREATE /nodes - n1", "", &bad),
        "node \"n1\" is not allowed to set the following labels: a.node-restriction.kubernetes.io/e, node-restriction.kubernetes.io/a, x.k8s.io/c"
    );
    assert_eq!(ask("UPDATE /nodes/status - n1", &bad, &bad), "");
    assert_eq!(
        ask("UPDATE /nodes - n1", &bad, &plain),
        "is not allowed to modify labels: a.node-restriction.kubernetes.io/e, node-restriction.kubernetes.io/a, x.k8s.io/c"
    );
    assert_eq!(
        ask("UPDATE /nodes - n1", &plain, &node("", r#"{"key":"k"}"#)),
        "node \"n1\" is not allowed to modify taints"
    );
}

#[test]
fn tokens_are_for_pods_of_the_node_and_for_whom_they_name() {
    let token = |bound: &str, audiences: &str| {
        let request = format!(
            r#"{{"spec":{{"boundObjectRef":{{"apiVersion":"v1","kind":"Pod",{bound}}},"audiences":[{audiences}]}}}}"#
        );
        ask("CREATE /serviceaccounts/token a bot", "", &request)
    };
    let mine = r#""name":"mine","uid":"7""#;
    assert_eq!(token(mine, r#""api""#), "");
    assert_eq!(token(mine, r#""driver""#), "");
    assert_eq!(
        token(mine, r#""other""#),
        "audience \"other\" not found in pod spec volume, system:node:n1 is not authorized to request tokens for this audience"
    );
    assert_eq!(
        token(mine, r#""api","x""#),
        "node may only request 0 or 1 audiences"
    );
    assert_eq!(
        token(r#""name":"mine""#, ""),
        "node requested token with a pod binding without a uid"
    );
    assert_eq!(
        token(r#""uid":"7""#, ""),
        "node requested token not bound to a pod"
    );
    assert_eq!(
        token(r#""name":"mine","uid":"8""#, ""),
        "the UID in the bound object reference (8) does not match the UID in record. The object might have been deleted and then recreated"
    );
}

#[test]
fn leases_claims_and_slices_are_its_own() {
    let lease = |namespace: &str, name: &str| {
        let object = format!(r#"{{"metadata":{{"name":"{name}"}}}}"#);
        ask(
            &format!("CREATE coordination.k8s.io/leases {namespace} {name}"),
            "",
            &object,
        )
    };
    assert_eq!(lease("kube-node-lease", "n1"), "");
    assert_eq!(
        lease("kube-node-lease", "n2"),
        "can only access node lease with the same name as the requesting node"
    );
    assert_eq!(
        lease("a", "n1"),
        "can only access leases in the \"kube-node-lease\" system namespace"
    );
    assert_eq!(
        ask("DELETE storage.k8s.io/csinodes - n2", "", ""),
        "can only access CSINode with the same name as the requesting node"
    );
    let slice = r#"{"spec":{"nodeName":"n2"}}"#;
    assert_eq!(
        ask("DELETE resource.k8s.io/resourceslices - s", slice, ""),
        "can only delete ResourceSlice with the same NodeName as the requesting node"
    );
    let claim = r#"{"spec":{"volumeName":"v"},"status":{"capacity":{"storage":"1"}}}"#;
    let larger = r#"{"spec":{"volumeName":"v"},"status":{"capacity":{"storage":"2"}}}"#;
    let stolen = r#"{"spec":{"volumeName":"w"},"status":{"capacity":{"storage":"1"}}}"#;
    let status = "UPDATE /persistentvolumeclaims/status a c";
    assert_eq!(ask(status, claim, larger), "");
    assert_eq!(
        ask(status, claim, stolen),
        "node \"n1\" is not allowed to update fields other than status.capacity and status.conditions: spec"
    );
    assert_eq!(
        ask("UPDATE /persistentvolumeclaims a c", claim, claim),
        "may only update PVC status"
    );
}
