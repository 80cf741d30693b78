//! One look at a Deployment: reads it and its ReplicaSets, does the next step, writes the status once.

use super::conditions::{self, PROGRESSING, REPLICA_FAILURE};
use super::model::{Deployment, REVISION, Set, Sets, Strategy, revision_of};
use super::rolling::{self, Scale};
use super::{hash, proportion, revision, status, template};
use crate::claim;
use crate::context::Context;
use crate::controller::{Key, Outcome, Requeue};
use crate::driver::condition;
use crate::events::EventType;
use crate::namespaces;
use crate::pod_control::{self, Owning};
use crate::refused::Refused;
use crate::resources::{DEPLOYMENTS, PODS, REPLICA_SETS};
use std::collections::BTreeMap;
use tollgate_api::client::Deletion;
use tollgate_api::{Reason, Status, Value};

/// What a look at one Deployment works with.
struct Look<'a> {
    cx: &'a Context,
    refused: &'a Refused,
    key: &'a Key,
    owner: Owning,
    deployment: Deployment,
    sets: Sets,
}

/// Looks at a Deployment.
pub(super) async fn sync(refused: &Refused, cx: &Context, key: &Key) -> Outcome {
    let Some(found) = cx.cache.get(&DEPLOYMENTS, &key.namespace, &key.name) else {
        refused.clear(key);
        return Ok(Requeue::No);
    };
    let deployment = Deployment::new(found.object()?);
    let owner = Owning::new(&DEPLOYMENTS, "Deployment", &found);
    let claimed = claim::claim(cx, &owner, &REPLICA_SETS, &deployment.selector, |_| true).await?;
    let sets = claimed.iter().map(|set| Ok(Set::new(set.object()?)));
    let sets = Sets::new(
        &deployment.template,
        sets.collect::<Result<Vec<Set>, Status>>()?,
    );
    let mut look = Look {
        cx,
        refused,
        key,
        owner,
        deployment,
        sets,
    };
    look.go().await
}

