//! Every law can be broken: what it forbids is written past the server, straight into the store.

use crate::simulation::mirror::uid;
use crate::simulation::{Failure, Plan, Simulation};
use std::time::Duration;
use tollgate_api::client::{GroupVersionResource, Target, Verb};
use tollgate_api::{Value, json};
use tollgate_apiserver::storage::{Key, Write};
use tollgate_controllers::resources::{
    DEPLOYMENTS, JOBS, LIMIT_RANGES, NAMESPACES, NODES, POD_DISRUPTION_BUDGETS, PODS,
    RESOURCE_QUOTAS, STATEFUL_SETS,
};

const NAMESPACE: &str = "alpha";
const SCHEDULER: Option<&str> = Some("kube-scheduler");
const STATEFUL: Option<&str> = Some("statefulset-controller");
const DISRUPTION: Option<&str> = Some("disruption-controller");

/// A cluster of one node in which nothing goes wrong.
struct Broken(Simulation);

impl Broken {
    fn new() -> Self {
        let plan = Plan {
            nodes: 1,
            ..Plan::default()
        };
        let mut broken = Self(Simulation::new(4, &plan));
        broken.holds(Simulation::begin);
        broken.pass(60);
        broken
    }

    #[track_caller]
    fn holds(&mut self, what: impl FnOnce(&mut Simulation) -> Result<(), Failure>) {
        if let Err(Failure(text)) = what(&mut self.0) {
            panic!("{text}");
        }
    }

    #[track_caller]
    fn pass(&mut self, seconds: u64) {
        self.holds(|simulation| simulation.advance(Duration::from_secs(seconds)));
    }

    /// Makes an object as people do, and lets the cluster come to rest.
    #[track_caller]
    fn make(&mut self, resource: &GroupVersionResource, object: &str) -> &mut Self {
        self.0
            .cluster
            .create(resource, NAMESPACE, object)
            .unwrap_or_else(|status| panic!("{}: {object}", status.message));
        self.holds(Simulation::judge);
        self.pass(30);
        self
    }

    #[track_caller]
    fn patch(&mut self, resource: &GroupVersionResource, name: &str, patch: &str) -> &mut Self {
        let namespaced = *resource != NODES && *resource != NAMESPACES;
        let namespace = if namespaced { NAMESPACE } else { "" };
        let target = Target::object(resource, namespace, name);
        let patched = self.0.cluster.patch(target, patch);
        patched.unwrap_or_else(|status| panic!("{}: {patch}", status.message));
        self.holds(Simulation::judge);
        self
    }

    fn read(&self, resource: &GroupVersionResource, name: &str) -> (Key, Value) {
        let (group, plural) = (&resource.group, &resource.resource);
        let found = self.0.mirror.of(group, plural, Some(NAMESPACE));
        let mut found = found.filter(|(key, _)| key.name().starts_with(name));
        let (key, object) = found.next().expect("it was made");
        (key.clone(), object.clone())
    }

    /// Writes to the store in one transaction.
    fn write(&self, writes: Vec<(Key, Option<Value>)>) {
        let writes = writes.into_iter().map(|(key, object)| match object {
            Some(object) => Write::Put {
                key,
                value: json::to_string(&object).into(),
            },
            None => Write::Delete { key },
        });
        let writes: Vec<Write> = writes.collect();
        let written = self.0.cluster.store.transact(&mut |_| writes.clone());
        written.expect("a store in memory takes everything");
    }

    /// Writes, as if that controller had, and expects a law to say so.
    #[track_caller]
    fn breaks(
        &mut self,
        worker: Option<&'static str>,
        writes: Vec<(Key, Option<Value>)>,
        law: &str,
    ) {
        self.write(writes);
        let judged = self.0.judge_work(worker);
        let Err(Failure(text)) = judged else {
            panic!("nobody minds; expected: {law}");
        };
        let first = text.lines().next().unwrap_or_default();
        assert!(first.contains(law), "{first}\nexpected: {law}");
    }

    /// Breaks a law by changing one object.
    #[track_caller]
    fn changes(
        &mut self,
        worker: Option<&'static str>,
        (resource, name): (&GroupVersionResource, &str),
        change: impl FnOnce(&mut Value),
        law: &str,
    ) {
        let (key, mut object) = self.read(resource, name);
        change(&mut object);
        self.breaks(worker, vec![(key, Some(object))], law);
    }

    /// Another pod like one that is there.
    fn twin(&self, of: &str, name: &str) -> (Key, Value) {
        let (_, mut pod) = self.read(&PODS, of);
        let metadata = pod.child_mut("metadata");
        metadata.set("name", name);
        metadata.set("uid", "another");
        let status = pod.child_mut("status");
        status.remove("podIP");
        status.remove("podIPs");
        (Key::new("", "pods", NAMESPACE, name), pod)
    }
}

