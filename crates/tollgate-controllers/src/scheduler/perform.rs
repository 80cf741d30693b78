//! Does what was decided: bindings, conditions, events, evictions.

use super::controller::Scheduler;
use super::filter::VolumePlan;
use super::pod::PodInfo;
use super::preempt::{Candidate, VICTIM_REASON, preempted_message, victim_message};
use super::state::Work;
use super::volumes::{ClaimKey, SELECTED_NODE};
use crate::conditions::{self, OfPod};
use crate::context::Context;
use crate::events::{EventType, Notice, Reference};
use crate::resources::{PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, PODS};
use futures_util::future::join_all;
use std::sync::Arc;
use tollgate_api::client::{Deletion, PatchKind, Target, Verb};
use tollgate_api::status::Reason;
use tollgate_api::value::CompactString;
use tollgate_api::{Release, Status, Value};

/// The longest message of an event.
const NOTE_LENGTH_MAX: usize = 1024;
/// The first release whose conditions say which generation of the pod they are about.
const GENERATION_OBSERVED: Release = Release::minor(34);

/// A condition of a pod.
struct Condition<'a> {
    type_name: &'a str,
    status: &'a str,
    reason: &'a str,
    message: &'a str,
}

impl Scheduler {
    /// Does what was decided. What fails is tried again later.
    pub(super) async fn perform(&self, context: &Context, work: Work) {
        match work {
            Work::Bind { pod } => {
                if let Err(status) = bind(context, &pod).await {
                    self.fail(context, &pod, "Bind plugin \"DefaultBinder\"", &status)
                        .await;
                    return;
                }
                let PodInfo {
                    namespace,
                    name,
                    node_name,
                    ..
                } = &*pod;
                let text = format!("Successfully assigned {namespace}/{name} to {node_name}");
                tell(
                    context,
                    &pod,
                    EventType::Normal,
                    "Scheduled",
                    "Binding",
                    text,
                );
            }
            Work::PrepareVolumes { pod, plan } => {
                if let Err(status) = prepare(context, &pod.node_name, &plan).await {
                    self.fail(context, &pod, "PreBind plugin \"VolumeBinding\"", &status)
                        .await;
                }
            }
            Work::GiveUp { pod } => {
                let status = Status::internal("binding volumes: context deadline exceeded");
                self.fail(context, &pod, "PreBind plugin \"VolumeBinding\"", &status)
                    .await;
            }
            Work::Explain {
                pod,
                message,
                preemption,
                clears_nomination,
                displaced,
            } => {
                let nominated = match &preemption {
                    Some(candidate) => Some(candidate.node.as_str()),
                    None => clears_nomination.then_some(""),
                };
                self.explain(context, &pod, "Unschedulable", &message, nominated)
                    .await;
                if let Some(candidate) = &preemption {
                    for waiting in &displaced {
                        self.set_status(context, waiting, None, Some("")).await;
                    }
                    self.make_room(context, &pod, candidate).await;
                }
            }
            Work::Skip { pod } => {
                let text = format!("skip schedule deleting pod: {}/{}", pod.namespace, pod.name);
                tell(
                    context,
                    &pod,
                    EventType::Warning,
                    "FailedScheduling",
                    "Scheduling",
                    text,
                );
            }
        }
    }

    /// A step between decision and binding failed: the pod is not on its node after all.
    async fn fail(&self, context: &Context, pod: &PodInfo, step: &str, status: &Status) {
        self.state().unassume(pod, context.clock.elapsed());
        if status.reason == Reason::NotFound {
            return;
        }
        let text = format!("running {step}: {}", status.message);
        self.explain(context, pod, "SchedulerError", &text, None)
            .await;
    }

    async fn explain(
        &self,
        context: &Context,
        pod: &PodInfo,
        reason: &str,
        message: &str,
        nominated: Option<&str>,
    ) {
        let text = shorten(message);
        tell(
            context,
            pod,
            EventType::Warning,
            "FailedScheduling",
            "Scheduling",
            text,
        );
        let condition = Condition {
            type_name: "PodScheduled",
            status: "False",
            reason,
            message,
        };
        self.set_status(context, pod, Some(condition), nominated)
            .await;
    }

