//! The work queue of a controller: each key once, never two workers on one key, and keys that wait.

use super::backoff;
use super::cache::Cache;
use crate::controller::{Enqueue, Key, Outcome, Requeue};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tollgate_api::client::GroupVersionResource;

/// Resources and the revisions at which a reconciliation wrote to them.
pub(crate) type Written = BTreeMap<GroupVersionResource, u64>;

#[derive(Debug, Default)]
struct State {
    ready: VecDeque<Key>,
    /// The keys in `ready`.
    is_ready: BTreeSet<Key>,
    /// Keys that are worked on, or wait for the cache to see what they wrote. True: to be looked at again after that.
    busy: BTreeMap<Key, bool>,
    /// What the cache has to have seen before a busy key may be looked at again.
    unseen: BTreeSet<(GroupVersionResource, u64, Key)>,
    /// How many entries of `unseen` a key has.
    unseen_of: BTreeMap<Key, usize>,
    due: BTreeMap<Key, Duration>,
    by_due: BTreeSet<(Duration, Key)>,
    failures: BTreeMap<Key, u32>,
}

impl State {
    fn add(&mut self, key: Key) {
        if let Some(again) = self.busy.get_mut(&key) {
            *again = true;
            return;
        }
        if self.is_ready.insert(key.clone()) {
            self.ready.push_back(key);
        }
    }

    fn add_at(&mut self, key: Key, due: Duration) {
        if let Some(earlier) = self.due.get(&key) {
            if *earlier <= due {
                return;
            }
            let entry = (*earlier, key.clone());
            self.by_due.remove(&entry);
        }
        self.due.insert(key.clone(), due);
        self.by_due.insert((due, key));
    }

    /// Moves keys whose time has come to those that are ready.
    fn wake(&mut self, now: Duration) {
        while let Some((due, _)) = self.by_due.first()
            && *due <= now
            && let Some((_, key)) = self.by_due.pop_first()
        {
            self.due.remove(&key);
            self.add(key);
        }
    }

    /// A busy key is free.
    fn free(&mut self, key: Key) {
        if self.busy.remove(&key) == Some(true) {
            self.add(key);
        }
    }
}

/// The queue.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    news: Notify,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place to add keys at a moment.
    pub(crate) fn at(&self, now: Duration) -> Adding<'_> {
        Adding {
            queue: self,
            state: self.lock(),
            now,
        }
    }

    /// The next key to work on. Whoever takes it gives it back with [`Queue::done`].
    pub(crate) fn next(&self, now: Duration) -> Option<Key> {
        let mut state = self.lock();
        state.wake(now);
        let key = state.ready.pop_front()?;
        state.is_ready.remove(&key);
        state.busy.insert(key.clone(), false);
        Some(key)
    }

    /// Ends the work on a key. It stays busy until the cache has seen what was written.
    pub(crate) fn done(
        &self,
        key: Key,
        outcome: &Outcome,
        written: Written,
        cache: &Cache,
        now: Duration,
    ) {
        let mut state = self.lock();
        match outcome {
            Ok(Requeue::No) => {
                state.failures.remove(&key);
            }
            Ok(Requeue::After(delay)) => {
                state.failures.remove(&key);
                state.add_at(key.clone(), now.saturating_add(*delay));
            }
            Ok(Requeue::Backoff) | Err(_) => {
                let failures = state.failures.entry(key.clone()).or_default();
                *failures = failures.saturating_add(1);
                let wait = backoff::after(*failures);
                state.add_at(key.clone(), now.saturating_add(wait));
            }
        }
        let mut unseen = 0_usize;
        for (resource, revision) in written {
            // The cache tells what it has seen after it has seen it: what it sees from here on frees the key.
            if cache.revision(&resource) < revision {
                state.unseen.insert((resource, revision, key.clone()));
                unseen = unseen.saturating_add(1);
            }
        }
        if unseen > 0 {
            state.unseen_of.insert(key, unseen);
        } else {
            state.free(key);
        }
        drop(state);
        self.news.notify_one();
    }

    /// The cache has seen a resource up to a revision.
    pub(crate) fn seen(&self, resource: &GroupVersionResource, revision: u64) {
        let mut state = self.lock();
        let start = (resource.clone(), 0, Key::default());
        let mut freed = false;
        while let Some(entry) = state.unseen.range(&start..).next()
            && entry.0 == *resource
            && entry.1 <= revision
        {
            let entry = entry.clone();
            state.unseen.remove(&entry);
            let key = entry.2;
            let left = state.unseen_of.get_mut(&key).map(|count| {
                *count = count.saturating_sub(1);
                *count
            });
            if left.unwrap_or_default() == 0 {
                state.unseen_of.remove(&key);
                state.free(key);
                freed = true;
            }
        }
        drop(state);
        if freed {
            self.news.notify_one();
        }
    }

    /// The resource will not be seen again: nobody waits for it.
    pub(crate) fn forget(&self, resource: &GroupVersionResource) {
        self.seen(resource, u64::MAX);
    }

    /// When the next waiting key is due.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.lock().by_due.first().map(|(due, _)| *due)
    }

    /// Whether a key is ready at that moment.
    pub(crate) fn is_ready(&self, now: Duration) -> bool {
        let mut state = self.lock();
        state.wake(now);
        !state.ready.is_empty()
    }

    /// Resolves when something has been added or freed.
    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }
}

