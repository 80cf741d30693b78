//! What a kubelet does for its node: it registers it, reports its status and renews its lease.

use super::{Kubelets, millis};
use crate::context::Context;
use crate::controller::{Outcome, Requeue};
use crate::node::{lease, moment, node_object};
use crate::resources::{LEASES, NODES};
use tollgate_api::Value;
use tollgate_api::client::{PatchKind, Target, Verb};
use tollgate_api::status::Reason;

impl Kubelets {
    /// Registers a node, or reports its status where that is due.
    ///
    /// A node that somebody deleted stays away until the process starts again, as with a kubelet.
    pub(super) async fn keep_node(&self, context: &Context, name: &str) -> Outcome {
        let now = context.now;
        let Some(plan) = self.plans.get(name) else {
            return Ok(Requeue::No);
        };
        let stored = context.cache.get(&NODES, "", name);
        let (slot, is_registered, is_down) = {
            let mut state = self.state();
            let slot = state.slot(&self.plans, &context.cache, name);
            (
                slot,
                state.registered.contains(name),
                state.down.contains(name),
            )
        };
        let Some(slot) = slot.filter(|_| !is_down) else {
            return Ok(Requeue::No);
        };
        let client = self.client(context, name);
        let Some(stored) = stored else {
            if !is_registered {
                let node = node_object::new_node(plan, slot, self.release, now);
                let target = Target::collection(&NODES, "");
                match context.call_as(&client, target, Verb::Create(node)).await {
                    Err(status) if status.reason != Reason::AlreadyExists => return Err(status),
                    _ => self.state().registered.insert(name.to_owned()),
                };
            }
            return Ok(Requeue::No);
        };
        self.state().registered.insert(name.to_owned());
        let node = stored.object()?;
        let target = Target::object(&NODES, "", name);
        let missing = node_object::missing(&node, plan, slot).filter(|_| !is_registered);
        if let Some(patch) = missing {
            context
                .call_as(&client, target, Verb::Patch(PatchKind::Merge, patch))
                .await?;
        }
        let every = self.heartbeats.report_every;
        let due = node_object::last_heartbeat(&node).map_or(now, |last| moment::after(last, every));
        let status = node_object::status(&node, plan, slot, self.release, now);
        if due > now && !node_object::status_differs(&node, &status) {
            return Ok(Requeue::After(millis(moment::millis_between(now, due))));
        }
        let patch = Value::from_iter([("status", status)]);
        let verb = Verb::Patch(PatchKind::Merge, patch);
        context.call_as(&client, target.sub("status"), verb).await?;
        Ok(Requeue::After(millis(every)))
    }

    /// Renews the lease of a node that is there and up.
    pub(super) async fn keep_lease(&self, context: &Context, name: &str) -> Outcome {
        let Some(node) = context.cache.get(&NODES, "", name) else {
            return Ok(Requeue::No);
        };
        if self.state().down.contains(name) {
            return Ok(Requeue::No);
        }
        let client = self.client(context, name);
        let target = Target::object(&LEASES, lease::NAMESPACE, name);
        let patch = lease::renewal(name, self.heartbeats, context.now);
        let verb = Verb::Patch(PatchKind::Merge, patch);
        match context.call_as(&client, target, verb).await {
            Ok(_) => {}
            Err(status) if status.reason == Reason::NotFound => {
                let lease = lease::new_lease(&node.object()?, self.heartbeats, context.now);
                let target = Target::collection(&LEASES, lease::NAMESPACE);
                context
                    .call_as(&client, target, Verb::Create(lease))
                    .await?;
            }
            Err(status) => return Err(status),
        }
        Ok(Requeue::After(millis(self.heartbeats.renew_every)))
    }
}