    /// Writes a condition and the nominated node, where they are not so already. A pod that is gone, or that somebody
    /// changed meanwhile, is not told: it is decided about anew.
    async fn set_status(
        &self,
        context: &Context,
        pod: &PodInfo,
        condition: Option<Condition<'_>>,
        nominated: Option<&str>,
    ) {
        let Some(object) = current(context, pod) else {
            return;
        };
        let mut status = Value::object();
        let old = object.get("status").unwrap_or(&Value::Null);
        if let Some(condition) = condition.and_then(|new| self.condition(context, &object, &new)) {
            status.set("conditions", vec![condition]);
        }
        if let Some(node) = nominated.filter(|node| old.str_or_empty("nominatedNodeName") != *node)
        {
            let node = (!node.is_empty()).then(|| Value::from(node));
            status.set("nominatedNodeName", node);
        }
        if status
            .as_object()
            .is_none_or(tollgate_api::Object::is_empty)
        {
            return;
        }
        let mut patch = Value::object();
        patch.child_mut("metadata").set("uid", pod.uid.clone());
        patch.set("status", status);
        let target = Target::object(&PODS, &pod.namespace, &pod.name).sub("status");
        let _ = context.patch(target, PatchKind::Strategic, patch).await;
    }

    /// The condition as it is to be written; none if the pod has it.
    fn condition(&self, context: &Context, pod: &Value, new: &Condition<'_>) -> Option<Value> {
        let status = pod.get("status").unwrap_or(&Value::Null);
        let old = conditions::find(status.items("conditions"), new.type_name);
        let generation = pod
            .get("metadata")
            .and_then(|metadata| metadata.int("generation"))
            .filter(|generation| *generation > 0 && self.release >= GENERATION_OBSERVED);
        let is_same = old.is_some_and(|old| {
            old.str("status") == Some(new.status)
                && old.str("reason") == Some(new.reason)
                && old.str("message") == Some(new.message)
                && (generation.is_none() || old.int("observedGeneration") == generation)
        });
        let condition = OfPod {
            condition_type: new.type_name,
            status: new.status,
            reason: new.reason,
            message: new.message,
            generation,
        };
        (!is_same).then(|| condition.to_value(old, context.now))
    }

    async fn make_room(&self, context: &Context, pod: &PodInfo, candidate: &Candidate) {
        let victims = candidate
            .victims
            .iter()
            .filter(|victim| !victim.is_terminating);
        let evictions = victims.map(|victim| self.evict(context, pod, victim, &candidate.node));
        if join_all(evictions).await.contains(&false) {
            self.state().retry(pod, context.clock.elapsed());
        }
    }

    /// Has a pod deleted. Tells whether it is on its way out.
    async fn evict(
        &self,
        context: &Context,
        pod: &PodInfo,
        victim: &Arc<PodInfo>,
        node: &str,
    ) -> bool {
        let message = victim_message(&pod.spec.scheduler_name);
        let condition = Condition {
            type_name: "DisruptionTarget",
            status: "True",
            reason: VICTIM_REASON,
            message: &message,
        };
        self.set_status(context, victim, Some(condition), None)
            .await;
        let deletion = Deletion {
            uid: Some(victim.uid.clone()),
            ..Deletion::default()
        };
        let deleted = context
            .delete(&PODS, &victim.namespace, &victim.name, deletion)
            .await;
        if let Err(status) = deleted {
            return status.reason == Reason::NotFound;
        }
        let text = preempted_message(&pod.uid, node);
        tell(
            context,
            victim,
            EventType::Normal,
            "Preempted",
            "Preempting",
            text,
        );
        true
    }
}

/// The pod as it is in the cache, if it is the same one.
fn current(context: &Context, pod: &PodInfo) -> Option<Value> {
    let cached = context.cache.get(&PODS, &pod.namespace, &pod.name)?;
    (cached.meta.uid == pod.uid).then(|| cached.object().ok())?
}

