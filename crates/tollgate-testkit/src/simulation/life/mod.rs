//! What people do to a cluster: one action after another, chosen by the seed.

mod dice;
mod nodes;
mod objects;
mod policies;
mod workloads;

pub(crate) use dice::Dice;
pub(crate) use objects::FATE;

use super::mirror::{Mirror, meta};
use crate::cluster::Cluster;
use std::collections::BTreeMap;
use tollgate_api::client::{Deletion, GroupVersionResource, Propagation, Target};
use tollgate_api::{Status, Value};
use tollgate_controllers::resources::{CRON_JOBS, NAMESPACES, PRIORITY_CLASSES, STORAGE_CLASSES};

const NAMESPACE_NAMES: [&str; 3] = ["alpha", "beta", "gamma"];
const NAMES: [&str; 3] = ["a", "b", "c"];

/// Somebody who works with the cluster.
#[derive(Debug)]
pub(crate) struct Life {
    dice: Dice,
    /// How often each action was done, and how often it was refused.
    pub(crate) done: BTreeMap<&'static str, (u64, u64)>,
    /// What was done last, for whoever looks for the cause of a failure.
    pub(crate) story: Vec<String>,
}

/// What an action says of itself: its name, what it was about, and how it went.
type Told = (&'static str, String, Result<(), Status>);

/// The hands of the somebody, for one action.
pub(super) struct Hands<'c> {
    pub(super) cluster: &'c Cluster,
    pub(super) mirror: &'c Mirror,
    pub(super) dice: Dice,
}

impl Hands<'_> {
    pub(super) fn namespace(&self) -> &'static str {
        self.dice.pick(&NAMESPACE_NAMES)
    }

    pub(super) fn name(&self) -> &'static str {
        self.dice.pick(&NAMES)
    }

    pub(super) fn create(
        &self,
        resource: &GroupVersionResource,
        namespace: &str,
        object: &str,
    ) -> Result<(), Status> {
        self.cluster.create(resource, namespace, object).map(drop)
    }

    pub(super) fn patch(&self, target: Target<'_>, patch: &str) -> Result<(), Status> {
        self.cluster.patch(target, patch).map(drop)
    }

    pub(super) fn delete(&self, target: Target<'_>) -> Result<(), Status> {
        let propagation = match self.dice.below(8) {
            0 => Some(Propagation::Orphan),
            1 | 2 => Some(Propagation::Foreground),
            3 | 4 => Some(Propagation::Background),
            _ => None,
        };
        let deletion = Deletion {
            propagation,
            ..Deletion::default()
        };
        self.cluster.delete(target, deletion).map(drop)
    }

    /// One of the objects of a resource: its namespace, its name, itself.
    pub(super) fn any(&self, resource: &GroupVersionResource) -> Option<(String, String, &Value)> {
        let all = self.mirror.of(&resource.group, &resource.resource, None);
        let all: Vec<_> = all.map(|(_, object)| object).collect();
        let object = self.dice.one_of(all)?;
        Some((
            meta(object, "namespace").to_owned(),
            meta(object, "name").to_owned(),
            object,
        ))
    }

    /// One of the objects of a resource that people made.
    pub(super) fn any_own(
        &self,
        resource: &GroupVersionResource,
    ) -> Option<(String, String, &Value)> {
        let all = self.mirror.of(&resource.group, &resource.resource, None);
        let own = all.filter(|(key, object)| {
            NAMESPACE_NAMES.contains(&key.namespace())
                && object.at(&["metadata", "ownerReferences"]).is_none()
        });
        let own: Vec<_> = own.map(|(_, object)| object).collect();
        let object = self.dice.one_of(own)?;
        Some((
            meta(object, "namespace").to_owned(),
            meta(object, "name").to_owned(),
            object,
        ))
    }
}

impl Life {
    /// Somebody who chooses by that cluster's seed.
    pub(crate) fn new(cluster: &Cluster) -> Self {
        Self {
            dice: Dice(cluster.world.clone()),
            done: BTreeMap::new(),
            story: Vec::new(),
        }
    }

    /// Makes what there is before anything else.
    pub(crate) fn begin(cluster: &Cluster) {
        for name in NAMESPACE_NAMES {
            let namespace = format!(r#"{{"metadata":{{"name":"{name}"}}}}"#);
            cluster
                .create(&NAMESPACES, "", &namespace)
                .expect("a namespace");
        }
        for (name, value) in [("important", 1000), ("usual", 0)] {
            let class = format!(r#"{{"metadata":{{"name":"{name}"}},"value":{value}}}"#);
            cluster
                .create(&PRIORITY_CLASSES, "", &class)
                .expect("a class");
        }
        let class = r#"{"metadata":{"name":"simulated"},"provisioner":"tollgate.dev/simulated","volumeBindingMode":"WaitForFirstConsumer"}"#;
        cluster
            .create(&STORAGE_CLASSES, "", class)
            .expect("a class of storage");
    }

    /// Does one thing. An error is one that no server may answer with.
    pub(crate) fn act(&mut self, cluster: &Cluster, mirror: &Mirror) -> Result<(), String> {
        let hands = Hands {
            cluster,
            mirror,
            dice: self.dice.clone(),
        };
        let told = match self.dice.below(100) {
            0..=59 => workloads::act(&hands),
            60..=81 => policies::act(&hands),
            _ => nodes::act(&hands),
        };
        let Some((action, about, outcome)) = told else {
            return Ok(());
        };
        let counts = self.done.entry(action).or_default();
        counts.0 += 1;
        let time = cluster.world.elapsed_now().as_secs_f64();
        let told = match &outcome {
            Ok(()) => format!("{time:.3} {action} {about}"),
            Err(status) => format!("{time:.3} {action} {about}: {}", status.message),
        };
        self.story.push(told.clone());
        match outcome {
            Err(status) if !matches!(status.code, 403 | 404 | 409 | 422 | 429) => {
                Err(format!("{} {:?}: {told}", status.code, status.reason))
            }
            Err(_) => {
                counts.1 += 1;
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Makes everything as it has to be for the cluster to settle.
    pub(crate) fn end(&mut self, cluster: &Cluster, mirror: &Mirror) {
        nodes::heal(cluster, mirror);
        // Otherwise there is always a Job that has just begun.
        for (key, _) in mirror.of("batch", "cronjobs", None) {
            let target = Target::object(&CRON_JOBS, key.namespace(), key.name());
            let suspended = cluster.patch(target, r#"{"spec":{"suspend":true}}"#);
            suspended.expect("a CronJob can be suspended");
        }
        self.story.push("all is well again".to_owned());
    }
}
