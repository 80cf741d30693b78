//! The scheduler as a controller: it notes what changes, decides about one pod after another, and does what was decided
//! about several at once.
//!
//! All decisions are one piece of work, since each depends on those before it. Upstream: `pkg/scheduler/schedule_one.go`

use super::decide;
use super::pod::DEFAULT_SCHEDULER;
use super::state::{Seen, State, Work};
use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::{Cache, Cached};
use crate::resources as known;
use futures_util::future::join_all;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tollgate_api::Release;
use tollgate_api::client::{GroupVersionResource, Identity, Pending};
use tollgate_api::value::CompactString;

/// How many decisions are carried out at once: their writes share one sync of the disk.
const BATCH_MAX: usize = 64;

/// A change that was not looked at yet.
#[derive(Debug)]
struct Noted {
    resource: GroupVersionResource,
    namespace: CompactString,
    name: CompactString,
    object: Option<Arc<Cached>>,
}

/// The scheduler.
#[derive(Debug)]
pub struct Scheduler {
    pub(super) release: Release,
    noted: Mutex<Vec<Noted>>,
    state: Mutex<State>,
}

impl Scheduler {
    /// A scheduler that speaks as that release does.
    pub fn new(release: Release) -> Self {
        Self {
            release,
            noted: Mutex::default(),
            state: Mutex::default(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_noted(&self) -> Vec<Noted> {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut noted)
    }

    /// Takes in what has changed and decides about some pods.
    fn decide(&self, context: &Context) -> Vec<Work> {
        let now = context.clock.elapsed();
        let mut state = self.state();
        for noted in self.take_noted() {
            // An object that cannot be read cannot be scheduled by; it is as good as gone.
            let object = noted.object.and_then(|object| object.object_to_read().ok());
            let seen = Seen {
                resource: &noted.resource,
                namespace: &noted.namespace,
                name: &noted.name,
                object: object.as_ref(),
            };
            state.take(&seen, now);
        }
        state.begin_batch();
        let mut works = Vec::new();
        while works.len() < BATCH_MAX {
            let chance = decide::Context {
                release: self.release,
                random: context.random(),
                now: context.clock.now(),
            };
            match state.next(chance, now) {
                Some(work) => works.push(work),
                None => break,
            }
        }
        works
    }

    async fn run(&self, context: &Context) -> Outcome {
        loop {
            let works = self.decide(context);
            if works.is_empty() {
                break;
            }
            join_all(works.into_iter().map(|work| self.perform(context, work))).await;
        }
        let next = self.state().next_time();
        let now = context.clock.elapsed();
        Ok(next.map_or(Requeue::No, |next| Requeue::After(next.saturating_sub(now))))
    }
}

impl Controller for Scheduler {
    fn name(&self) -> &'static str {
        "kube-scheduler"
    }

    fn identity(&self) -> Identity {
        Identity::user("system:kube-scheduler", &[], "kube-scheduler")
    }

    fn component(&self) -> &'static str {
        DEFAULT_SCHEDULER
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![
            &known::PODS,
            &known::NODES,
            &known::NAMESPACES,
            &known::PERSISTENT_VOLUME_CLAIMS,
            &known::PERSISTENT_VOLUMES,
            &known::STORAGE_CLASSES,
            &known::CSI_NODES,
            &known::POD_DISRUPTION_BUDGETS,
            &known::SERVICES,
            &known::REPLICATION_CONTROLLERS,
            &known::REPLICA_SETS,
            &known::STATEFUL_SETS,
        ])
    }

    fn workers(&self) -> usize {
        1
    }

    fn concerns(&self, change: &Change<'_>, _: &Cache, queue: &mut dyn Enqueue) {
        let Some(object) = change.object() else {
            return;
        };
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.push(Noted {
            resource: change.resource.clone(),
            namespace: object.meta.namespace.clone(),
            name: object.meta.name.clone(),
            object: change.new.cloned(),
        });
        drop(noted);
        queue.add(Key::default());
    }

    fn reconcile<'a>(&'a self, context: &'a Context, _: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(self.run(context))
    }
}
