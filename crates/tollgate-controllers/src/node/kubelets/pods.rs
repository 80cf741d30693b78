//! What a kubelet does for a pod on its node: it takes it a step further and tells of it.

use super::{Kubelets, millis};
use crate::context::Context;
use crate::controller::{Key, Outcome, Requeue};
use crate::driver::{Cache, Cached};
use crate::events::{Notice, Reference};
use crate::node::moment;
use crate::node::pod_lifecycle::{
    Memory, NodeFacts, Source, Sources, Step, Surroundings, is_admitted, step,
};
use crate::resources::{CONFIG_MAPS, NODES, PODS, SECRETS};
use std::sync::Arc;
use tollgate_api::client::{Client, Deletion, Target, Verb};
use tollgate_api::status::Reason;
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Value};

/// Whether a pod is still there.
fn is_there(context: &Context, key: &Key, uid: &str) -> bool {
    let known = context.cache.get(&PODS, &key.namespace, &key.name);
    known.is_some_and(|known| known.meta.uid == uid)
}

impl Kubelets {
    /// Takes a pod a step further.
    pub(super) async fn keep_pod(&self, context: &Context, key: &Key) -> Outcome {
        let Some(cached) = context.cache.get(&PODS, &key.namespace, &key.name) else {
            return Ok(Requeue::No);
        };
        let Some(node) = cached.pod.as_ref().map(|pod| pod.node.to_string()) else {
            return Ok(Requeue::No);
        };
        let pod = cached.object()?;
        let Some((step, memory)) = self.next_step(context, key, &cached, &pod, &node) else {
            return Ok(Requeue::No);
        };
        let client = self.client(context, &node);
        let again_at = step.again_at;
        match self.carry_out(context, &client, &node, pod, step).await {
            // Somebody was faster: what is to be done next follows from what they did.
            Err(status) if status.reason == Reason::NotFound => Ok(Requeue::No),
            Err(status) => Err(status),
            Ok(()) => {
                self.remember(context, key, &cached, memory);
                Ok(again_at.map_or(Requeue::No, |time| {
                    Requeue::After(millis(moment::millis_between(context.now, time)))
                }))
            }
        }
    }

    /// Keeps what was told of a pod, now that it was told, unless the pod has gone meanwhile.
    fn remember(&self, context: &Context, key: &Key, cached: &Cached, memory: Memory) {
        let uid = &cached.meta.uid;
        let mut state = self.state();
        if memory.is_empty() || !is_there(context, key, uid) {
            state.memories.remove(uid);
        } else {
            state.memories.insert(uid.clone(), memory);
        }
    }

    /// What is next for a pod; nothing if its node is not ours, is down, or has not registered before it came.
    fn next_step(
        &self,
        context: &Context,
        key: &Key,
        cached: &Cached,
        pod: &Value,
        node: &str,
    ) -> Option<(Step, Memory)> {
        let plan = self.plans.get(node)?;
        let uid = &cached.meta.uid;
        let stored = if is_admitted(pod) || cached.meta.deleted.is_some() {
            Value::Null
        } else {
            context.cache.get(&NODES, "", node)?.object().ok()?
        };
        let mut state = self.state();
        // Whoever goes from here on is told to this state later; whoever has gone is not to get a share again.
        if state.down.contains(node) || !is_there(context, key, uid) {
            return None;
        }
        let mut memory = state.memories.get(uid).cloned().unwrap_or_default();
        let kept = state.node(&self.plans, &context.cache, node)?;
        let in_status = pod.at(&["status", "podIP"]).and_then(Value::as_str);
        let (used, pods) = kept.used_by_others(uid);
        let host_ports = kept.ports_of_others(uid);
        let has_ended = cached
            .pod
            .as_ref()
            .is_some_and(|pod| pod.phase.is_terminal());
        let on_host = pod.at(&["spec", "hostNetwork"]).and_then(Value::as_bool) == Some(true);
        let node_ip = kept.slot.node_ip();
        let around = Surroundings {
            node: NodeFacts {
                ip: &node_ip,
                node: &stored,
                allocatable: &plan.group.allocatable,
                used: &used,
                pods,
                host_ports: &host_ports,
            },
            pod_ip: match (has_ended, on_host) {
                (true, _) => None,
                (false, true) => Some(node_ip.clone()),
                (false, false) => kept.addresses.address(uid, in_status),
            },
            sources: &InCache {
                cache: &context.cache,
                namespace: &key.namespace,
            },
            release: self.release,
        };
        let step = step(pod, &around, &mut memory, context.now);
        let mut next = pod.clone();
        if let Some(status) = &step.status {
            next.set("status", status.clone());
        }
        kept.allot(uid, &next);
        state.note_waiting(node, key, step.waits);
        Some((step, memory))
    }

    async fn carry_out(
        &self,
        context: &Context,
        client: &Arc<dyn Client>,
        node: &str,
        mut pod: Value,
        step: Step,
    ) -> Result<(), Status> {
        let metadata = pod.get("metadata").unwrap_or(&Value::Null);
        let namespace = CompactString::new(metadata.str_or_empty("namespace"));
        let name = CompactString::new(metadata.str_or_empty("name"));
        let uid = CompactString::new(metadata.str_or_empty("uid"));
        // Without grace it is on its way out already, held by finalizers alone.
        let is_held = metadata.int("deletionGracePeriodSeconds") == Some(0);
        let target = Target::object(&PODS, &namespace, &name);
        let about = Reference::of(&pod);
        if let Some(status) = step.status {
            pod.set("status", status);
            context
                .call_as(client, target.sub("status"), Verb::Update(pod))
                .await?;
        }
        for event in step.events {
            let notice = Notice {
                about: about.clone().part(event.field_path),
                component: CompactString::const_new("kubelet"),
                host: node.into(),
                event_type: event.event_type,
                reason: event.reason.into(),
                message: event.message,
                action: CompactString::default(),
            };
            context.notice(client, &notice);
        }
        if step.delete && !is_held {
            let deletion = Deletion {
                grace_period_seconds: Some(0),
                uid: Some(uid),
                ..Deletion::default()
            };
            context
                .call_as(client, target, Verb::Delete(deletion))
                .await?;
        }
        Ok(())
    }
}

/// ConfigMaps and Secrets as the cache has them.
#[derive(Debug)]
struct InCache<'c> {
    cache: &'c Cache,
    namespace: &'c str,
}

impl Sources for InCache<'_> {
    fn keys(&self, source: Source, name: &str) -> Option<Vec<String>> {
        let resource = match source {
            Source::ConfigMap => &CONFIG_MAPS,
            Source::Secret => &SECRETS,
        };
        let object = self
            .cache
            .get(resource, self.namespace, name)?
            .object()
            .ok()?;
        let keys = ["data", "binaryData"]
            .into_iter()
            .flat_map(|field| object.entries(field));
        Some(keys.map(|(key, _)| key.to_owned()).collect())
    }
}
