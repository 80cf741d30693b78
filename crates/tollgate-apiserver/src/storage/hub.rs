//! Where durable states and events are published: the newest state, the window of recent events, and their topics.
//!
//! Every watched prefix is a topic, and an event is put into each topic whose prefix its key starts with. These are found
//! by walking the ordered set of prefixes, not by asking every watcher, so ten thousand watchers of ten thousand
//! namespaces cost an event in one of them nothing. The empty prefix is a topic too, always: the window. So is
//! `<group>/<resource>/` once something happened there, so that a quiet resource can be watched from long ago while a
//! busy one fills the window.
//!
//! The window keeps what happened last, and grows for watchers that are behind until it is as large as it may ever be:
//! whoever pauses for some seconds while much happens goes on where it was, and whoever reads no more is left behind.
//! However many they are, they share one window.
//!
//! States of the past are not kept. They are made from a newer one by taking back the events between, which the window
//! has anyway; the last few so made are kept, because a list that continues asks for the same state page by page.

use super::topic::Topic;
use super::watch::Backlog;
use super::{Event, Revision, RevisionError, Snapshot, Watcher, Window};
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// After how many events it is looked again who is behind.
const LOOK_EVENTS: usize = 256;
/// How many events leave at most for one that comes, as long as there is room: nobody waits for a long clearing.
const LEAVING_MAX: usize = 16;
/// States of the past that are kept once they were asked for.
const PAST_MAX: usize = 16;

#[derive(Debug)]
pub(super) struct Hub {
    /// What readers see.
    published: RwLock<Snapshot>,
    /// The newest revision whose events are in their topics.
    newest: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limits: Window,
    /// The revision at which the window began.
    start: Revision,
    window: Arc<Topic>,
    topics: BTreeMap<Box<[u8]>, Watched>,
    bytes: usize,
    /// The oldest revision that a watcher needed when it was looked last.
    needed: Revision,
    /// How many events came since then.
    unlooked: usize,
    /// States of the past; the one used last stands last.
    past: VecDeque<Snapshot>,
    /// States before this one are not to be had.
    compacted: Revision,
    closed: bool,
}

#[derive(Debug)]
struct Watched {
    topic: Arc<Topic>,
    watchers: usize,
}

/// `<group>/<resource>/` of a key or prefix that has it.
fn bucket(text: &str) -> Option<&str> {
    let (second, _) = text.match_indices('/').nth(1)?;
    text.get(..=second)
}

