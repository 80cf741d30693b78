//! Watches as streams: a line or a frame for each change, until the time is over or the client is too slow.

use super::body::AnswerBody;
use super::ending::Ending;
use super::negotiate::{Form, Media, Shape};
use super::render;
use super::respond::{self, HttpAnswer};
use super::service::Service;
use super::table::{self, Look};
use super::waiting::{self, Sender};
use crate::error;
use crate::metrics::WatchCounts;
use crate::resources::{Conversion, Resource};
use crate::table::metadata;
use crate::verbs::record::Encoded;
use crate::verbs::{Api, Change, Watching, convert};
use bytes::Bytes;
use compact_str::ToCompactString as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};
use tollgate_api::{GroupVersionKind, Value};
use tollgate_objects::{encode, protobuf};

/// Frames that wait for a client to read them; what comes then waits in the store's window.
const FRAMES_MAX: usize = 64;
/// For how long a watch goes on if nobody says, at least.
const TIMEOUT_MIN: Duration = Duration::from_mins(30);
/// How often a watcher that wants to know is told how far it is.
const BOOKMARK_INTERVAL: Duration = Duration::from_mins(1);
/// How often it is looked whether a watcher that reads nothing has been left behind.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// The encodings of an event that all watchers of the stored version share.
const JSON_FORM: usize = 0;
const PROTOBUF_FORM: usize = 1;

