//! Each predicate on data: which nodes take a pod, and what is said where one does not.

use super::super::cluster::Cluster;
use super::super::node::NodeFacts;
use super::super::pod::PodInfo;
use super::super::reason::{Code, Rejection};
use super::super::selector::Labels;
use super::super::volumes::{ClaimInfo, ClassInfo, VolumeInfo};
use super::{Prepared, VolumePlan};
use std::sync::Arc;
use tollgate_api::{Release, Value, json};

fn value(text: &str) -> Value {
    json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn pod(metadata: &str, spec: &str) -> PodInfo {
    let mut pod = value(&format!(r#"{{"metadata":{metadata},"spec":{spec}}}"#));
    let metadata = pod.child_mut("metadata");
    metadata.set_default("namespace", || "default");
    metadata.set_default("name", || "p");
    PodInfo::read(&pod)
}

/// A cluster of nodes, each given by its name and its object, roomy unless it says otherwise.
fn cluster(nodes: &[(&str, &str)]) -> Cluster {
    let mut cluster = Cluster::default();
    for (name, node) in nodes {
        let mut node = value(node);
        node.child_mut("status").set_default("allocatable", || {
            value(r#"{"cpu":"10","memory":"10Gi","pods":"110"}"#)
        });
        cluster.set_node(name, NodeFacts::read(&node));
    }
    cluster
}

fn place(cluster: &mut Cluster, node: &str, metadata: &str, spec: &str) {
    let mut pod = pod(metadata, spec);
    pod.node_name = node.into();
    let pod = cluster.share(pod);
    cluster.place(&pod);
}

fn verdict(cluster: &mut Cluster, pod: PodInfo, node: &str) -> Option<Rejection> {
    let pod = cluster.share(pod);
    let slot = cluster.slot_of(node).unwrap();
    let prepared = match Prepared::new(cluster, &pod) {
        Ok(prepared) => prepared,
        Err(rejection) => return Some(rejection),
    };
    prepared.filter(cluster, &pod, slot).err()
}

fn reasons(rejection: Option<Rejection>) -> Vec<String> {
    let reasons = rejection
        .into_iter()
        .flat_map(|rejection| rejection.reasons);
    reasons
        .map(|reason| reason.text(Release::default()).into_owned())
        .collect()
}

/// What the node `n` says to a pod.
#[track_caller]
fn check(node: &str, spec: &str, expected: &[&str]) {
    let mut cluster = cluster(&[("n", node)]);
    let found = verdict(&mut cluster, pod("{}", spec), "n");
    assert_eq!(reasons(found), expected, "{node} {spec}");
}

#[test]
fn a_cordoned_node_takes_pods_that_tolerate_it() {
    let node = r#"{"spec":{"unschedulable":true}}"#;
    check(node, "{}", &["node(s) were unschedulable"]);
    let tolerates =
        r#"{"tolerations":[{"key":"node.kubernetes.io/unschedulable","operator":"Exists"}]}"#;
    check(node, tolerates, &[]);
}

#[test]
fn taints_must_be_tolerated_unless_they_are_soft() {
    let node =
        |effect: &str| format!(r#"{{"spec":{{"taints":[{{"key":"k","effect":"{effect}"}}]}}}}"#);
    let untolerated = ["node(s) had untolerated taint(s)"];
    check(&node("NoSchedule"), "{}", &untolerated);
    check(&node("NoExecute"), "{}", &untolerated);
    check(&node("PreferNoSchedule"), "{}", &[]);
    check(
        &node("NoSchedule"),
        r#"{"tolerations":[{"key":"k","operator":"Exists"}]}"#,
        &[],
    );
}

#[test]
fn node_selector_and_affinity_must_both_match() {
    let node = r#"{"metadata":{"labels":{"disk":"ssd"}}}"#;
    let mismatch = ["node(s) didn't match Pod's node affinity/selector"];
    check(node, r#"{"nodeSelector":{"disk":"ssd"}}"#, &[]);
    check(node, r#"{"nodeSelector":{"disk":"hdd"}}"#, &mismatch);
    let affinity = |values: &str| {
        format!(
            r#"{{"nodeSelector":{{"disk":"ssd"}},"affinity":{{"nodeAffinity":{{
            "requiredDuringSchedulingIgnoredDuringExecution":{{"nodeSelectorTerms":[
            {{"matchExpressions":[{{"key":"disk","operator":"In","values":{values}}}]}}]}}}}}}}}"#
        )
    };
    check(node, &affinity(r#"["ssd","hdd"]"#), &[]);
    check(node, &affinity(r#"["hdd"]"#), &mismatch);
}

#[test]
fn names_of_nodes_that_exclude_one_another_conflict() {
    let field =
        |name: &str| format!(r#"{{"key":"metadata.name","operator":"In","values":["{name}"]}}"#);
    let spec = |fields: &str| {
        format!(
            r#"{{"affinity":{{"nodeAffinity":{{"requiredDuringSchedulingIgnoredDuringExecution":
            {{"nodeSelectorTerms":[{{"matchFields":[{fields}]}}]}}}}}}}}"#
        )
    };
    check("{}", &spec(&field("n")), &[]);
    let both = format!("{},{}", field("n"), field("m"));
    check("{}", &spec(&both), &["pod affinity terms conflict"]);
}