async fn bind(context: &Context, pod: &PodInfo) -> Result<(), Status> {
    let mut binding = Value::object();
    binding.set("apiVersion", "v1");
    binding.set("kind", "Binding");
    let metadata = binding.child_mut("metadata");
    metadata.set("namespace", pod.namespace.clone());
    metadata.set("name", pod.name.clone());
    metadata.set("uid", pod.uid.clone());
    let target = binding.child_mut("target");
    target.set("kind", "Node");
    target.set("name", pod.node_name.clone());
    let target = Target::object(&PODS, &pod.namespace, &pod.name).sub("binding");
    let Err(status) = context.call(target, Verb::Create(binding)).await else {
        return Ok(());
    };
    // A failure that is no refusal may only mean that the answer was lost. Whoever then takes the room for free gives it to
    // another pod before the watch tells of this one.
    if status.code >= 500
        && let Ok(bound) = context.get(&PODS, &pod.namespace, &pod.name).await
        && bound.at(&["metadata", "uid"]).and_then(Value::as_str) == Some(&pod.uid)
        && bound.at(&["spec", "nodeName"]).and_then(Value::as_str) == Some(&pod.node_name)
    {
        return Ok(());
    }
    Err(status)
}

/// Gives volumes to claims, and tells provisioners for which node others are wanted.
async fn prepare(context: &Context, node: &str, plan: &VolumePlan) -> Result<(), Status> {
    for (volume, claim) in &plan.bind {
        give(context, volume, claim).await?;
    }
    for (namespace, name) in &plan.provision {
        let mut patch = Value::object();
        let metadata = patch.child_mut("metadata");
        metadata.child_mut("annotations").set(SELECTED_NODE, node);
        let target = Target::object(&PERSISTENT_VOLUME_CLAIMS, namespace, name);
        context.patch(target, PatchKind::Merge, patch).await?;
    }
    Ok(())
}

async fn give(context: &Context, volume: &CompactString, claim: &ClaimKey) -> Result<(), Status> {
    let (namespace, name) = claim;
    let known = context
        .cache
        .get(&PERSISTENT_VOLUME_CLAIMS, namespace, name);
    let mut patch = Value::object();
    let metadata = patch.child_mut("metadata");
    metadata
        .child_mut("annotations")
        .set("pv.kubernetes.io/bound-by-controller", "yes");
    let claim_ref = patch.child_mut("spec").child_mut("claimRef");
    claim_ref.set("kind", "PersistentVolumeClaim");
    claim_ref.set("apiVersion", "v1");
    claim_ref.set("namespace", namespace.clone());
    claim_ref.set("name", name.clone());
    if let Some(known) = known {
        claim_ref.set("uid", known.meta.uid.clone());
        claim_ref.set("resourceVersion", known.revision.to_string());
    }
    let target = Target::object(&PERSISTENT_VOLUMES, "", volume);
    context
        .patch(target, PatchKind::Merge, patch)
        .await
        .map(|_| ())
}

fn tell(
    context: &Context,
    pod: &PodInfo,
    event_type: EventType,
    reason: &'static str,
    action: &'static str,
    message: String,
) {
    let cached = context.cache.get(&PODS, &pod.namespace, &pod.name);
    let cached = cached.filter(|cached| cached.meta.uid == pod.uid);
    let notice = Notice {
        about: Reference {
            api_version: CompactString::const_new("v1"),
            kind: CompactString::const_new("Pod"),
            namespace: pod.namespace.clone(),
            name: pod.name.clone(),
            uid: pod.uid.clone(),
            resource_version: cached
                .map(|cached| cached.revision.to_string().into())
                .unwrap_or_default(),
            field_path: CompactString::default(),
        },
        component: CompactString::const_new(context.component),
        host: CompactString::default(),
        event_type,
        reason: CompactString::const_new(reason),
        message,
        action: CompactString::const_new(action),
    };
    context.notice(&context.client, &notice);
}

/// Cuts a message to what an event holds.
fn shorten(message: &str) -> String {
    const ENDING: &str = " ...";
    if message.len() <= NOTE_LENGTH_MAX {
        return message.to_owned();
    }
    let length = message.floor_char_boundary(NOTE_LENGTH_MAX.saturating_sub(ENDING.len()));
    let kept = message
        .split_at_checked(length)
        .map_or("", |(kept, _)| kept);
    format!("{kept}{ENDING}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_are_cut_between_letters() {
        assert_eq!(shorten("short"), "short");
        let cut = shorten(&"x\u{e9}".repeat(600));
        assert!(cut.len() <= NOTE_LENGTH_MAX && cut.ends_with("\u{e9} ..."));
    }
}
