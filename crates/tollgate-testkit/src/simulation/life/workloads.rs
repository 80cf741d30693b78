//! What people do to workloads and their pods.

use super::objects;
use super::{Hands, Told};
use crate::simulation::mirror::{controller, meta, uid};
use tollgate_api::client::{Deletion, GroupVersionResource, Selection, Target, Verb};
use tollgate_api::{Value, json, label_selector};
use tollgate_controllers::resources::{
    CONFIG_MAPS, CRON_JOBS, DAEMON_SETS, DEPLOYMENTS, JOBS, PERSISTENT_VOLUME_CLAIMS, PODS,
    REPLICA_SETS, REPLICATION_CONTROLLERS, SERVICES, STATEFUL_SETS,
};

const OWNERS: [&GroupVersionResource; 7] = [
    &CRON_JOBS,
    &DAEMON_SETS,
    &DEPLOYMENTS,
    &JOBS,
    &REPLICA_SETS,
    &REPLICATION_CONTROLLERS,
    &STATEFUL_SETS,
];
const SCALED: [&GroupVersionResource; 5] = [
    &DEPLOYMENTS,
    &DEPLOYMENTS,
    &REPLICA_SETS,
    &REPLICATION_CONTROLLERS,
    &STATEFUL_SETS,
];

pub(super) fn act(hands: &Hands<'_>) -> Option<Told> {
    match hands.dice.below(33) {
        0..=10 => Some(create(hands)),
        11..=14 => scale(hands),
        15..=18 => change_template(hands),
        19 => pause(hands),
        20 => roll_back(hands),
        21 | 22 => delete_owner(hands),
        23 => delete_pod(hands),
        24 | 30..=32 => evict(hands),
        25 => relabel(hands),
        26 => Some(delete_pods(hands)),
        27 => suspend(hands),
        28 => delete_other(hands),
        _ => set_parallelism(hands),
    }
}

fn create(hands: &Hands<'_>) -> Told {
    let (namespace, name, dice) = (hands.namespace(), hands.name(), &hands.dice);
    let (action, resource, object) = match dice.below(16) {
        0..=4 => (
            "create deployment",
            &DEPLOYMENTS,
            objects::deployment(dice, name),
        ),
        5 => (
            "create replica set",
            &REPLICA_SETS,
            objects::replica_set(dice, name, false),
        ),
        6 => (
            "create replication controller",
            &REPLICATION_CONTROLLERS,
            objects::replica_set(dice, name, true),
        ),
        7 | 8 => (
            "create stateful set",
            &STATEFUL_SETS,
            objects::stateful_set(dice, name),
        ),
        9 => (
            "create daemon set",
            &DAEMON_SETS,
            objects::daemon_set(dice, name),
        ),
        10 | 11 => ("create job", &JOBS, objects::job(dice, name)),
        12 => ("create cron job", &CRON_JOBS, objects::cron_job(dice, name)),
        13 => ("create pod", &PODS, objects::pod(dice, name)),
        14 => ("create service", &SERVICES, objects::service(name)),
        _ => {
            let name = dice.pick(&["data-a", "data-b"]);
            let claim = objects::claim(dice, name);
            ("create claim", &PERSISTENT_VOLUME_CLAIMS, claim)
        }
    };
    let outcome = hands.create(resource, namespace, &object);
    (action, format!("{namespace}/{name} {object}"), outcome)
}

