//! `watch`: what is there, then every change, as the selectors see it.

use super::answer::Answer;
use super::call::Call;
use super::list::Selection;
use super::options::{ListOptions, parse_resource_version};
use super::record::Encoded;
use crate::error;
use crate::resources::Resource;
use crate::storage::{Event, Key, Record, RevisionError, Watcher};
use std::collections::VecDeque;
use std::sync::Arc;
use tollgate_api::Status;

/// One thing that a watcher is told.
#[derive(Debug)]
pub enum Change {
    /// An object came, changed or went, as far as the selectors see it.
    Object {
        /// `ADDED`, `MODIFIED` or `DELETED`.
        event_type: &'static str,
        /// The object as it is, or as it was last.
        object: Encoded,
        /// The event in the store, if all its watchers are told the same.
        shared: Option<Arc<Event>>,
    },
    /// Everything up to a revision has been told.
    Bookmark {
        /// That revision.
        revision: u64,
        /// Whether this ends what was there at the beginning.
        ends_initial: bool,
    },
    /// The watch ends with this.
    Error(Status),
}

/// A watch that is under way.
#[derive(Debug)]
pub struct Watching {
    /// The resource in the version that the client speaks.
    pub resource: Arc<Resource>,
    /// What was asked for.
    pub options: ListOptions,
    first: VecDeque<Change>,
    /// None if the watch ends after what is in `first`.
    watcher: Option<Watcher>,
    /// Whether the watcher has nothing more.
    ended: bool,
    revision: u64,
}

/// Begins a watch of the collection of the request.
pub fn watch(call: &Call<'_>, options: &ListOptions) -> Result<Answer, Status> {
    let version = options.resource_version.as_str();
    let wanted = parse_resource_version(version).map_err(|why| {
        let quoted = tollgate_api::go_format::quote(version);
        Status::plain(format!("resourceVersion: Invalid value: {quoted}: {why}"))
    })?;
    let begins = options.send_initial_events.unwrap_or(wanted == 0);
    let mut watching = if begins {
        with_initial(call, options, wanted)?
    } else {
        from_revision(call, options, wanted)
    };
    if begins
        && options.allow_watch_bookmarks
        && (options.send_initial_events == Some(true) || version == "0")
    {
        watching.first.push_back(Change::Bookmark {
            revision: watching.revision,
            ends_initial: true,
        });
    }
    Ok(Answer::Watch(Box::new(watching)))
}

fn with_initial(call: &Call<'_>, options: &ListOptions, wanted: u64) -> Result<Watching, Status> {
    let store = &call.api.store;
    let snapshot = store.snapshot();
    if wanted > snapshot.revision() {
        return Err(error::too_large_resource_version(
            wanted,
            snapshot.revision(),
        ));
    }
    let selection = Selection::new(options);
    let prefix = call.prefix();
    let mut first = VecDeque::new();
    for (key, record) in snapshot.range(&prefix) {
        if selection.matches(key, record)? {
            first.push_back(Change::Object {
                event_type: "ADDED",
                object: encoded(record, record.revision),
                shared: None,
            });
        }
    }
    let mut watching = begin(call, options, snapshot.revision());
    watching.first.extend(first);
    Ok(watching)
}

fn from_revision(call: &Call<'_>, options: &ListOptions, wanted: u64) -> Watching {
    let newest = call.api.store.snapshot().revision();
    let from = if wanted == 0 {
        newest
    } else {
        wanted.min(newest)
    };
    begin(call, options, from)
}

fn begin(call: &Call<'_>, options: &ListOptions, revision: u64) -> Watching {
    let mut first = VecDeque::new();
    let watcher = match call.api.store.watch(&call.prefix(), revision) {
        Ok(watcher) => Some(watcher),
        Err(RevisionError::Compacted { requested, oldest }) => {
            let message = format!("too old resource version: {requested} ({oldest})");
            first.push_back(Change::Error(error::expired(message)));
            None
        }
        // Between the snapshot and the watch time does not run backwards.
        Err(RevisionError::Future { .. }) => None,
    };
    Watching {
        resource: Arc::clone(call.resource),
        options: options.clone(),
        first,
        watcher,
        ended: false,
        revision,
    }
}

fn encoded(record: &Record, revision: u64) -> Encoded {
    Encoded {
        value: record.value.clone(),
        revision,
    }
}

impl Watching {
    /// The next thing to tell; none once the watch is over because the watcher was too slow or the store is closed.
    pub async fn next(&mut self) -> Option<Change> {
        if let Some(change) = self.first.pop_front() {
            return Some(change);
        }
        loop {
            let event = self.watcher.as_mut()?.next().await;
            let Some(event) = event else {
                self.ended = true;
                return None;
            };
            self.revision = event.revision;
            if let Some(change) = self.seen(&event) {
                return Some(change);
            }
        }
    }

    /// Whether nothing more comes: the watch has ended with an error, the watcher was too slow, or the store is closed.
    pub fn is_over(&self) -> bool {
        self.first.is_empty() && (self.ended || self.watcher.is_none())
    }

    /// Whether the watcher has been too slow: there are events that it will not be told.
    pub fn is_cut_off(&self) -> bool {
        self.watcher.as_ref().is_some_and(Watcher::is_cut_off)
    }

    /// A bookmark of how far the watch is.
    pub fn bookmark(&self) -> Change {
        Change::Bookmark {
            revision: self.revision,
            ends_initial: false,
        }
    }

    /// The event as the selectors see it; none if they do not.
    fn seen(&self, event: &Arc<Event>) -> Option<Change> {
        let selection = Selection::new(&self.options);
        let key: &Key = &event.key;
        let matches = |record: &&Arc<Record>| matches!(selection.matches(key, record), Ok(true));
        let before = event.previous.as_ref().filter(matches);
        let after = event.current.as_ref().filter(matches);
        let (event_type, record) = match (before, after) {
            (None, Some(record)) => ("ADDED", record),
            (Some(_), Some(record)) => ("MODIFIED", record),
            // What leaves the selection, or is gone, is told as it was last.
            (Some(previous), None) => ("DELETED", previous),
            (None, None) => return None,
        };
        let is_same = before.is_some() == event.previous.is_some()
            && after.is_some() == event.current.is_some();
        Some(Change::Object {
            event_type,
            object: encoded(record, event.revision),
            shared: is_same.then(|| Arc::clone(event)),
        })
    }
}