fn value(text: &str) -> Value {
    json::from_str(text).expect("JSON")
}

fn container(more: &str) -> String {
    format!(r#""containers":[{{"name":"c","image":"i"{more}}}]"#)
}

fn pod(name: &str, spec: &str) -> String {
    let labels = r#""labels":{"app":"web"}"#;
    format!(r#"{{"metadata":{{"name":"{name}",{labels}}},"spec":{{{spec}}}}}"#)
}

fn workload(more: &str, annotations: &str) -> String {
    let container = container("");
    format!(
        r#"{{"metadata":{{"name":"web"}},"spec":{{{more},"selector":{{"matchLabels":{{"app":"web"}}}},"template":{{"metadata":{{"labels":{{"app":"web"}},"annotations":{{{annotations}}}}},"spec":{{{container}}}}}}}}}"#
    )
}

fn stateful(more: &str, annotations: &str) -> String {
    workload(&format!(r#""serviceName":"web",{more}"#), annotations)
}

#[test]
fn a_pod_is_not_put_on_a_node_that_does_not_take_it() {
    let affinity = |kind: &str, rule: &str| {
        format!(
            r#""affinity":{{"{kind}":{{"requiredDuringSchedulingIgnoredDuringExecution":{rule}}}}}"#
        )
    };
    let on_ssd = affinity(
        "nodeAffinity",
        r#"{"nodeSelectorTerms":[{"matchExpressions":[{"key":"disk","operator":"In","values":["ssd"]}]}]}"#,
    );
    let alone = affinity(
        "podAntiAffinity",
        r#"[{"topologyKey":"kubernetes.io/hostname","labelSelector":{"matchLabels":{"app":"web"}}}]"#,
    );
    let taint =
        |effect: &str| format!(r#"{{"spec":{{"taints":[{{"key":"k","effect":"{effect}"}}]}}}}"#);
    for (node, spec, law) in [
        (taint("NoSchedule"), "", "it has the taint"),
        (taint("NoExecute"), "", "it has the taint"),
        (
            r#"{"spec":{"unschedulable":true}}"#.to_owned(),
            "",
            "it is cordoned",
        ),
        (
            "{}".to_owned(),
            r#""nodeSelector":{"disk":"ssd"}"#,
            "no label disk",
        ),
        ("{}".to_owned(), on_ssd.as_str(), "affinity is for others"),
        (
            "{}".to_owned(),
            alone.as_str(),
            "it is beside /pods/alpha/first",
        ),
    ] {
        let mut broken = Broken::new();
        broken.make(&PODS, &pod("first", &container("")));
        broken.patch(&NODES, "node-0", &node);
        let more = if spec.is_empty() { "" } else { "," };
        broken.make(
            &PODS,
            &pod("second", &format!("{}{more}{spec}", container(""))),
        );
        let bind = |pod: &mut Value| pod.child_mut("spec").set("nodeName", "node-0");
        broken.changes(SCHEDULER, (&PODS, "second"), bind, law);
    }
}

#[test]
fn a_node_is_not_given_more_than_it_has() {
    for (amounts, law) in [
        (r#""cpu":"5""#, "of cpu"),
        (r#""memory":"7Gi""#, "of memory"),
        (r#""example.com/gpu":"3""#, "of example.com/gpu"),
        ("", "of pods"),
    ] {
        let mut broken = Broken::new();
        let resources =
            format!(r#","resources":{{"requests":{{{amounts}}},"limits":{{{amounts}}}}}"#);
        if amounts.is_empty() {
            for number in 0..14 {
                broken.make(&PODS, &pod(&format!("p{number}"), &container("")));
            }
        }
        broken.make(&PODS, &pod("large", &container(&resources)));
        let bind = |pod: &mut Value| pod.child_mut("spec").set("nodeName", "node-0");
        broken.changes(SCHEDULER, (&PODS, "large"), bind, law);
    }
}

/// Three pods, of which one may go.
fn with_budget() -> Broken {
    let mut broken = Broken::new();
    broken.make(&DEPLOYMENTS, &workload(r#""replicas":3"#, ""));
    let budget = r#"{"metadata":{"name":"b"},"spec":{"maxUnavailable":1,"selector":{"matchLabels":{"app":"web"}}}}"#;
    broken.make(&POD_DISRUPTION_BUDGETS, budget);
    broken
}

fn evict(broken: &Broken, pod: &str) -> bool {
    let eviction = format!(r#"{{"metadata":{{"name":"{pod}"}}}}"#);
    let target = Target::object(&PODS, NAMESPACE, pod).sub("eviction");
    broken
        .0
        .cluster
        .call(target, Verb::Create(value(&eviction)))
        .is_ok()
}

#[test]
fn an_eviction_does_not_pass_its_budget_by() {
    let mut broken = with_budget();
    let mark = |pod: &mut Value| {
        let status = pod.child_mut("status");
        let mut conditions = status.items("conditions").to_vec();
        conditions.push(value(
            r#"{"type":"DisruptionTarget","status":"True","reason":"EvictionByEvictionAPI"}"#,
        ));
        status.set("conditions", conditions);
    };
    broken.changes(None, (&PODS, "web"), mark, "was evicted and not charged");
}

#[test]
fn an_eviction_takes_no_more_than_is_allowed() {
    let mut broken = with_budget();
    let (first, _) = broken.read(&PODS, "web");
    assert!(evict(&broken, first.name()));
    broken.holds(Simulation::judge);
    let pods = broken.0.mirror.of("", "pods", Some(NAMESPACE));
    let mut others = pods.filter(|(key, _)| **key != first);
    let other = others.next().map(|(key, _)| key.name().to_owned());
    drop(others);
    let other = other.expect("three pods");
    assert!(!evict(&broken, &other));
    let charge = |budget: &mut Value| {
        let status = budget.child_mut("status");
        status.set("disruptionsAllowed", -1_i64);
        status
            .child_mut("disruptedPods")
            .set(other, "2026-01-15T12:00:00Z");
    };
    broken.changes(None, (&POD_DISRUPTION_BUDGETS, "b"), charge, "was charged");
}

#[test]
fn a_budget_does_not_allow_more_than_it_can() {
    let mut broken = with_budget();
    let raise = |budget: &mut Value| budget.child_mut("status").set("disruptionsAllowed", 2_i64);
    broken.changes(
        DISRUPTION,
        (&POD_DISRUPTION_BUDGETS, "b"),
        raise,
        "allows 2 of 3",
    );
}

#[test]
fn a_budget_does_not_ask_for_less_than_it_says() {
    let mut broken = with_budget();
    let lower = |budget: &mut Value| {
        let status = budget.child_mut("status");
        status.set("desiredHealthy", 1_i64);
        status.set("disruptionsAllowed", 2_i64);
    };
    broken.changes(
        DISRUPTION,
        (&POD_DISRUPTION_BUDGETS, "b"),
        lower,
        "asks for 1 pods only",
    );
}

#[test]
fn a_budget_does_not_forget_who_is_being_evicted() {
    let mut broken = with_budget();
    let (key, _) = broken.read(&PODS, "web");
    let now = broken.0.cluster.get(&PODS, NAMESPACE, key.name());
    let now = now.and_then(|pod| Some(pod.at(&["status", "startTime"])?.as_str()?.to_owned()));
    let note = |budget: &mut Value| {
        let status = budget.child_mut("status");
        status.set("disruptionsAllowed", 0_i64);
        status.child_mut("disruptedPods").set(key.name(), now);
    };
    let (budget, mut noted) = broken.read(&POD_DISRUPTION_BUDGETS, "b");
    note(&mut noted);
    broken.write(vec![(budget, Some(noted))]);
    broken.holds(Simulation::judge);
    let forget = |budget: &mut Value| budget.child_mut("status").remove("disruptedPods");
    let law = "forgot that";
    broken.changes(
        DISRUPTION,
        (&POD_DISRUPTION_BUDGETS, "b"),
        |budget| drop(forget(budget)),
        law,
    );
}

#[test]
fn a_later_pod_of_a_stateful_set_is_not_made_before_the_first_is_ready() {
    let mut broken = Broken::new();
    let never = r#""tollgate.dev/never-ready":"true""#;
    broken.make(&STATEFUL_SETS, &stateful(r#""replicas":2"#, never));
    let (key, pod) = broken.twin("web-0", "web-1");
    broken.breaks(
        STATEFUL,
        vec![(key, Some(pod))],
        "made out of order: 0 is not ready",
    );
}

#[test]
fn a_stateful_set_makes_no_pod_that_it_does_not_want() {
    let mut broken = Broken::new();
    broken.make(&STATEFUL_SETS, &stateful(r#""replicas":2"#, ""));
    let (key, pod) = broken.twin("web-0", "web-2");
    broken.breaks(STATEFUL, vec![(key, Some(pod))], "it is none of 0..2");
}

fn dies(pod: &mut Value) {
    let metadata = pod.child_mut("metadata");
    metadata.set("deletionTimestamp", "2026-01-15T12:00:00Z");
    metadata.set("generation", 2_i64);
}

#[test]
fn pods_of_a_stateful_set_go_from_the_last_to_the_first() {
    let mut broken = Broken::new();
    broken.make(&STATEFUL_SETS, &stateful(r#""replicas":3"#, ""));
    let law = "deleted out of order: it has the new template";
    broken.changes(STATEFUL, (&PODS, "web-1"), dies, law);

    let mut broken = Broken::new();
    broken.make(&STATEFUL_SETS, &stateful(r#""replicas":3"#, ""));
    broken.patch(&STATEFUL_SETS, "web", r#"{"spec":{"replicas":1}}"#);
    while broken
        .0
        .cluster
        .cache()
        .get(&STATEFUL_SETS, NAMESPACE, "web")
        .is_some_and(|set| {
            set.object()
                .is_ok_and(|set| set.at(&["spec", "replicas"]) == Some(&Value::from(3_i64)))
        })
    {
        broken.holds(|simulation| simulation.step().map(drop));
    }
    broken.changes(STATEFUL, (&PODS, "web-1"), dies, "goes first");
}

#[test]
fn an_update_of_a_stateful_set_leaves_the_partition_alone() {
    let mut broken = Broken::new();
    let partition =
        r#""replicas":2,"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":1}}"#;
    broken.make(&STATEFUL_SETS, &stateful(partition, ""));
    let image = r#"{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":5}}}}"#;
    broken.patch(&STATEFUL_SETS, "web", image);
    broken.pass(120);
    let law = "does not get the new template by itself";
    broken.changes(STATEFUL, (&PODS, "web-0"), dies, law);

    let mut broken = Broken::new();
    broken.make(&STATEFUL_SETS, &stateful(partition, ""));
    broken.patch(&STATEFUL_SETS, "web", image);
    broken.pass(120);
    let (key, mut first) = broken.read(&PODS, "web-0");
    let (_, second) = broken.read(&PODS, "web-1");
    let hash = "controller-revision-hash";
    let newer = second.at(&["metadata", "labels", hash]).cloned();
    let labels = first.child_mut("metadata").child_mut("labels");
    assert_ne!(labels.get(hash), newer.as_ref());
    labels.set(hash, newer);
    broken.write(vec![(key.clone(), None)]);
    broken.holds(Simulation::judge);
    broken.breaks(STATEFUL, vec![(key, Some(first))], "is of another revision");
}

#[test]
fn what_has_an_owner_is_not_collected() {
    let mut broken = Broken::new();
    broken.make(&DEPLOYMENTS, &workload(r#""replicas":1"#, ""));
    let (key, _) = broken.read(&PODS, "web");
    let worker = Some("garbage-collector-controller");
    broken.breaks(worker, vec![(key, None)], "its owner lives");
}

#[test]
fn an_object_does_not_become_another() {
    let mut broken = Broken::new();
    broken.make(&DEPLOYMENTS, &workload(r#""replicas":1"#, ""));
    let law = "was replaced without being deleted";
    let change = |set: &mut Value| set.child_mut("metadata").set("uid", "another");
    broken.changes(None, (&DEPLOYMENTS, "web"), change, law);
    let mut broken = Broken::new();
    broken.make(&DEPLOYMENTS, &workload(r#""replicas":1"#, ""));
    let change = |set: &mut Value| set.child_mut("spec").set("replicas", 2_i64);
    let law = "another spec in the same generation";
    broken.changes(None, (&DEPLOYMENTS, "web"), change, law);
}

#[test]
fn nothing_comes_into_a_namespace_that_is_not_there() {
    let mut broken = Broken::new();
    broken.make(&PODS, &pod("a", &container("")));
    let (_, pod) = broken.twin("a", "b");
    let key = Key::new("", "pods", "nowhere", "b");
    broken.breaks(None, vec![(key, Some(pod))], "came without its namespace");
}

#[test]
fn a_pod_beyond_a_limit_range_does_not_come_in() {
    for (limit, law) in [
        (
            r#"{"type":"Container","max":{"cpu":"1"}}"#,
            "more cpu than 1000",
        ),
        (
            r#"{"type":"Container","min":{"cpu":"60m"}}"#,
            "less cpu than 60",
        ),
        (r#"{"type":"Pod","min":{"memory":"1Gi"}}"#, "less memory"),
    ] {
        let mut broken = Broken::new();
        broken.make(&PODS, &pod("a", &container("")));
        let range = format!(r#"{{"metadata":{{"name":"r"}},"spec":{{"limits":[{limit}]}}}}"#);
        broken.make(&LIMIT_RANGES, &range);
        let (key, pod) = broken.twin("a", "b");
        broken.breaks(None, vec![(key, Some(pod))], law);
    }
}

#[test]
fn a_pod_that_its_namespace_forbids_does_not_come_in() {
    let mut broken = Broken::new();
    broken.make(&PODS, &pod("a", &container("")));
    let label = r#"{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}"#;
    broken.patch(&NAMESPACES, NAMESPACE, label);
    let (key, pod) = broken.twin("a", "b");
    broken.breaks(None, vec![(key, Some(pod))], "came though restricted");
}

#[test]
fn a_pod_does_not_live_twice_or_at_the_address_of_another() {
    let mut broken = Broken::new();
    let annotated = r#"{"metadata":{"name":"a","annotations":{"tollgate.dev/exit-after":"1s"}},"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}"#;
    broken.make(&PODS, annotated);
    let revive = |pod: &mut Value| pod.child_mut("status").set("phase", "Running");
    broken.changes(None, (&PODS, "a"), revive, "was Succeeded and is Running");

    let mut broken = Broken::new();
    broken.make(&PODS, &pod("a", &container("")));
    let (key, mut twin) = broken.twin("a", "b");
    let (_, first) = broken.read(&PODS, "a");
    let address = first.at(&["status", "podIP"]).cloned();
    twin.child_mut("status").set("podIP", address);
    broken.breaks(None, vec![(key, Some(twin))], "have the address");
}

#[test]
fn quotas_count_what_is_there_and_let_nobody_past() {
    let quota = r#"{"metadata":{"name":"q"},"spec":{"hard":{"pods":"1"}}}"#;
    let with_quota = || {
        let mut broken = Broken::new();
        broken.make(&PODS, &pod("a", &container("")));
        broken.make(&RESOURCE_QUOTAS, quota);
        broken
    };
    let mut broken = with_quota();
    let (key, twin) = broken.twin("a", "b");
    broken.breaks(None, vec![(key, Some(twin))], "are used, but");
    let mut broken = with_quota();
    let (key, twin) = broken.twin("a", "b");
    let (quota, mut used) = broken.read(&RESOURCE_QUOTAS, "q");
    used.child_mut("status").child_mut("used").set("pods", "2");
    broken.breaks(
        None,
        vec![(key, Some(twin)), (quota, Some(used))],
        "was let past its pods",
    );
}

#[test]
fn workloads_make_no_more_than_they_were_told_to() {
    let mut broken = Broken::new();
    broken.make(&DEPLOYMENTS, &workload(r#""replicas":1"#, ""));
    let (key, twin) = broken.twin("web", "web-twin");
    broken.breaks(
        None,
        vec![(key, Some(twin))],
        "is one of 2 where 1 were wanted",
    );

    let mut broken = Broken::new();
    broken.make(&DEPLOYMENTS, &workload(r#""replicas":1"#, ""));
    let sets = broken.0.mirror.of("apps", "replicasets", Some(NAMESPACE));
    let (key, set) = sets.last().expect("a set");
    let (key, mut set) = (key.clone(), set.clone());
    set.child_mut("spec").set("replicas", 3_i64);
    set.child_mut("metadata").set("generation", 9_i64);
    broken.breaks(
        None,
        vec![(key, Some(set))],
        "makes it 3 replicas, 2 may be there",
    );
}

#[test]
fn a_job_that_has_finished_stays_so() {
    let mut broken = Broken::new();
    let job = r#"{"metadata":{"name":"j"},"spec":{"template":{"metadata":{"annotations":{"tollgate.dev/exit-after":"1s"}},"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}"#;
    broken.make(&JOBS, job);
    let revive = |job: &mut Value| {
        job.child_mut("status")
            .set("conditions", Value::Array(Vec::new()));
    };
    broken.changes(None, (&JOBS, "j"), revive, "had finished");
}

#[test]
fn the_controllers_of_a_cluster_keep_all_laws_in_what_is_broken_here() {
    let mut broken = with_budget();
    broken.make(
        &STATEFUL_SETS,
        &stateful(r#""replicas":3"#, "").replace("web", "db"),
    );
    broken.patch(&STATEFUL_SETS, "db", r#"{"spec":{"replicas":1}}"#);
    let image = r#"{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":5}}}}"#;
    broken.patch(&STATEFUL_SETS, "db", image);
    broken.pass(300);
    let (_, last) = broken.read(&PODS, "db-0");
    assert!(!uid(&last).is_empty());
    let pods = broken.0.mirror.of("", "pods", Some(NAMESPACE));
    assert_eq!(pods.count(), 4);
}