#[test]
fn a_port_is_taken_on_its_address_or_on_all() {
    let with_port = |port: &str| format!(r#"{{"containers":[{{"ports":[{port}]}}]}}"#);
    let taken = ["node(s) didn't have free ports for the requested pod ports"];
    for (there, wanted, expected) in [
        (r#"{"hostPort":80}"#, r#"{"hostPort":80}"#, &taken[..]),
        (r#"{"hostPort":80}"#, r#"{"hostPort":81}"#, &[]),
        (
            r#"{"hostPort":80}"#,
            r#"{"hostPort":80,"protocol":"UDP"}"#,
            &[],
        ),
        (
            r#"{"hostPort":80,"hostIP":"1.1.1.1"}"#,
            r#"{"hostPort":80}"#,
            &taken[..],
        ),
        (
            r#"{"hostPort":80,"hostIP":"1.1.1.1"}"#,
            r#"{"hostPort":80,"hostIP":"2.2.2.2"}"#,
            &[],
        ),
    ] {
        let mut cluster = cluster(&[("n", "{}")]);
        place(&mut cluster, "n", r#"{"name":"there"}"#, &with_port(there));
        let found = verdict(&mut cluster, pod("{}", &with_port(wanted)), "n");
        assert_eq!(reasons(found), expected, "{there} {wanted}");
    }
}

fn requests(amounts: &str) -> String {
    format!(r#"{{"containers":[{{"resources":{{"requests":{amounts}}}}}]}}"#)
}

#[test]
fn everything_that_is_short_is_told() {
    let node = r#"{"status":{"allocatable":{"cpu":"1","memory":"1Gi","pods":"0"}}}"#;
    check(
        node,
        &requests(r#"{"cpu":"1","memory":"1Gi"}"#),
        &["Too many pods"],
    );
    check(
        node,
        &requests(r#"{"cpu":"2","memory":"2Gi","ephemeral-storage":"1","nvidia.com/gpu":"1"}"#),
        &[
            "Too many pods",
            "Insufficient cpu",
            "Insufficient memory",
            "Insufficient ephemeral-storage",
            "Insufficient nvidia.com/gpu",
        ],
    );
}

#[test]
fn removing_pods_does_not_help_where_a_node_is_too_small() {
    let code = |used: &str, wanted: &str| {
        let mut cluster = cluster(&[("n", "{}")]);
        place(&mut cluster, "n", r#"{"name":"there"}"#, &requests(used));
        let found = verdict(&mut cluster, pod("{}", &requests(wanted)), "n");
        found.map(|rejection| rejection.code)
    };
    assert_eq!(code(r#"{"cpu":"6"}"#, r#"{"cpu":"4"}"#), None);
    assert_eq!(
        code(r#"{"cpu":"6"}"#, r#"{"cpu":"5"}"#),
        Some(Code::Unschedulable)
    );
    assert_eq!(
        code(r#"{"cpu":"6"}"#, r#"{"cpu":"11"}"#),
        Some(Code::Unresolvable)
    );
}

#[test]
fn a_disk_is_used_once() {
    let mut cluster = cluster(&[("n", "{}"), ("m", "{}")]);
    let disk = r#"{"volumes":[{"awsElasticBlockStore":{"volumeID":"d"}}]}"#;
    place(&mut cluster, "n", r#"{"name":"there"}"#, disk);
    let found = verdict(&mut cluster, pod("{}", disk), "n");
    assert_eq!(reasons(found), ["node(s) had no available disk"]);
    assert_eq!(verdict(&mut cluster, pod("{}", disk), "m"), None);
}

const CLAIMED: &str = r#"{"volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"c"}}]}"#;

fn claim(cluster: &mut Cluster, text: &str) {
    cluster
        .volumes
        .set_claim("default", "c", Some(ClaimInfo::read(&value(text))));
}

fn volume(cluster: &mut Cluster, name: &str, text: &str) {
    cluster
        .volumes
        .set_volume(name, Some(VolumeInfo::read(&value(text))));
}

fn class(cluster: &mut Cluster, text: &str) {
    cluster
        .volumes
        .set_class("s", Some(ClassInfo::read(&value(text))));
}

const BOUND: &str = r#"{"metadata":{"annotations":{"pv.kubernetes.io/bind-completed":"yes"}},
    "spec":{"volumeName":"v","accessModes":["ReadWriteOncePod"]}}"#;

#[test]
fn claims_that_cannot_be_used_keep_a_pod_from_every_node() {
    for (text, expected) in [
        (None, "persistentvolumeclaim \"c\" not found"),
        (
            Some("{}"),
            "pod has unbound immediate PersistentVolumeClaims",
        ),
        (
            Some(r#"{"spec":{"storageClassName":"now"}}"#),
            "pod has unbound immediate PersistentVolumeClaims",
        ),
        (
            Some(r#"{"spec":{"volumeName":"v"},"status":{"phase":"Lost"}}"#),
            "persistentvolumeclaim \"c\" bound to non-existent persistentvolume \"v\"",
        ),
        (
            Some(r#"{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}}"#),
            "persistentvolumeclaim \"c\" is being deleted",
        ),
        (Some(BOUND), "persistentvolume \"v\" not found"),
    ] {
        let mut cluster = cluster(&[("n", "{}")]);
        if let Some(text) = text {
            claim(&mut cluster, text);
        }
        let found = verdict(&mut cluster, pod("{}", CLAIMED), "n");
        assert_eq!(reasons(found), [expected]);
    }
}

#[test]
fn an_ephemeral_claim_is_awaited_and_belongs_to_its_pod() {
    let mut cluster = cluster(&[("n", "{}")]);
    let spec = r#"{"volumes":[{"name":"v","ephemeral":{}}]}"#;
    let found = verdict(&mut cluster, pod("{}", spec), "n");
    assert_eq!(
        reasons(found),
        ["waiting for ephemeral volume controller to create the persistentvolumeclaim \"p-v\""]
    );
    cluster
        .volumes
        .set_claim("default", "p-v", Some(ClaimInfo::read(&value("{}"))));
    let found = verdict(&mut cluster, pod(r#"{"uid":"u"}"#, spec), "n");
    assert_eq!(
        reasons(found),
        ["PVC default/p-v was not created for pod default/p (pod is not owner)"]
    );
}

#[test]
fn a_volume_is_used_where_it_can_be_reached() {
    let zone = |zone: &str| {
        format!(r#"{{"metadata":{{"labels":{{"topology.kubernetes.io/zone":"{zone}"}}}}}}"#)
    };
    let mut cluster = cluster(&[("n", &zone("a")), ("m", &zone("b")), ("free", "{}")]);
    claim(&mut cluster, BOUND);
    volume(
        &mut cluster,
        "v",
        r#"{"metadata":{"labels":{"failure-domain.beta.kubernetes.io/zone":"a__c"}}}"#,
    );
    assert_eq!(verdict(&mut cluster, pod("{}", CLAIMED), "n"), None);
    assert_eq!(verdict(&mut cluster, pod("{}", CLAIMED), "free"), None);
    let found = verdict(&mut cluster, pod("{}", CLAIMED), "m");
    assert_eq!(reasons(found), ["node(s) had no available volume zone"]);
    let reachable = r#"{"spec":{"nodeAffinity":{"required":{"nodeSelectorTerms":[{"matchExpressions":
        [{"key":"topology.kubernetes.io/zone","operator":"In","values":["b"]}]}]}}}}"#;
    volume(&mut cluster, "v", reachable);
    let found = verdict(&mut cluster, pod("{}", CLAIMED), "n");
    assert_eq!(
        reasons(found),
        ["node(s) had volume node affinity conflict"]
    );
    assert_eq!(verdict(&mut cluster, pod("{}", CLAIMED), "m"), None);
}

#[test]
fn a_claim_for_one_pod_is_used_by_one() {
    let mut cluster = cluster(&[("n", "{}")]);
    claim(&mut cluster, BOUND);
    volume(&mut cluster, "v", "{}");
    place(&mut cluster, "n", r#"{"name":"there"}"#, CLAIMED);
    let found = verdict(&mut cluster, pod("{}", CLAIMED), "n");
    let text = "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode";
    assert_eq!(reasons(found), [text]);
}

#[test]
fn a_claim_that_waits_gets_the_smallest_volume_that_fits_or_a_new_one() {
    let mut cluster = cluster(&[("n", "{}")]);
    let text = r#"{"spec":{"storageClassName":"s","accessModes":["ReadWriteOnce"],
        "resources":{"requests":{"storage":"5Gi"}}}}"#;
    claim(&mut cluster, text);
    let waits = |provisioner: &str| {
        format!(r#"{{"provisioner":"{provisioner}","volumeBindingMode":"WaitForFirstConsumer"}}"#)
    };
    class(&mut cluster, &waits("kubernetes.io/no-provisioner"));
    let found = verdict(&mut cluster, pod("{}", CLAIMED), "n");
    assert_eq!(
        reasons(found),
        ["node(s) didn't find available persistent volumes to bind"]
    );
    let sized = |size: &str| {
        format!(
            r#"{{"spec":{{"storageClassName":"s","accessModes":["ReadWriteOnce"],
            "capacity":{{"storage":"{size}"}}}},"status":{{"phase":"Available"}}}}"#
        )
    };
    for (name, size) in [("small", "1Gi"), ("large", "50Gi"), ("right", "6Gi")] {
        volume(&mut cluster, name, &sized(size));
    }
    let plan = |cluster: &mut Cluster| {
        let pod = pod("{}", CLAIMED);
        let prepared = Prepared::new(cluster, &pod).unwrap();
        let slot = cluster.slot_of("n").unwrap();
        prepared.volumes.plan(cluster, cluster.node(slot).unwrap())
    };
    let key = || ("default".into(), "c".into());
    let bind = |name: &str| VolumePlan {
        bind: vec![(name.into(), key())],
        provision: Vec::new(),
    };
    assert_eq!(plan(&mut cluster), Some(bind("right")));
    cluster
        .volumes
        .promise("right", &("default".into(), "other".into()));
    assert_eq!(plan(&mut cluster), Some(bind("large")));
    cluster.volumes.set_volume("large", None);
    class(&mut cluster, &waits("example.com/disks"));
    let provision = VolumePlan {
        bind: Vec::new(),
        provision: vec![key()],
    };
    assert_eq!(plan(&mut cluster), Some(provision));
}

#[test]
fn a_driver_attaches_only_so_many_volumes() {
    let mut cluster = cluster(&[("n", "{}")]);
    cluster.set_volume_limits("n", [("d".into(), 1)].into());
    for name in ["one", "two"] {
        let text = BOUND
            .replace("ReadWriteOncePod", "ReadWriteMany")
            .replace("\"v\"", &format!("\"{name}\""));
        let info = ClaimInfo::read(&value(&text));
        cluster.volumes.set_claim("default", name, Some(info));
        volume(
            &mut cluster,
            name,
            &format!(r#"{{"spec":{{"csi":{{"driver":"d","volumeHandle":"{name}"}}}}}}"#),
        );
    }
    let using = |name: &str| CLAIMED.replace("\"c\"", &format!("\"{name}\""));
    place(&mut cluster, "n", r#"{"name":"there"}"#, &using("one"));
    assert_eq!(verdict(&mut cluster, pod("{}", &using("one")), "n"), None);
    let found = verdict(&mut cluster, pod("{}", &using("two")), "n");
    assert_eq!(reasons(found), ["node(s) exceed max volume count"]);
}

const ZONED: [(&str, &str); 4] = [
    ("a1", r#"{"metadata":{"labels":{"zone":"a","host":"a1"}}}"#),
    ("a2", r#"{"metadata":{"labels":{"zone":"a","host":"a2"}}}"#),
    ("b1", r#"{"metadata":{"labels":{"zone":"b","host":"b1"}}}"#),
    ("none", "{}"),
];

fn spread(more: &str) -> String {
    format!(
        r#"{{"topologySpreadConstraints":[{{"maxSkew":1,"topologyKey":"zone",
        "whenUnsatisfiable":"DoNotSchedule","labelSelector":{{"matchLabels":{{"app":"w"}}}}{more}}}]}}"#
    )
}

#[test]
fn pods_are_spread_over_domains() {
    let mut cluster = cluster(&ZONED);
    let app = r#"{"labels":{"app":"w"}}"#;
    let named = |name: &str| format!(r#"{{"name":"{name}","labels":{{"app":"w"}}}}"#);
    place(&mut cluster, "a1", &named("x"), "{}");
    let uneven = ["node(s) didn't match pod topology spread constraints"];
    let unlabeled =
        ["node(s) didn't match pod topology spread constraints (missing required label)"];
    assert_eq!(
        reasons(verdict(&mut cluster, pod(app, &spread("")), "a2")),
        uneven
    );
    assert_eq!(verdict(&mut cluster, pod(app, &spread("")), "b1"), None);
    assert_eq!(
        reasons(verdict(&mut cluster, pod(app, &spread("")), "none")),
        unlabeled
    );
    // A pod that the constraint does not count adds nothing to a domain.
    assert_eq!(verdict(&mut cluster, pod("{}", &spread("")), "a2"), None);
    place(&mut cluster, "b1", &named("y"), "{}");
    assert_eq!(verdict(&mut cluster, pod(app, &spread("")), "a2"), None);
    // Two domains are not enough: the emptiest counts as empty.
    assert_eq!(
        reasons(verdict(
            &mut cluster,
            pod(app, &spread(r#","minDomains":3"#)),
            "a2"
        )),
        uneven
    );
}

#[test]
fn shared_label_keys_narrow_what_is_counted() {
    let mut cluster = cluster(&ZONED);
    place(
        &mut cluster,
        "a1",
        r#"{"name":"x","labels":{"app":"w","rev":"1"}}"#,
        "{}",
    );
    let next = r#"{"labels":{"app":"w","rev":"2"}}"#;
    let keys = spread(r#","matchLabelKeys":["rev"]"#);
    assert_eq!(verdict(&mut cluster, pod(next, &keys), "a1"), None);
}

fn affinity(kind: &str, key: &str, app: &str) -> String {
    format!(
        r#"{{"affinity":{{"{kind}":{{"requiredDuringSchedulingIgnoredDuringExecution":[{{"topologyKey":"{key}",
        "labelSelector":{{"matchLabels":{{"app":"{app}"}}}}}}]}}}}}}"#
    )
}

#[test]
fn pods_stand_beside_others_or_apart() {
    let mut cluster = cluster(&ZONED);
    place(
        &mut cluster,
        "a1",
        r#"{"name":"x","labels":{"app":"w"}}"#,
        "{}",
    );
    let beside = affinity("podAffinity", "zone", "w");
    let apart = affinity("podAntiAffinity", "zone", "w");
    let no_affinity = ["node(s) didn't match pod affinity rules"];
    assert_eq!(verdict(&mut cluster, pod("{}", &beside), "a2"), None);
    assert_eq!(
        reasons(verdict(&mut cluster, pod("{}", &beside), "b1")),
        no_affinity
    );
    assert_eq!(
        reasons(verdict(&mut cluster, pod("{}", &beside), "none")),
        no_affinity
    );
    let found = verdict(&mut cluster, pod("{}", &apart), "a2");
    assert_eq!(
        reasons(found),
        ["node(s) didn't match pod anti-affinity rules"]
    );
    assert_eq!(verdict(&mut cluster, pod("{}", &apart), "b1"), None);
    // Another namespace is none of its business.
    let elsewhere = pod(r#"{"namespace":"other"}"#, &apart);
    assert_eq!(verdict(&mut cluster, elsewhere, "a1"), None);
}

#[test]
fn the_first_of_pods_that_stand_together_stands_anywhere() {
    let mut cluster = cluster(&ZONED);
    let together = affinity("podAffinity", "zone", "w");
    let found = verdict(
        &mut cluster,
        pod(r#"{"labels":{"app":"w"}}"#, &together),
        "b1",
    );
    assert_eq!(found, None);
    let other = verdict(&mut cluster, pod("{}", &together), "b1");
    assert_eq!(reasons(other), ["node(s) didn't match pod affinity rules"]);
}

#[test]
fn pods_that_want_to_be_alone_keep_others_away_until_they_leave() {
    let mut cluster = cluster(&ZONED);
    let alone = affinity("podAntiAffinity", "zone", "w");
    place(&mut cluster, "a1", r#"{"name":"x"}"#, &alone);
    let visitor = || pod(r#"{"labels":{"app":"w"}}"#, "{}");
    let found = verdict(&mut cluster, visitor(), "a2");
    assert_eq!(
        reasons(found),
        ["node(s) didn't satisfy existing pods anti-affinity rules"]
    );
    assert_eq!(verdict(&mut cluster, visitor(), "b1"), None);
    cluster.remove_pod(&("default".into(), "x".into()));
    assert_eq!(verdict(&mut cluster, visitor(), "a2"), None);
}

#[test]
fn terms_follow_the_labels_of_namespaces() {
    let mut cluster = cluster(&ZONED);
    let text = r#"{"affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[
        {"topologyKey":"zone","labelSelector":{},"namespaceSelector":{"matchLabels":{"team":"t"}}}]}}}"#;
    place(
        &mut cluster,
        "a1",
        r#"{"name":"x","namespace":"other"}"#,
        "{}",
    );
    assert_eq!(verdict(&mut cluster, pod("{}", text), "a1"), None);
    let labels: Labels = [("team", "t")].into_iter().collect();
    cluster.set_namespace("other", labels);
    let found = verdict(&mut cluster, pod("{}", text), "a1");
    assert_eq!(
        reasons(found),
        ["node(s) didn't match pod anti-affinity rules"]
    );
}

#[test]
fn what_was_found_out_about_a_node_is_forgotten_when_it_changes() {
    let mut cluster = cluster(&[("n", "{}")]);
    let spec = r#"{"nodeSelector":{"disk":"ssd"}}"#;
    let decided = |cluster: &mut Cluster| {
        let pod = cluster.share(pod("{}", spec));
        let prepared = Prepared::new(cluster, &pod).unwrap();
        let slot = cluster.slot_of("n").unwrap();
        let verdict = prepared.filter(cluster, &pod, slot);
        cluster.keep_verdicts(&pod, prepared.verdicts);
        (verdict.is_ok(), Arc::strong_count(&pod.spec) > 1)
    };
    assert_eq!(decided(&mut cluster), (false, true));
    let node = r#"{"metadata":{"labels":{"disk":"ssd"}},"status":{"allocatable":{"pods":"1"}}}"#;
    cluster.set_node("n", NodeFacts::read(&value(node)));
    assert_eq!(decided(&mut cluster), (true, true));
}
