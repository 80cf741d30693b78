//! What goes wrong between controllers and the API.

use super::world::World;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tollgate_api::client::{
    Client, Cluster, ExpressionWarning, Extent, GroupVersionResource, Identity, Pending, Reply,
    ServedResource, Target, Verb, Watch,
};
use tollgate_api::status::Reason;
use tollgate_api::{Status, Value};
use tollgate_apiserver::local::LocalCluster;

/// How often things go wrong, in thousandths.
#[derive(Debug, Default)]
pub struct Faults {
    refused: AtomicU64,
    lost: AtomicU64,
    dropped: AtomicU64,
    answers_lost: AtomicU64,
}

impl Faults {
    /// Writes that are answered with a conflict and not done; writes that are done, but whose answer is lost; watches that
    /// break off.
    pub fn set(&self, refused: u64, lost: u64, dropped: u64) {
        self.refused.store(refused, Ordering::Relaxed);
        self.lost.store(lost, Ordering::Relaxed);
        self.dropped.store(dropped, Ordering::Relaxed);
    }

    /// How many answers have been lost so far.
    pub fn answers_lost(&self) -> u64 {
        self.answers_lost.load(Ordering::Relaxed)
    }

    /// Nothing goes wrong any more.
    pub fn stop(&self) {
        self.set(0, 0, 0);
    }

    pub(super) fn drops_watch(&self, world: &World) -> bool {
        world.happens(self.dropped.load(Ordering::Relaxed))
    }
}

/// A cluster whose clients meet faults.
#[derive(Debug)]
pub(super) struct FaultyCluster {
    pub(super) inner: LocalCluster,
    pub(super) faults: Arc<Faults>,
    pub(super) world: Arc<World>,
}

impl Cluster for FaultyCluster {
    fn client(&self, identity: Identity) -> Arc<dyn Client> {
        Arc::new(FaultyClient {
            inner: self.inner.client(identity),
            faults: Arc::clone(&self.faults),
            world: Arc::clone(&self.world),
        })
    }

    fn type_check(&self, policy: &Value) -> Vec<ExpressionWarning> {
        self.inner.type_check(policy)
    }
}

#[derive(Debug)]
struct FaultyClient {
    inner: Arc<dyn Client>,
    faults: Arc<Faults>,
    world: Arc<World>,
}

impl FaultyClient {
    async fn perform(&self, target: Target<'_>, verb: Verb) -> Result<Reply, Status> {
        let reads = matches!(verb, Verb::Get | Verb::List(_));
        let happens = |of: &AtomicU64| !reads && self.world.happens(of.load(Ordering::Relaxed));
        if happens(&self.faults.refused) {
            let mut status = Status::internal("the simulation refuses this");
            status.code = 409;
            status.reason = Reason::Conflict;
            return Err(status);
        }
        let answer = self.inner.call(target, verb).await;
        if happens(&self.faults.lost) {
            self.faults.answers_lost.fetch_add(1, Ordering::Relaxed);
            return Err(Status::internal("the simulation lost the answer"));
        }
        answer
    }
}

impl Client for FaultyClient {
    fn call<'a>(&'a self, target: Target<'a>, verb: Verb) -> Pending<'a, Result<Reply, Status>> {
        Box::pin(self.perform(target, verb))
    }

    fn watch(
        &self,
        resource: &GroupVersionResource,
        namespace: &str,
        extent: Extent,
    ) -> Result<Box<dyn Watch>, Status> {
        self.inner.watch(resource, namespace, extent)
    }

    fn resources(&self) -> Vec<ServedResource> {
        self.inner.resources()
    }
}