/// Starts a watch and gives its answer.
pub(super) fn start(service: &Service, watching: Watching, form: Form, look: Look) -> HttpAnswer {
    let (sender, receiver) = waiting::queue(FRAMES_MAX);
    let timeout = match watching
        .options
        .timeout_seconds
        .and_then(|seconds| u64::try_from(seconds).ok())
    {
        Some(seconds) if seconds > 0 => Duration::from_secs(seconds),
        // Watches that began together do not end together.
        _ => {
            TIMEOUT_MIN.saturating_add(Duration::from_secs(service.api.environment.random() % 1800))
        }
    };
    let api = Arc::clone(&service.api);
    let of = &watching.resource.group_resource;
    let version = &watching.resource.kind.version;
    let counts = service.metrics.watches.of(&of.group, &of.resource, version);
    let mut stopping = service.stopping.subscribe();
    tokio::spawn(async move {
        tokio::select! {
            () = run(&api, watching, (form, look), timeout, (&sender, &counts)) => {}
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
    });
    let media = match form.media {
        Media::Protobuf => "application/vnd.kubernetes.protobuf;stream=watch",
        Media::Json | Media::Yaml => "application/json",
    };
    respond::answer(200, media, AnswerBody::Stream(receiver, Ending::default()))
}

async fn run(
    api: &Api,
    mut watching: Watching,
    (form, mut look): (Form, Look),
    timeout: Duration,
    (sender, counts): (&Sender, &WatchCounts),
) {
    let now = Instant::now();
    let end = now.checked_add(timeout).unwrap_or(now);
    let mut bookmark = now.checked_add(BOOKMARK_INTERVAL).unwrap_or(end);
    let mut is_first = true;
    loop {
        let change = tokio::select! {
            change = watching.next() => change,
            () = sleep_until(end) => return,
            () = sender.closed() => return,
            () = sleep_until(bookmark), if watching.options.allow_watch_bookmarks => {
                bookmark = bookmark.checked_add(BOOKMARK_INTERVAL).unwrap_or(end);
                Some(watching.bookmark())
            }
        };
        let Some(change) = change else {
            if watching.is_over() {
                if watching.is_cut_off() {
                    counts.cut_off();
                }
                return;
            }
            continue;
        };
        let change = convert::change(api, &watching.resource, change).await;
        // Ages are told as of the event, however long ago the watch began.
        look.now = api.environment.now();
        let frame = frame(&watching, &change, (form, &look), is_first, counts);
        counts.sent();
        is_first &= matches!(change, Change::Error(_));
        let is_last = matches!(change, Change::Error(_));
        let sent = tokio::select! {
            sent = sender.send(frame) => sent,
            () = sleep_until(end) => false,
            () = left_behind(&watching) => {
                counts.cut_off();
                false
            }
        };
        if !sent || is_last {
            return;
        }
    }
}

/// Resolves once events have gone that a watcher who reads nothing should have had.
async fn left_behind(watching: &Watching) {
    loop {
        sleep(LOOK_INTERVAL).await;
        if watching.is_cut_off() {
            return;
        }
    }
}

/// The encoding that all watchers who want an event in this form share, if they do.
fn shared_form(resource: &Resource, form: Form) -> Option<usize> {
    match (form.media, form.shape) {
        _ if resource.conversion != Conversion::None => None,
        (Media::Json, Shape::Object) => Some(JSON_FORM),
        (Media::Protobuf, Shape::Object) if !resource.is_custom() => Some(PROTOBUF_FORM),
        _ => None,
    }
}

/// One change as the client wants it.
fn frame(
    watching: &Watching,
    change: &Change,
    (form, look): (Form, &Look),
    is_first: bool,
    counts: &WatchCounts,
) -> Bytes {
    let resource = &watching.resource;
    match change {
        Change::Object {
            event_type,
            object,
            shared,
        } => {
            let place = shared_form(resource, form);
            let is_stored = place == Some(JSON_FORM);
            let is_stored = is_stored && is_current(resource, object, shared.is_some());
            let make = || {
                counts.encoded();
                if is_stored {
                    return stored(event_type, object);
                }
                match render::served(resource, object) {
                    Ok(tree) if form.shape == Shape::Object => {
                        event(event_type, &resource.kind, &tree, form)
                    }
                    Ok(tree) => shaped(event_type, resource, &tree, form, look, is_first),
                    Err(status) => failure(&status, form),
                }
            };
            // An old text of a custom object is served with what its definition says now.
            let place = place.filter(|place| is_stored || *place != JSON_FORM);
            match (shared, place) {
                (Some(event), Some(place)) => event.encoded(place, make),
                _ => make(),
            }
        }
        Change::Bookmark {
            revision,
            ends_initial,
        } => {
            let kind = &resource.kind;
            let mut object = Value::object();
            object.set("kind", kind.kind.clone());
            object.set("apiVersion", kind.api_version());
            let metadata = object.child_mut("metadata");
            metadata.set("resourceVersion", revision.to_compact_string());
            if *ends_initial {
                let annotations = metadata.child_mut("annotations");
                annotations.set("k8s.io/initial-events-end", "true");
            }
            if form.shape == Shape::Object {
                event("BOOKMARK", kind, &object, form)
            } else {
                shaped("BOOKMARK", resource, &object, form, look, is_first)
            }
        }
        Change::Error(status) => failure(status, form),
    }
}

/// An event of an object whose text is what is served.
fn stored(event_type: &str, object: &Encoded) -> Bytes {
    let mut out = Vec::with_capacity(object.value.len().saturating_add(96));
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(event_type.as_bytes());
    out.extend_from_slice(b"\",\"object\":");
    object.write(&mut out);
    out.extend_from_slice(b"}\n");
    Bytes::from(out)
}

/// Whether a stored text is what is served. A custom object that was just written has the defaults of its definition;
/// others may be older than that.
fn is_current(resource: &Resource, object: &Encoded, is_new: bool) -> bool {
    if !resource.is_custom() {
        return true;
    }
    let start = format!("{{\"apiVersion\":\"{}\"", resource.kind.api_version());
    is_new && object.value.starts_with(start.as_bytes())
}

fn failure(status: &tollgate_api::Status, form: Form) -> Bytes {
    let kind = GroupVersionKind::new("v1", "Status");
    event("ERROR", &kind, &error::status_object(status), form)
}

/// An event of an object in another shape.
fn shaped(
    event_type: &str,
    resource: &Resource,
    tree: &Value,
    form: Form,
    look: &Look,
    is_first: bool,
) -> Bytes {
    if let (Media::Protobuf, Shape::Partial(version) | Shape::PartialList(version)) =
        (form.media, form.shape)
    {
        let mut partial = Value::object();
        partial.set("metadata", tree.get("metadata").cloned());
        return event(event_type, &metadata::kind(version.name()), &partial, form);
    }
    let text = table::of_event(resource, tree, form, look, is_first);
    line(event_type, &text)
}

fn event(event_type: &str, kind: &GroupVersionKind, object: &Value, form: Form) -> Bytes {
    if form.media == Media::Protobuf
        && let Some(body) = protobuf::encode(kind, object)
    {
        return Bytes::from(protobuf::watch_frame(event_type, &body));
    }
    let mut text = Vec::with_capacity(512);
    encode::json(kind, object, &mut text);
    line(event_type, &text)
}

fn line(event_type: &str, object: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(object.len().saturating_add(40));
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(event_type.as_bytes());
    out.extend_from_slice(b"\",\"object\":");
    out.extend_from_slice(object);
    out.extend_from_slice(b"}\n");
    Bytes::from(out)
}
