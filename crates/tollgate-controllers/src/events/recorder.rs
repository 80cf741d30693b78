//! Takes events from controllers and writes them later, so that no controller waits for one.

use super::EventType;
use super::correlate::{Correlator, Origin};
use super::reference::Reference;
use crate::clock::Clock;
use crate::resources::EVENTS;
use futures_util::future::join_all;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tollgate_api::client::{Client, PatchKind, Target, Verb};
use tollgate_api::status::Reason;
use tollgate_api::value::CompactString;
use tollgate_api::{Timestamp, Value};

/// How many events may wait to be written; what comes on top is dropped, as upstream does.
const WAITING_MAX: usize = 1000;
/// How many are written at once: they share one sync of the disk.
const BATCH_MAX: usize = 64;

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Notice {
    /// To what.
    pub about: Reference,
    /// Who tells: `replicaset-controller`.
    pub component: CompactString,
    /// On which node; empty for what is on none.
    pub host: CompactString,
    /// How bad it is.
    pub event_type: EventType,
    /// In one word.
    pub reason: CompactString,
    /// For people.
    pub message: String,
    /// What was done: events of the API `events.k8s.io` say it, those of the core API leave it empty.
    pub action: CompactString,
}

#[derive(Debug)]
struct Waiting {
    name: CompactString,
    known: bool,
    namespace: CompactString,
    body: Value,
    client: Arc<dyn Client>,
}

#[derive(Debug, Default)]
struct State {
    correlator: Correlator,
    waiting: VecDeque<Waiting>,
    last_nanos: i128,
}

/// The recorder of all controllers.
#[derive(Debug)]
pub struct Recorder {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    news: Notify,
}

impl Recorder {
    /// A recorder that nothing was told yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            state: Mutex::default(),
            news: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an event; `client` will write it.
    pub fn record(&self, client: &Arc<dyn Client>, notice: &Notice) {
        let now = self.clock.now();
        let mut state = self.lock();
        let nanos =
            i128::from(now.unix_seconds()) * 1_000_000_000 + i128::from(now.subsecond_nanos());
        let nanos = nanos.max(state.last_nanos.saturating_add(1));
        state.last_nanos = nanos;
        let name = format!("{}.{nanos:x}", notice.about.name);
        let origin = Origin {
            component: notice.component.clone(),
            host: notice.host.clone(),
            about: notice.about.clone(),
        };
        let correlated = state.correlator.correlate(
            &origin,
            notice.event_type,
            &notice.reason,
            &notice.message,
            &name,
            now,
        );
        let Some(correlated) = correlated else {
            return;
        };
        if state.waiting.len() >= WAITING_MAX {
            return;
        }
        let namespace = match notice.about.namespace.as_str() {
            "" => "default",
            namespace => namespace,
        };
        let known = correlated.known_as.is_some();
        let message = correlated.message;
        let body = if known {
            repetition(notice, message, correlated.count, now)
        } else {
            let mut body = event(notice, message, correlated.count, correlated.first, now);
            body.child_mut("metadata").set("name", name.as_str());
            body.child_mut("metadata").set("namespace", namespace);
            body
        };
        state.waiting.push_back(Waiting {
            name: correlated.known_as.unwrap_or_else(|| name.into()),
            known,
            namespace: namespace.into(),
            body,
            client: Arc::clone(client),
        });
        drop(state);
        self.news.notify_one();
    }

    /// Whether events wait to be written.
    pub fn is_waiting(&self) -> bool {
        !self.lock().waiting.is_empty()
    }

    /// Writes some of the events that wait.
    pub async fn write(&self) {
        let batch: Vec<Waiting> = {
            let mut state = self.lock();
            let mut batch: Vec<Waiting> = Vec::new();
            // Two writes to one event have an order.
            while let Some(next) = state.waiting.front()
                && batch.len() < BATCH_MAX
                && batch.iter().all(|waiting| waiting.name != next.name)
                && let Some(next) = state.waiting.pop_front()
            {
                batch.push(next);
            }
            batch
        };
        join_all(batch.into_iter().map(|waiting| self.write_one(waiting))).await;
    }

    /// An event that cannot be written is dropped: the namespace may be on its way out.
    async fn write_one(&self, waiting: Waiting) {
        let Waiting {
            name,
            known,
            namespace,
            body,
            client,
        } = waiting;
        if known {
            let target = Target::object(&EVENTS, &namespace, &name);
            let patch = Verb::Patch(PatchKind::Strategic, body);
            if let Err(status) = client.call(target, patch).await
                && status.reason == Reason::NotFound
            {
                self.lock().correlator.lost(&name);
            }
            return;
        }
        let target = Target::collection(&EVENTS, &namespace);
        let _ = client.call(target, Verb::Create(body)).await;
    }

    /// Resolves when an event has come.
    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }
}

fn event(notice: &Notice, message: String, count: i64, first: Timestamp, now: Timestamp) -> Value {
    let mut event = Value::object();
    event.set("kind", "Event");
    event.set("apiVersion", "v1");
    event.set("involvedObject", notice.about.to_value());
    event.set("reason", notice.reason.clone());
    event.set("message", message);
    event.set("type", notice.event_type.as_str());
    event.set("reportingComponent", notice.component.clone());
    if notice.action.is_empty() {
        let source = event.child_mut("source");
        source.set("component", notice.component.clone());
        if !notice.host.is_empty() {
            source.set("host", notice.host.clone());
        }
        event.set("firstTimestamp", first.to_string());
        event.set("lastTimestamp", now.to_string());
        event.set("count", count);
        event.set("reportingInstance", notice.host.clone());
    } else {
        event.set("action", notice.action.clone());
        event.set("eventTime", now.to_micro_time());
        let instance = match notice.host.as_str() {
            "" => notice.component.clone(),
            host => format!("{}-{host}", notice.component).into(),
        };
        event.set("reportingInstance", instance);
    }
    event
}

/// What is changed on an event that has been told before.
fn repetition(notice: &Notice, message: String, count: i64, now: Timestamp) -> Value {
    let mut patch = Value::object();
    if notice.action.is_empty() {
        patch.set("count", count);
        patch.set("lastTimestamp", now.to_string());
        patch.set("message", message);
    } else {
        let series = patch.child_mut("series");
        series.set("count", count);
        series.set("lastObservedTime", now.to_micro_time());
    }
    patch
}
