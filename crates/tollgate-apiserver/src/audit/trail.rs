//! One request, followed from its coming to the end of its answer.

use super::Auditor;
use super::event::{Event, ObjectRef, Outcome, Received};
use super::policy::{Level, Stage, Verdict};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tollgate_api::{GroupVersionKind, Status, UserInfo, Value, json};
use tollgate_objects::encode;
use tollgate_policy::rbac::Access;

/// A trail that leads nowhere: for what nobody asked for over HTTP.
pub static NO_TRAIL: Trail = Trail(None);

/// What the audit log is told of one request. If the policy asks for nothing, nothing is kept and nothing is made.
#[derive(Debug, Clone, Default)]
pub struct Trail(Option<Arc<Story>>);

#[derive(Debug)]
struct Story {
    auditor: Arc<Auditor>,
    verdict: Verdict,
    event: Mutex<Event>,
}

impl Story {
    fn event(&self) -> MutexGuard<'_, Event> {
        self.event.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The line of a stage, unless that is not to be told.
    fn line(&self, stage: Stage) -> Option<Vec<u8>> {
        if self.verdict.omitted.contains(stage) {
            return None;
        }
        let auditor = &self.auditor;
        auditor.counts.events.fetch_add(1, Ordering::Relaxed);
        let now = auditor.environment.now();
        Some(self.event().text(auditor.format, stage, now))
    }
}

impl Trail {
    /// Follows a request if the policy asks for it. `access` is what it wants to do, `version` the version of its
    /// resource.
    pub fn begin(
        auditor: Option<&Arc<Auditor>>,
        access: &Access<'_>,
        version: &str,
        received: impl FnOnce() -> Received,
        user: Option<&UserInfo>,
    ) -> Self {
        let Some(auditor) = auditor else {
            return Self(None);
        };
        let verdict = auditor.policy.judge(user, access);
        auditor.count_level(verdict.level);
        if verdict.level == Level::None {
            return Self(None);
        }
        let (verb, object) = match access {
            Access::NonResource { verb, .. } => (*verb, None),
            Access::Resource(access) => {
                let object = ObjectRef {
                    resource: access.resource.to_owned(),
                    namespace: access.namespace.to_owned(),
                    name: access.name.to_owned(),
                    api_group: access.group.to_owned(),
                    api_version: version.to_owned(),
                    subresource: access.subresource.to_owned(),
                    ..ObjectRef::default()
                };
                (access.verb, Some(object))
            }
        };
        let mut received = received();
        received.user = user.cloned();
        let event = Event {
            level: verdict.level,
            verb: verb.to_owned(),
            received,
            object,
            ..Event::default()
        };
        Self(Some(Arc::new(Story {
            auditor: Arc::clone(auditor),
            verdict,
            event: Mutex::new(event),
        })))
    }

    fn at_least(&self, level: Level) -> Option<&Story> {
        self.0
            .as_deref()
            .filter(|story| story.verdict.level >= level)
    }

    /// Whether anything is told of the request.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Whether the answer's object is to be told.
    pub fn wants_response(&self) -> bool {
        self.at_least(Level::RequestResponse).is_some()
    }

    /// Notes something under a key. What was noted first stays.
    pub fn annotate(&self, key: &str, text: impl FnOnce() -> String) {
        self.annotate_at(Level::Metadata, key, text);
    }

    /// Notes something that only those may read who may read the object.
    pub fn annotate_at(&self, level: Level, key: &str, text: impl FnOnce() -> String) {
        if let Some(story) = self.at_least(level) {
            let mut event = story.event();
            if !event.annotations.contains_key(key) {
                event.annotations.insert(key.to_owned(), text());
            }
        }
    }

    /// Notes in whose name the request is made.
    pub fn impersonated(&self, user: &UserInfo, constraint: Option<&'static str>) {
        if let Some(story) = self.0.as_deref() {
            let mut event = story.event();
            event.impersonated = Some(user.clone());
            event.constraint = constraint;
        }
    }

