//! What a reconciliation works with: the cache, the API, the time, and somebody to tell events.

use crate::clock::Clock;
use crate::driver::{Cache, Written};
use crate::events::{EventType, Notice, Recorder, Reference};
use std::sync::{Arc, Mutex, PoisonError};
use tollgate_api::client::{
    Client, Cluster, Deletion, GroupVersionResource, PatchKind, Reply, Selection, ServedResource,
    Stored, Target, Verb,
};
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Timestamp, Value};

/// What one reconciliation works with.
#[derive(Debug)]
pub struct Context {
    /// What is known of the cluster. It may lag behind the API, but never behind what this controller did for this key.
    pub cache: Arc<Cache>,
    /// When the reconciliation began.
    pub now: Timestamp,
    pub(crate) client: Arc<dyn Client>,
    pub(crate) cluster: Arc<dyn Cluster>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) component: &'static str,
    pub(crate) written: Mutex<Written>,
}

impl Context {
    /// A number that nobody can foresee.
    pub fn random(&self) -> u64 {
        self.clock.random()
    }

    /// Where clients of other identities come from.
    pub fn cluster(&self) -> &Arc<dyn Cluster> {
        &self.cluster
    }

    /// What is served.
    pub fn resources(&self) -> Vec<ServedResource> {
        self.client.resources()
    }

    /// Notes that the cache is to see a revision of a resource before this key is looked at again.
    pub fn wrote(&self, resource: &GroupVersionResource, revision: u64) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = written.entry(resource.clone()).or_default();
        *newest = revision.max(*newest);
    }

    /// Calls the API with this controller's client.
    pub async fn call(&self, target: Target<'_>, verb: Verb) -> Result<Reply, Status> {
        self.call_as(&self.client, target, verb).await
    }

    /// Calls the API with another client.
    pub async fn call_as(
        &self,
        client: &Arc<dyn Client>,
        target: Target<'_>,
        verb: Verb,
    ) -> Result<Reply, Status> {
        let writes = !matches!(verb, Verb::Get | Verb::List(_));
        let reply = client.call(target, verb).await?;
        if writes && let Reply::Object(object) = &reply {
            self.wrote(target.resource, object.revision);
        }
        Ok(reply)
    }

    /// Reads an object from the API, past the cache.
    pub async fn get(
        &self,
        resource: &GroupVersionResource,
        namespace: &str,
        name: &str,
    ) -> Result<Value, Status> {
        let target = Target::object(resource, namespace, name);
        object(self.call(target, Verb::Get).await?)?.parse()
    }

    /// Reads a collection from the API, past the cache.
    pub async fn list(
        &self,
        resource: &GroupVersionResource,
        namespace: &str,
        selection: Selection,
    ) -> Result<Vec<Stored>, Status> {
        let target = Target::collection(resource, namespace);
        match self.call(target, Verb::List(selection)).await? {
            Reply::List { items, .. } => Ok(items),
            _ => Err(unexpected()),
        }
    }

    /// Makes an object.
    pub async fn create(
        &self,
        resource: &GroupVersionResource,
        namespace: &str,
        value: Value,
    ) -> Result<Stored, Status> {
        let target = Target::collection(resource, namespace);
        object(self.call(target, Verb::Create(value)).await?)
    }

    /// Finds out whether an object could be made; nothing is written.
    pub async fn rehearse(
        &self,
        resource: &GroupVersionResource,
        namespace: &str,
        value: Value,
    ) -> Result<Stored, Status> {
        let target = Target::collection(resource, namespace);
        object(self.call(target, Verb::Rehearse(value)).await?)
    }

    /// Replaces an object, or one of its subresources; its namespace and name are its own.
    pub async fn update(
        &self,
        resource: &GroupVersionResource,
        subresource: &str,
        value: Value,
    ) -> Result<Stored, Status> {
        let metadata = value.get("metadata").unwrap_or(&Value::Null);
        let namespace = CompactString::new(metadata.str_or_empty("namespace"));
        let name = CompactString::new(metadata.str_or_empty("name"));
        let target = Target::object(resource, &namespace, &name).sub(subresource);
        object(self.call(target, Verb::Update(value)).await?)
    }

    /// Changes an object.
    pub async fn patch(
        &self,
        target: Target<'_>,
        kind: PatchKind,
        patch: Value,
    ) -> Result<Stored, Status> {
        object(self.call(target, Verb::Patch(kind, patch)).await?)
    }

    /// Deletes an object.
    pub async fn delete(
        &self,
        resource: &GroupVersionResource,
        namespace: &str,
        name: &str,
        deletion: Deletion,
    ) -> Result<Stored, Status> {
        let target = Target::object(resource, namespace, name);
        object(self.call(target, Verb::Delete(deletion)).await?)
    }

    /// Tells people what happened to an object.
    pub fn event(
        &self,
        about: Reference,
        event_type: EventType,
        reason: &str,
        message: impl Into<String>,
    ) {
        let notice = Notice {
            about,
            component: CompactString::const_new(self.component),
            host: CompactString::default(),
            event_type,
            reason: reason.into(),
            message: message.into(),
            action: CompactString::default(),
        };
        self.recorder.record(&self.client, &notice);
    }

    /// Tells people what happened, with all that an event can say.
    pub fn notice(&self, client: &Arc<dyn Client>, notice: &Notice) {
        self.recorder.record(client, notice);
    }
}

fn object(reply: Reply) -> Result<Stored, Status> {
    match reply {
        Reply::Object(object) => Ok(object),
        Reply::Other(_) | Reply::List { .. } => Err(unexpected()),
    }
}

fn unexpected() -> Status {
    Status::internal("the API answered with something else than an object")
}