fn scale(hands: &Hands<'_>) -> Option<Told> {
    let resource = hands.dice.pick(&SCALED);
    let (namespace, name, _) = hands.any_own(resource)?;
    let replicas = hands.dice.below(7);
    let target = Target::object(resource, &namespace, &name).sub("scale");
    let outcome = hands.patch(target, &format!(r#"{{"spec":{{"replicas":{replicas}}}}}"#));
    Some((
        "scale",
        format!("{resource} {namespace}/{name} {replicas}"),
        outcome,
    ))
}

fn change_template(hands: &Hands<'_>) -> Option<Told> {
    let resource = hands.dice.pick(&[
        &DEPLOYMENTS,
        &DEPLOYMENTS,
        &DAEMON_SETS,
        &STATEFUL_SETS,
        &REPLICA_SETS,
    ]);
    let (namespace, name, object) = hands.any_own(resource)?;
    let labels = object.at(&["spec", "template", "metadata", "labels"])?;
    let labels: Vec<String> = labels
        .as_object()?
        .iter()
        .map(|(key, value)| format!(r#""{key}":{value}"#))
        .collect();
    let template = objects::template(&hands.dice, &labels.join(","), false);
    let mut next = object.clone();
    let template = json::from_str(&template).expect("a template in JSON");
    next.child_mut("spec").set("template", template);
    let target = Target::object(resource, &namespace, &name);
    let outcome = hands.cluster.update(target, next).map(drop);
    Some((
        "change template",
        format!("{resource} {namespace}/{name}"),
        outcome,
    ))
}

fn pause(hands: &Hands<'_>) -> Option<Told> {
    let (namespace, name, object) = hands.any_own(&DEPLOYMENTS)?;
    let is_paused = object.at(&["spec", "paused"]).and_then(Value::as_bool) == Some(true);
    let target = Target::object(&DEPLOYMENTS, &namespace, &name);
    let patch = format!(r#"{{"spec":{{"paused":{}}}}}"#, !is_paused);
    let outcome = hands.patch(target, &patch);
    Some((
        "pause",
        format!("{namespace}/{name} {}", !is_paused),
        outcome,
    ))
}

/// As `kubectl rollout undo` does: the template of an older ReplicaSet.
fn roll_back(hands: &Hands<'_>) -> Option<Told> {
    let (namespace, name, deployment) = hands.any_own(&DEPLOYMENTS)?;
    let sets = hands.mirror.of("apps", "replicasets", Some(&namespace));
    let sets = sets.filter(|(_, set)| {
        controller(set).is_some_and(|owner| owner.str("uid") == Some(uid(deployment)))
    });
    let set = hands
        .dice
        .one_of(sets.map(|(_, set)| set).collect::<Vec<_>>())?;
    let mut template = set.at(&["spec", "template"])?.clone();
    template
        .child_mut("metadata")
        .child_mut("labels")
        .remove("pod-template-hash");
    let mut next = deployment.clone();
    next.child_mut("spec").set("template", template);
    let target = Target::object(&DEPLOYMENTS, &namespace, &name);
    let outcome = hands.cluster.update(target, next).map(drop);
    Some((
        "roll back",
        format!("{namespace}/{name} to {}", meta(set, "name")),
        outcome,
    ))
}

fn delete_owner(hands: &Hands<'_>) -> Option<Told> {
    let resource = hands.dice.pick(&OWNERS);
    let (namespace, name, _) = hands.any(resource)?;
    let outcome = hands.delete(Target::object(resource, &namespace, &name));
    Some((
        "delete workload",
        format!("{resource} {namespace}/{name}"),
        outcome,
    ))
}

fn delete_other(hands: &Hands<'_>) -> Option<Told> {
    let resource = hands
        .dice
        .pick(&[&SERVICES, &PERSISTENT_VOLUME_CLAIMS, &CONFIG_MAPS]);
    let (namespace, name, _) = hands.any(resource)?;
    let outcome = hands.delete(Target::object(resource, &namespace, &name));
    Some((
        "delete other",
        format!("{resource} {namespace}/{name}"),
        outcome,
    ))
}

fn delete_pod(hands: &Hands<'_>) -> Option<Told> {
    let (namespace, name, _) = hands.any(&PODS)?;
    let grace = [None, None, Some(0), Some(1), Some(40)];
    let deletion = Deletion {
        grace_period_seconds: hands.dice.one_of(grace.to_vec())?,
        ..Deletion::default()
    };
    let target = Target::object(&PODS, &namespace, &name);
    let about = format!("{namespace}/{name} {:?}", deletion.grace_period_seconds);
    Some((
        "delete pod",
        about,
        hands.cluster.delete(target, deletion).map(drop),
    ))
}

/// Evicts a pod; mostly one that somebody wants kept.
fn evict(hands: &Hands<'_>) -> Option<Told> {
    let budgets = hands.mirror.of("policy", "poddisruptionbudgets", None);
    let kept = budgets.flat_map(|(key, budget)| {
        let selector = budget.at(&["spec", "selector"]).unwrap_or(&Value::Null);
        let pods = hands.mirror.of("", "pods", Some(key.namespace()));
        pods.filter(|(_, pod)| {
            let labels = pod.at(&["metadata", "labels"]).unwrap_or(&Value::Null);
            label_selector::matches(selector, labels)
        })
    });
    let kept: Vec<&Value> = kept.map(|(_, pod)| pod).collect();
    let chosen = hands.dice.one_of(kept).filter(|_| hands.dice.percent(80));
    let pod = match chosen {
        Some(pod) => pod,
        None => hands.any(&PODS)?.2,
    };
    let (namespace, name) = (meta(pod, "namespace"), meta(pod, "name"));
    let eviction = format!(
        r#"{{"apiVersion":"policy/v1","kind":"Eviction","metadata":{{"name":"{name}","namespace":"{namespace}"}}}}"#
    );
    let eviction = json::from_str(&eviction).expect("an eviction in JSON");
    let target = Target::object(&PODS, namespace, name).sub("eviction");
    let outcome = hands.cluster.call(target, Verb::Create(eviction)).map(drop);
    Some(("evict", format!("{namespace}/{name}"), outcome))
}

/// Takes a pod from its set, or gives it back.
fn relabel(hands: &Hands<'_>) -> Option<Told> {
    let (namespace, name, _) = hands.any(&PODS)?;
    let app = hands.name();
    let target = Target::object(&PODS, &namespace, &name);
    let outcome = hands.patch(
        target,
        &format!(r#"{{"metadata":{{"labels":{{"app":"{app}"}}}}}}"#),
    );
    Some(("relabel", format!("{namespace}/{name} {app}"), outcome))
}

fn delete_pods(hands: &Hands<'_>) -> Told {
    let (namespace, app) = (hands.namespace(), hands.name());
    let selection = Selection {
        labels: format!("app={app}"),
        ..Selection::default()
    };
    let verb = Verb::DeleteCollection(selection, Deletion::default());
    let outcome = hands
        .cluster
        .call(Target::collection(&PODS, namespace), verb)
        .map(drop);
    ("delete pods", format!("{namespace}/{app}"), outcome)
}

fn suspend(hands: &Hands<'_>) -> Option<Told> {
    let resource = hands.dice.pick(&[&CRON_JOBS, &JOBS]);
    let (namespace, name, object) = hands.any(resource)?;
    let is_suspended = object.at(&["spec", "suspend"]).and_then(Value::as_bool) == Some(true);
    let target = Target::object(resource, &namespace, &name);
    let outcome = hands.patch(
        target,
        &format!(r#"{{"spec":{{"suspend":{}}}}}"#, !is_suspended),
    );
    Some((
        "suspend",
        format!("{resource} {namespace}/{name} {}", !is_suspended),
        outcome,
    ))
}

fn set_parallelism(hands: &Hands<'_>) -> Option<Told> {
    let (namespace, name, _) = hands.any(&JOBS)?;
    let parallelism = hands.dice.below(3) + 1;
    let target = Target::object(&JOBS, &namespace, &name);
    let outcome = hands.patch(
        target,
        &format!(r#"{{"spec":{{"parallelism":{parallelism}}}}}"#),
    );
    Some((
        "set parallelism",
        format!("{namespace}/{name} {parallelism}"),
        outcome,
    ))
}