/// Adds keys to a queue.
#[derive(Debug)]
pub(crate) struct Adding<'q> {
    queue: &'q Queue,
    state: MutexGuard<'q, State>,
    now: Duration,
}

impl Enqueue for Adding<'_> {
    fn add(&mut self, key: Key) {
        self.state.add(key);
        self.queue.news.notify_one();
    }

    fn add_after(&mut self, key: Key, delay: Duration) {
        self.state.add_at(key, self.now.saturating_add(delay));
        self.queue.news.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::PODS;
    use tollgate_api::Status;

    const NOW: Duration = Duration::from_secs(100);

    fn key(name: &str) -> Key {
        Key::new("n", name)
    }

    fn finish(queue: &Queue, name: &str, outcome: &Outcome) {
        queue.done(key(name), outcome, Written::new(), &Cache::default(), NOW);
    }

    #[test]
    fn a_key_is_there_once_and_comes_back_if_it_changed_meanwhile() {
        let queue = Queue::default();
        queue.at(NOW).add(key("a"));
        queue.at(NOW).add(key("a"));
        assert_eq!(queue.next(NOW), Some(key("a")));
        assert_eq!(queue.next(NOW), None);
        queue.at(NOW).add(key("a"));
        assert_eq!(queue.next(NOW), None, "it is being worked on");
        finish(&queue, "a", &Ok(Requeue::No));
        assert_eq!(queue.next(NOW), Some(key("a")));
        finish(&queue, "a", &Ok(Requeue::No));
        assert_eq!(queue.next(NOW), None);
    }

    #[test]
    fn failures_wait_longer_each_time_and_an_addition_does_not_wait() {
        let queue = Queue::default();
        queue.at(NOW).add(key("a"));
        for expected in [5, 10, 20] {
            queue.at(NOW).add(key("a"));
            assert_eq!(queue.next(NOW), Some(key("a")));
            finish(&queue, "a", &Err(Status::bad_request("no")));
            let due = NOW + Duration::from_millis(expected);
            assert_eq!(
                queue.next_due(),
                Some(due.min(NOW + Duration::from_millis(5)))
            );
        }
        let later = NOW + Duration::from_millis(5);
        assert_eq!(queue.next(later), Some(key("a")));
    }

    #[test]
    fn of_two_times_the_earlier_counts() {
        let queue = Queue::default();
        queue.at(NOW).add_after(key("a"), Duration::from_secs(9));
        queue.at(NOW).add_after(key("a"), Duration::from_secs(3));
        queue.at(NOW).add_after(key("a"), Duration::from_secs(6));
        assert_eq!(queue.next(NOW + Duration::from_secs(2)), None);
        assert_eq!(queue.next(NOW + Duration::from_secs(3)), Some(key("a")));
        finish(&queue, "a", &Ok(Requeue::No));
        assert_eq!(queue.next(NOW + Duration::from_mins(1)), None);
    }

    #[test]
    fn a_key_waits_until_the_cache_has_seen_what_it_wrote() {
        let queue = Queue::default();
        let cache = Cache::default();
        cache.begin(&PODS, tollgate_api::client::Extent::Whole);
        queue.at(NOW).add(key("a"));
        assert!(queue.next(NOW).is_some());
        let written = Written::from([(PODS.clone(), 7)]);
        queue.done(key("a"), &Ok(Requeue::No), written, &cache, NOW);
        queue.at(NOW).add(key("a"));
        assert_eq!(queue.next(NOW), None);
        queue.seen(&PODS, 6);
        assert_eq!(queue.next(NOW), None);
        queue.seen(&PODS, 7);
        assert_eq!(queue.next(NOW), Some(key("a")));
        // What the cache has seen before the work ended holds nobody up.
        cache.reach(&PODS, 9);
        let written = Written::from([(PODS.clone(), 9)]);
        queue.at(NOW).add(key("a"));
        queue.done(key("a"), &Ok(Requeue::No), written, &cache, NOW);
        assert_eq!(queue.next(NOW), Some(key("a")));
    }
}