    /// Notes the object that was sent.
    pub fn request_object(&self, kind: &GroupVersionKind, object: &Value) {
        let Some(story) = self.0.as_deref() else {
            return;
        };
        let text = (story.verdict.level >= Level::Request).then(|| {
            let mut text = Vec::with_capacity(512);
            if story.verdict.omits_managed_fields {
                let mut object = object.clone();
                drop_managed_fields(&mut object);
                encode::json(kind, &object, &mut text);
            } else {
                encode::json(kind, object, &mut text);
            }
            text
        });
        let mut event = story.event();
        if let (Some(reference), Some(metadata)) = (&mut event.object, object.get("metadata")) {
            for (place, key) in [
                (&mut reference.namespace, "namespace"),
                (&mut reference.name, "name"),
                (&mut reference.uid, "uid"),
                (&mut reference.resource_version, "resourceVersion"),
            ] {
                if place.is_empty() {
                    metadata.str_or_empty(key).clone_into(place);
                }
            }
        }
        event.request_object = text;
    }

    /// Notes a body that is no object of a resource: a patch, or options. `read` gives its tree.
    pub fn request_body(&self, read: impl FnOnce() -> Option<Value>) {
        if let Some(story) = self.at_least(Level::Request)
            && let Some(tree) = read()
        {
            story.event().request_object = Some(json::to_string(&tree).into_bytes());
        }
    }

    /// Notes the object that is answered, as JSON.
    pub fn response_object(&self, text: impl FnOnce() -> Option<Vec<u8>>) {
        let Some(story) = self.at_least(Level::RequestResponse) else {
            return;
        };
        let Some(text) = text() else {
            return;
        };
        let text = if story.verdict.omits_managed_fields {
            without_managed_fields(&text).unwrap_or(text)
        } else {
            text
        };
        story.event().response_object = Some(text);
    }

    /// Notes that the request failed or was refused.
    pub fn failed(&self, status: &Status) {
        if let Some(story) = self.0.as_deref() {
            story.event().outcome = Some(Outcome::of(status));
        }
    }

    /// Notes that the request was done, which a `Status` says.
    pub fn succeeded(&self, status: &Value) {
        if let Some(story) = self.0.as_deref() {
            story.event().outcome = Some(Outcome {
                status: "Success",
                message: status.str_or_empty("message").to_owned(),
                reason: status.str_or_empty("reason").to_owned(),
                details: status.get("details").cloned(),
                code: 0,
            });
        }
    }

    /// Notes why a request came to nothing before anybody looked at it.
    pub fn refused_early(&self, message: &str) {
        if let Some(story) = self.0.as_deref() {
            story.event().outcome = Some(Outcome {
                message: message.to_owned(),
                ..Outcome::default()
            });
        }
    }

    /// Notes the code of the answer.
    pub fn answered(&self, code: u16) {
        if let Some(story) = self.0.as_deref() {
            let mut event = story.event();
            event.outcome.get_or_insert_default().code = code;
        }
    }

    /// Tells of a stage.
    pub async fn tell(&self, stage: Stage) {
        if let Some(story) = self.0.as_deref()
            && let Some(line) = story.line(stage)
        {
            story.auditor.queue.put(line).await;
        }
    }

    /// The end of the request, which is told of whatever happens to it.
    pub fn closing(&self) -> Closing {
        Closing(self.clone())
    }
}

/// Tells of the end of a request when it is dropped: when the answer is sent, or when the client has gone.
#[derive(Debug, Default)]
pub struct Closing(Trail);

impl Closing {
    /// Tells of the end now, and waits for room if that is how events are told.
    pub async fn close(mut self) {
        let trail = std::mem::take(&mut self.0);
        trail.tell(Stage::ResponseComplete).await;
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        let Some(story) = self.0.0.take() else {
            return;
        };
        story.event().outcome.get_or_insert_with(Outcome::closed);
        let Some(line) = story.line(Stage::ResponseComplete) else {
            return;
        };
        let queue = &story.auditor.queue;
        let Err(line) = queue.try_put(line) else {
            return;
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if queue.waits() => {
                runtime.spawn(async move { story.auditor.queue.put(line).await });
            }
            _ => queue.count_lost(),
        }
    }
}

fn drop_managed_fields(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata") {
        metadata.remove("managedFields");
    }
}

/// An object, a list or a Table without the managed fields of what is in it.
fn without_managed_fields(text: &[u8]) -> Option<Vec<u8>> {
    let mut tree = json::from_slice(text).ok()?;
    drop_managed_fields(&mut tree);
    for item in tree.items_mut("items") {
        drop_managed_fields(item);
    }
    for row in tree.items_mut("rows") {
        if let Some(object) = row.get_mut("object") {
            drop_managed_fields(object);
        }
    }
    Some(json::to_string(&tree).into_bytes())
}