impl Look<'_> {
    async fn go(&mut self) -> Outcome {
        if self.owner.is_deleted {
            self.update_new_set().await?;
            return self.finish(false).await;
        }
        status::note_pause(&mut self.deployment, self.cx.now);
        self.update_new_set().await?;
        if self.deployment.is_paused || proportion::is_scaled(&self.deployment, &self.sets) {
            self.apply(&proportion::scale(&self.deployment, &self.sets))
                .await?;
            if self.deployment.is_paused {
                self.clean_up().await?;
            }
            return self.finish(false).await;
        }
        match self.deployment.strategy {
            Strategy::RollingUpdate => self.roll().await,
            Strategy::Recreate => self.recreate().await,
        }
    }

    async fn roll(&mut self) -> Outcome {
        if let Some(outcome) = self.ensure_new_set().await? {
            return Ok(outcome);
        }
        let scales = rolling::rolling(&self.deployment, &self.sets);
        if !scales.is_empty() {
            self.apply(&scales).await?;
        } else if self.deployment.is_complete(&self.deployment.status) {
            self.clean_up().await?;
        }
        self.finish(true).await
    }

    async fn recreate(&mut self) -> Outcome {
        let scales = rolling::end_old(&self.sets);
        if !scales.is_empty() {
            self.apply(&scales).await?;
            return self.finish(true).await;
        }
        if self.has_old_pods() {
            return self.finish(true).await;
        }
        if let Some(outcome) = self.ensure_new_set().await? {
            return Ok(outcome);
        }
        let grown = self
            .sets
            .new
            .as_ref()
            .filter(|set| set.replicas != self.deployment.replicas);
        if let Some(set) = grown {
            self.apply(&[Scale::new(set, self.deployment.replicas)])
                .await?;
        }
        if self.deployment.is_complete(&self.deployment.status) {
            self.clean_up().await?;
        }
        self.finish(true).await
    }

    /// Whether a pod of an old template has not ended yet, one that is being deleted included.
    fn has_old_pods(&self) -> bool {
        let mut old = self.sets.old.iter();
        old.any(|set| {
            let namespace = &set.meta.namespace;
            let pods = self.cx.cache.controlled_by(&PODS, namespace, &set.meta.uid);
            let mut pods = pods.iter();
            set.status_replicas > 0
                || pods.any(|pod| pod_control::is_active(pod) || pod_control::is_terminating(pod))
        })
    }

    /// Brings annotations of the new ReplicaSet up to date, and the Deployment's number with it.
    async fn update_new_set(&mut self) -> Result<(), Status> {
        let revision = revision::next(&self.sets.old);
        let Some(set) = &mut self.sets.new else {
            return Ok(());
        };
        let wanted = self.deployment.min_ready_seconds;
        let found = set.object.at(&["spec", "minReadySeconds"]);
        let is_other = found.and_then(Value::as_i64).unwrap_or_default() != wanted;
        let mut object = set.object.clone();
        if revision::annotate(&self.deployment, &mut object, revision) || is_other {
            object.child_mut("spec").set("minReadySeconds", wanted);
            let stored = self.cx.update(&REPLICA_SETS, "", object).await?;
            *set = Set::new(stored.parse()?);
        }
        let name = set.name().clone();
        self.take_revision();
        if self.deployment.deadline_seconds.is_some()
            && condition(&self.deployment.status, PROGRESSING).is_none()
        {
            self.progress(
                "FoundNewReplicaSet",
                format!("Found new replica set \"{name}\""),
            );
        }
        Ok(())
    }

    /// The Deployment has the number of its new ReplicaSet.
    fn take_revision(&mut self) {
        let new = self.sets.new.as_ref();
        let number = new.and_then(|set| revision_of(&set.object));
        if let Some(number) = number {
            let metadata = self.deployment.object.child_mut("metadata");
            metadata.child_mut("annotations").set(REVISION, number);
        }
    }

    fn progress(&mut self, reason: &str, message: String) {
        let now = self.cx.now;
        let found = conditions::new(PROGRESSING, "True", reason, message, now);
        conditions::set(&mut self.deployment.status, found);
    }

    /// Makes the new ReplicaSet if it is not there. An outcome if that ends this look.
    async fn ensure_new_set(&mut self) -> Result<Option<Requeue>, Status> {
        if self.sets.new.is_some() {
            self.refused.clear(self.key);
            return Ok(None);
        }
        self.refused.attempt(self.key);
        let object = template::replica_set(&self.deployment, &self.owner, &self.sets);
        let name = object.get("metadata").unwrap_or(&Value::Null);
        let name = name.str_or_empty("name").to_owned();
        let namespace = &self.owner.reference.namespace;
        let is_new = match self.cx.create(&REPLICA_SETS, namespace, object).await {
            Ok(stored) => {
                let set = Set::new(stored.parse()?);
                if set.replicas > 0 {
                    let message =
                        format!("Scaled up replica set {name} from 0 to {}", set.replicas);
                    self.owner
                        .event(self.cx, EventType::Normal, "ScalingReplicaSet", message);
                }
                self.sets.new = Some(set);
                true
            }
            Err(status) if status.reason == Reason::AlreadyExists => {
                let known = self.cx.get(&REPLICA_SETS, namespace, &name).await?;
                let set = Set::new(known);
                if !self.is_ours(&set) {
                    return self.collide().await.map(Some);
                }
                self.sets.new = Some(set);
                false
            }
            Err(status) if namespaces::is_ending(&status) => return Ok(Some(Requeue::No)),
            Err(status) => return Err(self.tell_refusal(&name, status).await),
        };
        self.refused.clear(self.key);
        self.take_revision();
        if is_new && self.deployment.deadline_seconds.is_some() {
            self.progress(
                "NewReplicaSetCreated",
                format!("Created new replica set \"{name}\""),
            );
        }
        Ok(None)
    }

    /// Whether a ReplicaSet is this Deployment's and of its template.
    fn is_ours(&self, set: &Set) -> bool {
        let owner = set.meta.controller();
        let template = set.object.at(&["spec", "template"]);
        owner.is_some_and(|owner| self.owner.is(owner))
            && template.is_some_and(|template| {
                hash::canonical(template) == hash::canonical(&self.deployment.template)
            })
    }

    /// Another template has the hash: the next look takes another hash.
    async fn collide(&mut self) -> Outcome {
        let count = self.deployment.status.int("collisionCount");
        let count = count.unwrap_or_default().saturating_add(1);
        let mut status = self.deployment.status.clone();
        status.set("collisionCount", count);
        self.write(status).await?;
        Ok(Requeue::Backoff)
    }

    /// Tells that the ReplicaSet could not be made.
    async fn tell_refusal(&mut self, name: &str, refusal: Status) -> Status {
        let message = format!("Failed to create new replica set \"{name}\": {refusal}");
        let reason = "ReplicaSetCreateError";
        if self.deployment.deadline_seconds.is_some() {
            let now = self.cx.now;
            let failed = conditions::new(PROGRESSING, "False", reason, message.as_str(), now);
            let mut status = self.deployment.status.clone();
            conditions::set(&mut status, failed);
            if let Err(failure) = self.write(status).await {
                return failure;
            }
        }
        self.owner
            .event(self.cx, EventType::Warning, reason, message);
        refusal
    }

    /// Gives ReplicaSets their sizes, one after the other: what fails ends the look.
    async fn apply(&self, scales: &[Scale<'_>]) -> Result<(), Status> {
        let mut newest: BTreeMap<&str, Value> = BTreeMap::new();
        for scale in scales {
            let name = scale.set.name().as_str();
            let known = newest.remove(name);
            let mut object = known.unwrap_or_else(|| scale.set.object.clone());
            let is_resized = scale.from != scale.to;
            let is_news = revision::set_replicas(&self.deployment, &mut object);
            if !(is_resized || (scale.is_forced && is_news)) {
                continue;
            }
            object.child_mut("spec").set("replicas", scale.to);
            let stored = self.cx.update(&REPLICA_SETS, "", object).await?;
            newest.insert(name, stored.parse()?);
            if is_resized {
                let way = if scale.from < scale.to { "up" } else { "down" };
                let message = format!(
                    "Scaled {way} replica set {name} from {} to {}",
                    scale.from, scale.to
                );
                self.owner
                    .event(self.cx, EventType::Normal, "ScalingReplicaSet", message);
            }
        }
        Ok(())
    }

    /// Deletes ReplicaSets beyond the history that is kept.
    async fn clean_up(&self) -> Result<(), Status> {
        for set in revision::beyond_history(&self.deployment, &self.sets.old) {
            let deletion = Deletion {
                uid: Some(set.meta.uid.clone()),
                ..Deletion::default()
            };
            let (namespace, name) = (&set.meta.namespace, set.name());
            match self
                .cx
                .delete(&REPLICA_SETS, namespace, name, deletion)
                .await
            {
                Err(status) if status.reason != Reason::NotFound => return Err(status),
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes the status, and says when to look again.
    async fn finish(&mut self, is_rollout: bool) -> Outcome {
        let now = self.cx.now;
        let (deployment, sets) = (&self.deployment, &self.sets);
        if !is_rollout {
            let status = status::counted(deployment, sets, now);
            self.write(status).await?;
            return Ok(Requeue::No);
        }
        let status = status::of_rollout(deployment, sets, now);
        self.tell_failure(&status);
        let next = status::next_look(deployment, &status, now);
        self.write(status).await?;
        Ok(next.map_or(Requeue::No, Requeue::After))
    }

    /// Tells the Deployment's people why there are no pods, once for each refusal. Upstream leaves that to the
    /// ReplicaSet, where fewer people look.
    fn tell_failure(&self, status: &Value) {
        let Some(failure) = condition(status, REPLICA_FAILURE) else {
            return;
        };
        let known = condition(&self.deployment.old_status, REPLICA_FAILURE);
        if known.is_some_and(|known| known.str("message") == failure.str("message")) {
            return;
        }
        let reason = failure.str_or_empty("reason");
        let what = match reason {
            "FailedCreate" => "creating",
            _ => "deleting",
        };
        let message = format!("Error {what}: {}", failure.str_or_empty("message"));
        self.owner
            .event(self.cx, EventType::Warning, reason, message);
    }

    /// Writes status and number together, if either is new.
    async fn write(&self, status: Value) -> Result<(), Status> {
        let deployment = &self.deployment;
        let revision = revision_of(&deployment.object);
        if status == deployment.old_status && revision == deployment.old_revision {
            return Ok(());
        }
        let mut object = deployment.object.clone();
        object.set("status", status);
        match self.cx.update(&DEPLOYMENTS, "status", object).await {
            // It was deleted meanwhile.
            Err(status) if status.reason == Reason::NotFound => Ok(()),
            result => result.map(|_| ()),
        }
    }
}