fn common(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

impl State {
    /// Calls `with` with each topic that holds the events of a key, the longest prefix first.
    fn each_topic(&self, key: &str, mut with: impl FnMut(&Arc<Topic>)) {
        let mut rest = key.as_bytes();
        while let Some((prefix, watched)) = self
            .topics
            .range::<[u8], _>((Bound::Unbounded, Bound::Included(rest)))
            .next_back()
        {
            // Whatever else is a prefix of the key is a prefix of what the two have in common.
            let shared = common(prefix, rest);
            let shorter = if shared == prefix.len() {
                with(&watched.topic);
                match shared.checked_sub(1) {
                    Some(shorter) => shorter,
                    None => return,
                }
            } else {
                shared
            };
            rest = rest.get(..shorter).unwrap_or_default();
        }
    }

    fn topic(&mut self, prefix: &str, lost: Revision) -> &mut Watched {
        self.topics
            .entry(prefix.as_bytes().into())
            .or_insert_with(|| Watched {
                topic: Arc::new(Topic::new(lost)),
                watchers: 0,
            })
    }

    /// The topic that holds all events under a prefix since the window began, and perhaps others.
    fn source(&mut self, prefix: &str) -> Arc<Topic> {
        let start = self.start;
        match bucket(prefix) {
            Some(bucket) => Arc::clone(&self.topic(bucket, start).topic),
            None => Arc::clone(&self.window),
        }
    }

    fn push(&mut self, event: &Arc<Event>, due: &mut Vec<Arc<Topic>>) {
        let key = event.key.as_str();
        self.source(key);
        self.bytes = self.bytes.saturating_add(event.weight());
        self.each_topic(key, |topic| {
            if topic.push(event) {
                due.push(Arc::clone(topic));
            }
        });
        self.unlooked = self.unlooked.saturating_add(1);
        self.clear(LEAVING_MAX);
    }

    /// Lets the oldest events go that are too many: some of them if the window may be larger, or all.
    fn clear(&mut self, some: usize) {
        let Window {
            events_max,
            bytes_max,
            slow_events_max,
            slow_bytes_max,
        } = self.limits;
        for left in 0_usize.. {
            let (events, bytes) = (self.window.len(), self.bytes);
            if events <= events_max && bytes <= bytes_max {
                return;
            }
            let has_room = events <= slow_events_max && bytes <= slow_bytes_max;
            if has_room && (left >= some || self.is_oldest_needed()) {
                return;
            }
            let Some(oldest) = self.window.pop() else {
                return;
            };
            self.bytes = bytes.saturating_sub(oldest.weight());
            self.each_topic(oldest.key.as_str(), |topic| topic.pop_if(&oldest));
        }
    }

    /// Whether a watcher has yet to read the oldest event; one that has just done so may still count.
    fn is_oldest_needed(&mut self) -> bool {
        let Some(oldest) = self.window.front() else {
            return false;
        };
        if oldest >= self.needed && self.unlooked >= LOOK_EVENTS {
            self.unlooked = 0;
            let topics = self.topics.values();
            let needed = topics.filter_map(|watched| watched.topic.needed());
            self.needed = needed.min().unwrap_or(Revision::MAX);
        }
        oldest >= self.needed
    }
}

impl Hub {
    /// A hub that begins with a state and knows nothing of what was before it.
    pub(super) fn new(state: Snapshot, limits: Window) -> Self {
        let start = state.revision;
        let window = Arc::new(Topic::new(start));
        let watched = Watched {
            topic: Arc::clone(&window),
            watchers: 0,
        };
        Self {
            published: RwLock::new(state),
            newest: AtomicU64::new(start),
            state: Mutex::new(State {
                limits,
                start,
                window,
                topics: BTreeMap::from([(Box::default(), watched)]),
                bytes: 0,
                needed: Revision::MAX,
                unlooked: 0,
                past: VecDeque::new(),
                compacted: 0,
                closed: false,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest state.
    pub(super) fn snapshot(&self) -> Snapshot {
        self.published
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The newest revision whose events all watchers can have.
    pub(super) fn newest(&self) -> Revision {
        self.newest.load(Ordering::Acquire)
    }

    /// Makes a durable state visible, with the events that led to it.
    pub(super) fn publish(&self, next: Snapshot, events: &[Arc<Event>]) {
        let revision = next.revision;
        let mut state = self.lock();
        // Readers come first: who has seen an event finds its object.
        let before = std::mem::replace(
            &mut *self
                .published
                .write()
                .unwrap_or_else(PoisonError::into_inner),
            next,
        );
        let mut due = Vec::new();
        for event in events {
            state.push(event, &mut due);
        }
        let oldest = state.window.oldest();
        state.past.retain(|past| past.revision >= oldest);
        self.newest.store(revision, Ordering::Release);
        for topic in &due {
            topic.ring();
        }
        drop(state);
        drop(before);
    }

    /// Forgets the states before `revision`.
    pub(super) fn compact(&self, revision: Revision) {
        let mut state = self.lock();
        state.compacted = state.compacted.max(revision);
        let compacted = state.compacted;
        state.past.retain(|past| past.revision >= compacted);
        drop(state);
        self.shrink();
    }

    /// Gives up what was kept for watchers that are behind no more, though nothing may happen for long.
    fn shrink(&self) {
        loop {
            // Whoever writes or watches meanwhile has its turn between.
            let mut state = self.lock();
            let before = state.window.len();
            state.unlooked = LOOK_EVENTS;
            state.clear(LEAVING_MAX);
            if state.window.len() == before {
                return;
            }
        }
    }

    /// The state right after `requested`.
    pub(super) fn snapshot_at(&self, requested: Revision) -> Result<Snapshot, RevisionError> {
        let (mut past, newer) = {
            let mut state = self.lock();
            let newest = self.snapshot();
            let oldest = state.window.oldest().max(state.compacted);
            check(requested, oldest, newest.revision)?;
            let near = (0..state.past.len())
                .filter(|at| {
                    state
                        .past
                        .get(*at)
                        .is_some_and(|past| past.revision >= requested)
                })
                .min_by_key(|at| state.past.get(*at).map(|past| past.revision));
            let near = match near.and_then(|at| state.past.remove(at)) {
                Some(near) => {
                    state.past.push_back(near.clone());
                    near
                }
                None => newest,
            };
            let newer = state.window.between(requested, near.revision);
            (near, newer)
        };
        if past.revision == requested {
            return Ok(past);
        }
        past.rewind(requested, newer.iter().rev());
        let mut state = self.lock();
        if requested >= state.window.oldest() {
            state.past.push_back(past.clone());
            if state.past.len() > PAST_MAX {
                state.past.pop_front();
            }
        }
        Ok(past)
    }

    /// Starts a watch of what happens under `prefix` after `revision`.
    pub(super) fn watch(
        self: &Arc<Self>,
        prefix: &str,
        revision: Revision,
    ) -> Result<Watcher, RevisionError> {
        let mut state = self.lock();
        let source = state.source(prefix);
        check(revision, source.oldest(), self.newest())?;
        let (start, end) = source.places(revision);
        state.needed = state.needed.min(revision);
        let watched = state.topic(prefix, revision);
        watched.watchers = watched.watchers.saturating_add(1);
        let topic = Arc::clone(&watched.topic);
        let (place, backlog) = if Arc::ptr_eq(&topic, &source) {
            (start, None)
        } else {
            let (_, place) = topic.places(revision);
            let backlog = (start < end).then(|| Backlog {
                reader: source.enter(start),
                topic: source,
                end,
            });
            (place, backlog)
        };
        if state.closed {
            topic.close();
        }
        Ok(Watcher {
            hub: Arc::clone(self),
            prefix: prefix.into(),
            changes: topic.subscribe(),
            reader: topic.enter(place),
            topic,
            backlog,
            ready: VecDeque::new(),
            reached: revision,
            end: None,
        })
    }

    /// Forgets a watcher, and its topic if it was the last one.
    pub(super) fn leave(&self, prefix: &str) {
        let mut state = self.lock();
        let Some(watched) = state.topics.get_mut(prefix.as_bytes()) else {
            return;
        };
        watched.watchers = watched.watchers.saturating_sub(1);
        let lasting = prefix.is_empty() || bucket(prefix) == Some(prefix);
        if watched.watchers == 0 && !lasting {
            state.topics.remove(prefix.as_bytes());
        }
    }

    /// Ends all watches.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        for watched in state.topics.values() {
            watched.topic.close();
        }
    }
}

fn check(requested: Revision, oldest: Revision, newest: Revision) -> Result<(), RevisionError> {
    if requested > newest {
        return Err(RevisionError::Future { requested, newest });
    }
    if requested < oldest {
        return Err(RevisionError::Compacted { requested, oldest });
    }
    Ok(())
}
