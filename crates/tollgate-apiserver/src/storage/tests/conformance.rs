//! What every store must do; run against all of them.

use crate::storage::durable::faults::{Dice, FaultyDisk};
use crate::storage::{
    Event, Key, MemoryStore, Options, Revision, RevisionError, Snapshot, Store, StoreError,
    WatchEnd, Watcher, Window, Write,
};
use bytes::Bytes;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

type Make = fn(Window) -> Box<dyn Store>;

fn memory(window: Window) -> Box<dyn Store> {
    Box::new(MemoryStore::new(window))
}

fn durable(window: Window) -> Box<dyn Store> {
    let options = Options {
        window,
        log_bytes_min: 4000,
        ..Options::default()
    };
    Box::new(FaultyDisk::default().open(options).unwrap())
}

macro_rules! conformance {
    ($($test:ident)*) => {
        mod of_memory {
            $(#[test] fn $test() { super::$test(super::memory); })*
        }
        mod of_durable {
            $(#[test] fn $test() { super::$test(super::durable); })*
        }
    };
}

conformance! {
    an_empty_store_is_at_revision_zero
    every_transaction_that_writes_takes_the_next_revision
    what_is_put_is_there_with_its_revisions
    a_transaction_happens_as_a_whole
    a_decision_sees_all_decisions_before_it
    a_decision_that_panics_changes_nothing
    ranges_are_in_order_and_end_with_their_prefix
    a_snapshot_does_not_change
    states_of_the_past_can_be_had_within_the_window
    states_that_were_compacted_are_gone_but_watches_go_on
    a_watch_from_now_gives_what_happens_under_its_prefix
    a_watch_from_the_past_gives_what_was_missed
    a_watch_beyond_the_window_is_refused
    a_quiet_resource_can_be_watched_from_before_the_window
    a_slow_watcher_is_cut_off_and_a_fast_one_is_not
    a_watcher_that_is_behind_is_waited_for_while_there_is_room
    the_window_does_not_wait_for_whoever_has_read_or_is_gone
    a_watcher_of_few_keys_is_not_slow_because_others_are_busy
    progress_goes_on_where_nothing_happens
    a_watcher_that_waits_is_woken
    closing_ends_watches
    concurrent_writers_lose_nothing
    watchers_that_come_while_others_write_miss_nothing
    watching_is_the_same_as_listing
}

fn put(key: &str, value: &str) -> Write {
    Write::Put {
        key: Key::from_text(key),
        value: Bytes::copy_from_slice(value.as_bytes()),
    }
}

fn delete(key: &str) -> Write {
    Write::Delete {
        key: Key::from_text(key),
    }
}

fn commit(store: &dyn Store, writes: &[Write]) -> Revision {
    let receipt = store.transact(&mut |_| writes.to_vec()).unwrap();
    receipt.wait().unwrap()
}

fn keys(state: &Snapshot, prefix: &str) -> Vec<String> {
    state
        .range(prefix)
        .map(|(key, _)| key.to_string())
        .collect()
}

fn described(event: &Event) -> String {
    let value =
        |record: &Arc<crate::storage::Record>| String::from_utf8_lossy(&record.value).into_owned();
    let previous = event.previous.as_ref().map_or("-".to_owned(), value);
    let current = event.current.as_ref().map_or("-".to_owned(), value);
    format!("{} {} {previous}>{current}", event.revision, event.key)
}

fn seen(watcher: &mut Watcher) -> Vec<String> {
    std::iter::from_fn(|| watcher.try_next())
        .map(|event| described(&event))
        .collect()
}

fn few(events_max: usize) -> Window {
    Window {
        events_max,
        slow_events_max: events_max,
        ..Window::default()
    }
}

fn an_empty_store_is_at_revision_zero(make: Make) {
    let store = make(Window::default());
    assert_eq!(store.snapshot().revision(), 0);
    assert!(store.snapshot().is_empty());
    assert_eq!(store.snapshot_at(0).unwrap().revision(), 0);
    let future = RevisionError::Future {
        requested: 1,
        newest: 0,
    };
    assert_eq!(store.snapshot_at(1).unwrap_err(), future);
    assert_eq!(store.watch("", 1).unwrap_err(), future);
}

fn every_transaction_that_writes_takes_the_next_revision(make: Make) {
    let store = make(Window::default());
    assert_eq!(commit(&*store, &[put("a", "1")]), 1);
    assert_eq!(commit(&*store, &[]), 1);
    assert_eq!(commit(&*store, &[delete("b")]), 1);
    assert_eq!(commit(&*store, &[put("a", "1"), put("b", "1")]), 2);
    assert_eq!(commit(&*store, &[delete("a"), delete("x")]), 3);
    assert_eq!(store.snapshot().revision(), 3);
    assert_eq!(keys(&store.snapshot(), ""), ["b"]);
}

fn what_is_put_is_there_with_its_revisions(make: Make) {
    let store = make(Window::default());
    commit(&*store, &[put("a", "1")]);
    commit(&*store, &[put("a", "2")]);
    let state = store.snapshot();
    let record = state.get("a").unwrap();
    assert_eq!(
        (&record.value[..], record.created, record.revision),
        (&b"2"[..], 1, 2)
    );
    commit(&*store, &[delete("a")]);
    assert!(store.snapshot().get("a").is_none());
    commit(&*store, &[put("a", "3")]);
    let state = store.snapshot();
    let record = state.get("a").unwrap();
    assert_eq!(
        (&record.value[..], record.created, record.revision),
        (&b"3"[..], 4, 4)
    );
    // One transaction may change its mind.
    commit(
        &*store,
        &[delete("a"), put("a", "4"), put("b", "1"), delete("b")],
    );
    let state = store.snapshot();
    assert_eq!(keys(&state, ""), ["a"]);
    assert_eq!(state.get("a").unwrap().created, 5);
}

fn a_transaction_happens_as_a_whole(make: Make) {
    let store = make(Window::default());
    let writes: Vec<_> = (0..50)
        .map(|n| put(&format!("/pods/shop/{n:02}"), "x"))
        .collect();
    let reader = &*store;
    std::thread::scope(|threads| {
        threads.spawn(|| commit(reader, &writes));
        loop {
            let state = reader.snapshot();
            assert!(state.is_empty() || state.len() == 50, "{}", state.len());
            assert_eq!(!state.is_empty(), state.revision() == 1);
            if state.len() == 50 {
                break;
            }
        }
    });
}

fn a_decision_sees_all_decisions_before_it(make: Make) {
    let store = make(Window::default());
    // None of these has been waited for when the next decides.
    let receipts: Vec<_> = (0..20)
        .map(|n| {
            let mut saw = 0;
            let receipt = store.transact(&mut |state| {
                saw = state.len();
                vec![put(&format!("k{n}"), "x")]
            });
            assert_eq!(saw, n);
            receipt.unwrap()
        })
        .collect();
    // Who wrote nothing but saw what was not durable is told only when it is.
    let looked = store.transact(&mut |_| Vec::new()).unwrap();
    assert_eq!(looked.wait().unwrap(), 20);
    assert_eq!(store.snapshot().revision(), 20);
    for (n, receipt) in receipts.into_iter().enumerate() {
        assert_eq!(receipt.wait().unwrap(), n as Revision + 1);
    }
}

fn a_decision_that_panics_changes_nothing(make: Make) {
    let store = make(Window::default());
    commit(&*store, &[put("a", "1")]);
    let decide = || store.transact(&mut |_| panic!("a decision"));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(decide)).is_err());
    assert_eq!(store.snapshot().revision(), 1);
    assert_eq!(commit(&*store, &[put("b", "1")]), 2);
}

fn ranges_are_in_order_and_end_with_their_prefix(make: Make) {
    let store = make(Window::default());
    let names = [
        "/pods/b/2",
        "/pods/b/10",
        "/pods/a/1",
        "/podsets/a/1",
        "/pod/a/1",
        "apps/pods/a/1",
        "/pods/b-/1",
    ];
    commit(&*store, &names.map(|key| put(key, "x")));
    let state = store.snapshot();
    assert_eq!(
        keys(&state, "/pods/"),
        ["/pods/a/1", "/pods/b-/1", "/pods/b/10", "/pods/b/2"]
    );
    assert_eq!(keys(&state, "/pods/b/"), ["/pods/b/10", "/pods/b/2"]);
    assert_eq!(keys(&state, "/pods/c/"), [""; 0]);
    assert_eq!(keys(&state, "").len(), 7);
    let from: Vec<_> = state
        .range_from("/pods/", "/pods/b/10\0")
        .map(|(key, _)| key.as_str())
        .collect();
    assert_eq!(from, ["/pods/b/2"]);
}

fn a_snapshot_does_not_change(make: Make) {
    let store = make(Window::default());
    commit(&*store, &[put("a", "1"), put("b", "1")]);
    let before = store.snapshot();
    commit(&*store, &[put("a", "2"), delete("b"), put("c", "1")]);
    assert_eq!(keys(&before, ""), ["a", "b"]);
    assert_eq!(before.get("a").unwrap().value, "1");
    assert_eq!(before.revision(), 1);
}

fn states_of_the_past_can_be_had_within_the_window(make: Make) {
    let store = make(few(20));
    let mut states = vec![store.snapshot()];
    for n in 0..60 {
        let key = format!("k{}", n % 7);
        commit(
            &*store,
            &[if n % 5 == 4 {
                delete(&key)
            } else {
                put(&key, &n.to_string())
            }],
        );
        states.push(store.snapshot());
    }
    let newest = states.last().unwrap().revision();
    let mut dice = Dice(1);
    for _ in 0..200 {
        let requested = dice.roll(newest + 1);
        let expected = states
            .iter()
            .find(|state| state.revision() == requested)
            .unwrap();
        match store.snapshot_at(requested) {
            Ok(state) => {
                assert!(requested >= newest - 20);
                assert_eq!(state.revision(), requested);
                assert!(state.range("").eq(expected.range("")));
            }
            Err(error) => {
                let oldest = newest - 20;
                assert!(requested < oldest);
                assert_eq!(error, RevisionError::Compacted { requested, oldest });
            }
        }
    }
}

fn a_watch_from_now_gives_what_happens_under_its_prefix(make: Make) {
    let store = make(Window::default());
    commit(&*store, &[put("/pods/a/1", "old")]);
    let prefixes = ["", "/pods/", "/pods/a/", "/pods/a/1", "/po", "apps/"];
    let mut watchers = prefixes.map(|prefix| store.watch(prefix, 1).unwrap());
    commit(
        &*store,
        &[
            put("/pods/a/1", "new"),
            put("/pods/b/1", "x"),
            put("apps/sets/a/1", "x"),
        ],
    );
    commit(&*store, &[delete("/pods/a/1")]);
    let all = [
        "2 /pods/a/1 old>new",
        "2 /pods/b/1 ->x",
        "2 apps/sets/a/1 ->x",
        "3 /pods/a/1 new>-",
    ];
    let expected: [&[usize]; 6] = [
        &[0, 1, 2, 3],
        &[0, 1, 3],
        &[0, 3],
        &[0, 3],
        &[0, 1, 3],
        &[2],
    ];
    for (watcher, expected) in watchers.iter_mut().zip(expected) {
        assert_eq!(
            seen(watcher),
            expected.iter().map(|at| all[*at]).collect::<Vec<_>>()
        );
        assert_eq!(watcher.end(), None);
    }
}

fn states_that_were_compacted_are_gone_but_watches_go_on(make: Make) {
    let store = make(few(100));
    for n in 0..10 {
        commit(&*store, &[put("/pods/a/x", &n.to_string())]);
    }
    assert!(store.snapshot_at(3).is_ok());
    store.compact(5);
    store.compact(4);
    for requested in 1..5 {
        let oldest = 5;
        let error = store.snapshot_at(requested).unwrap_err();
        assert_eq!(error, RevisionError::Compacted { requested, oldest });
    }
    assert_eq!(store.snapshot_at(5).unwrap().revision(), 5);
    let mut watcher = store.watch("/pods/", 2).unwrap();
    assert_eq!(watcher.try_next().unwrap().revision, 3);
}

fn a_watch_from_the_past_gives_what_was_missed(make: Make) {
    let store = make(Window::default());
    for n in 1..=200 {
        commit(
            &*store,
            &[
                put(&format!("/pods/{}/x", n % 3), &n.to_string()),
                put("/nodes//x", ""),
            ],
        );
    }
    for prefix in [
        "",
        "/pods/",
        "/pods/1/",
        "/pods/1/x",
        "/p",
        "/nodes/",
        "none/",
    ] {
        let mut late = store.watch(prefix, 50).unwrap();
        let mut later = store.watch(prefix, 190).unwrap();
        let mut now = store.watch(prefix, 200).unwrap();
        commit(
            &*store,
            &[
                put("/pods/1/x", "last"),
                delete("/nodes//x"),
                put("/nodes//x", ""),
            ],
        );
        let mut whole = store.watch("", 50).unwrap();
        let all: Vec<_> = std::iter::from_fn(|| whole.try_next())
            .filter(|e| e.key.as_str().starts_with(prefix))
            .collect();
        let after = |revision| {
            all.iter()
                .filter(|e| e.revision > revision)
                .map(|e| described(e))
                .collect::<Vec<_>>()
        };
        assert_eq!(seen(&mut late), after(50), "{prefix}");
        assert_eq!(seen(&mut later), after(190), "{prefix}");
        assert!(after(200).ends_with(&seen(&mut now)), "{prefix}");
    }
}

fn a_watch_beyond_the_window_is_refused(make: Make) {
    let store = make(few(10));
    for n in 0..30 {
        commit(&*store, &[put("/pods/a/x", &n.to_string())]);
    }
    let refused = |requested| RevisionError::Compacted {
        requested,
        oldest: 20,
    };
    assert_eq!(store.watch("/pods/", 19).unwrap_err(), refused(19));
    assert_eq!(store.watch("/pods/a/", 0).unwrap_err(), refused(0));
    assert_eq!(store.watch("", 19).unwrap_err(), refused(19));
    assert_eq!(seen(&mut store.watch("/pods/a/", 20).unwrap()).len(), 10);
    // Bytes count too.
    let store = make(Window {
        bytes_max: 50_000,
        ..Window::default()
    });
    for _ in 0..9 {
        commit(&*store, &[put("/pods/a/x", &"x".repeat(10_000))]);
    }
    assert!(store.watch("", 2).is_err());
    assert!(store.watch("", 8).is_ok());
}

fn a_quiet_resource_can_be_watched_from_before_the_window(make: Make) {
    let store = make(few(10));
    commit(&*store, &[put("/nodes//a", "1")]);
    for n in 0..30 {
        commit(&*store, &[put("/pods/a/x", &n.to_string())]);
    }
    assert!(store.watch("/nodes/", 0).is_err());
    let mut watcher = store.watch("/nodes/", 1).unwrap();
    commit(&*store, &[put("/nodes//a", "2")]);
    assert_eq!(seen(&mut watcher), ["32 /nodes//a 1>2"]);
    assert_eq!(
        seen(&mut store.watch("/nodes//a", 5).unwrap()),
        ["32 /nodes//a 1>2"]
    );
    assert!(store.watch("/never/", 0).is_ok());
}

fn a_slow_watcher_is_cut_off_and_a_fast_one_is_not(make: Make) {
    for prefix in ["", "/pods/", "/pods/a/", "/pods/a/x"] {
        let store = make(few(100));
        let mut slow = store.watch(prefix, 0).unwrap();
        let mut fast = store.watch(prefix, 0).unwrap();
        let mut count = 0;
        for n in 0..300 {
            commit(&*store, &[put("/pods/a/x", &n.to_string())]);
            // One event behind, so that some of them are read from the past.
            if n % 50 == 0 {
                count += seen(&mut fast).len();
            }
        }
        count += seen(&mut fast).len();
        assert_eq!((count, fast.end()), (300, None));
        assert_eq!(slow.try_next().map(|event| event.revision), None);
        assert_eq!(slow.end(), Some(WatchEnd::TooSlow));
        // A watcher of the past that was fast enough for its first events is cut off where it stops.
        let mut stops = store.watch(prefix, 200).unwrap();
        assert_eq!(stops.try_next().map(|event| event.revision), Some(201));
        for n in 0..300 {
            commit(&*store, &[put("/pods/a/x", &n.to_string())]);
        }
        let rest = seen(&mut stops);
        assert!(rest.len() < 100 && rest[0].starts_with("202 "), "{rest:?}");
        assert_eq!(stops.end(), Some(WatchEnd::TooSlow));
    }
}

/// A window of ten events that grows to two thousand.
const GROWING: Window = Window {
    events_max: 10,
    bytes_max: 1 << 20,
    slow_events_max: 2000,
    slow_bytes_max: 1 << 20,
};

fn change(store: &dyn Store, times: usize, value: &str) {
    for _ in 0..times {
        commit(store, &[put("/pods/a/x", value)]);
    }
}

/// Whether a watch can go on from where it was so many revisions ago.
fn remembers(store: &dyn Store, ago: Revision) -> bool {
    let newest = store.snapshot().revision();
    store.watch("/pods/", newest - ago).is_ok()
}

fn a_watcher_that_is_behind_is_waited_for_while_there_is_room(make: Make) {
    for prefix in ["", "/pods/", "/pods/a/", "/pods/a/x"] {
        let store = make(GROWING);
        let mut pauses = store.watch(prefix, 0).unwrap();
        let mut idle = store.watch("/nodes/", 0).unwrap();
        change(&*store, 1900, "1");
        // One that begins in the past is waited for, too.
        let mut late = store.watch(prefix, 1000).unwrap();
        assert!(!pauses.is_cut_off() && !late.is_cut_off(), "{prefix}");
        assert_eq!(seen(&mut pauses).len(), 1900, "{prefix}");
        assert_eq!(seen(&mut late).len(), 900, "{prefix}");
        assert_eq!((pauses.end(), late.end()), (None, None));
        // Whoever reads no more is not waited for longer than that.
        change(&*store, 2200, "2");
        assert!(pauses.is_cut_off(), "{prefix}");
        assert!(!remembers(&*store, 2001), "{prefix}");
        assert_eq!(pauses.try_next().map(|event| event.revision), None);
        assert_eq!(pauses.end(), Some(WatchEnd::TooSlow));
        assert!(!idle.is_cut_off() && idle.try_next().is_none());
        // Bytes are bounded as well.
        let mut other = store.watch(prefix, store.snapshot().revision()).unwrap();
        change(&*store, 4, &"x".repeat(300_000));
        assert!(other.is_cut_off() && other.try_next().is_none(), "{prefix}");
    }
}

fn the_window_does_not_wait_for_whoever_has_read_or_is_gone(make: Make) {
    for prefix in ["/pods/", "/pods/a/x"] {
        let store = make(GROWING);
        let mut reads = store.watch(prefix, 0).unwrap();
        let leaves = store.watch(prefix, 0).unwrap();
        change(&*store, 1000, "1");
        assert!(remembers(&*store, 1000), "{prefix}");
        assert_eq!(seen(&mut reads).len(), 1000);
        drop(leaves);
        // What is not needed goes little by little as more comes, and all of it from time to time.
        change(&*store, 300, "2");
        assert_eq!(seen(&mut reads).len(), 300);
        assert!(!remembers(&*store, 1000), "{prefix}");
        store.compact(store.snapshot().revision());
        assert!(!remembers(&*store, 11), "{prefix}");
        assert!(remembers(&*store, 10), "{prefix}");
        assert!(!reads.is_cut_off());
    }
}

fn a_watcher_of_few_keys_is_not_slow_because_others_are_busy(make: Make) {
    let store = make(few(10));
    let mut watchers =
        ["/pods/a/", "/pods/a/x", "/nodes/"].map(|prefix| store.watch(prefix, 0).unwrap());
    for n in 0..50 {
        commit(&*store, &[put("/pods/b/x", &n.to_string())]);
    }
    commit(&*store, &[put("/pods/a/x", "1"), put("/nodes//x", "1")]);
    assert_eq!(seen(&mut watchers[0]), ["51 /pods/a/x ->1"]);
    assert_eq!(seen(&mut watchers[1]), ["51 /pods/a/x ->1"]);
    assert_eq!(seen(&mut watchers[2]), ["51 /nodes//x ->1"]);
}

fn progress_goes_on_where_nothing_happens(make: Make) {
    let store = make(Window::default());
    let mut watcher = store.watch("/nodes/", 0).unwrap();
    assert_eq!(watcher.progress(), 0);
    commit(&*store, &[put("/pods/a/x", "1")]);
    assert_eq!(watcher.progress(), 1);
    commit(&*store, &[put("/nodes//x", "1"), put("/nodes//y", "1")]);
    commit(&*store, &[put("/pods/a/x", "2")]);
    // There are events that were not taken.
    assert_eq!(watcher.progress(), 1);
    assert_eq!(watcher.try_next().unwrap().revision, 2);
    assert_eq!(watcher.progress(), 1);
    assert_eq!(watcher.try_next().unwrap().revision, 2);
    assert_eq!(watcher.progress(), 3);
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

fn a_watcher_that_waits_is_woken(make: Make) {
    let store = make(Window::default());
    let mut watchers = ["", "/pods/", "/pods/a/"].map(|prefix| store.watch(prefix, 0).unwrap());
    std::thread::scope(|threads| {
        let waiting = watchers.each_mut().map(|watcher| {
            threads.spawn(|| {
                block_on(async {
                    let mut revisions = Vec::new();
                    while revisions.len() < 100 {
                        revisions.push(watcher.next().await.unwrap().revision);
                    }
                    revisions
                })
            })
        });
        for n in 0..100 {
            commit(&*store, &[put("/pods/a/x", &n.to_string())]);
        }
        for revisions in waiting {
            assert!(revisions.join().unwrap().into_iter().eq(1..=100));
        }
    });
}

fn closing_ends_watches(make: Make) {
    let store = make(Window::default());
    let mut watchers = ["", "/pods/", "/pods/a/"].map(|prefix| store.watch(prefix, 0).unwrap());
    commit(&*store, &[put("/pods/a/x", "1")]);
    drop(store);
    for watcher in &mut watchers {
        assert_eq!(block_on(watcher.next()).unwrap().revision, 1);
        assert!(block_on(watcher.next()).is_none());
        assert_eq!(watcher.end(), Some(WatchEnd::Closed));
    }
}

fn concurrent_writers_lose_nothing(make: Make) {
    const WRITERS: u64 = 8;
    const EACH: u64 = 100;
    let store = make(Window::default());
    let count = |state: &Snapshot| {
        let text = state.get("/counts/a/all").map_or("0".into(), |r| {
            String::from_utf8_lossy(&r.value).into_owned()
        });
        text.parse::<u64>().unwrap()
    };
    let mut watcher = store.watch("/counts/", 0).unwrap();
    std::thread::scope(|threads| {
        for writer in 0..WRITERS {
            let store = &*store;
            threads.spawn(move || {
                for n in 0..EACH {
                    let receipt = store.transact(&mut |state| {
                        let next = (count(state) + 1).to_string();
                        vec![
                            put("/counts/a/all", &next),
                            put(&format!("/pods/{writer}/{n}"), &next),
                        ]
                    });
                    let revision = receipt.unwrap().wait().unwrap();
                    // Who was told can read it.
                    assert!(store.snapshot().revision() >= revision);
                }
            });
        }
    });
    assert_eq!(count(&store.snapshot()), WRITERS * EACH);
    assert_eq!(store.snapshot().len() as u64, WRITERS * EACH + 1);
    for revision in 1..=WRITERS * EACH {
        let event = watcher.try_next().unwrap();
        assert_eq!(event.revision, revision);
        assert_eq!(event.current.as_ref().unwrap().value, revision.to_string());
    }
    assert!(watcher.try_next().is_none());
}

fn watchers_that_come_while_others_write_miss_nothing(make: Make) {
    const REVISIONS: Revision = 600;
    let store = make(Window::default());
    let store = &*store;
    let prefixes = ["", "/pods/", "/pods/a/", "/pods/a/x"];
    std::thread::scope(|threads| {
        for _ in 0..3 {
            threads.spawn(|| {
                for n in 0..REVISIONS / 3 {
                    commit(store, &[put("/pods/a/x", &n.to_string())]);
                }
            });
        }
        for prefix in prefixes {
            threads.spawn(move || {
                let mut newest = 0;
                while newest < REVISIONS {
                    newest = store.snapshot().revision();
                    // Some begin where the writers are, some in the past.
                    let start = newest - newest % 5;
                    let mut watcher = store.watch(prefix, start).unwrap();
                    let end = REVISIONS.min(start + 40);
                    for revision in start + 1..=end {
                        assert_eq!(block_on(watcher.next()).unwrap().revision, revision);
                        assert!(store.snapshot().revision() >= revision);
                    }
                }
            });
        }
    });
}

/// What has happened under a prefix, applied to what was there.
fn replay(
    from: &Snapshot,
    prefix: &str,
    watcher: &mut Watcher,
) -> BTreeMap<String, Arc<crate::storage::Record>> {
    let mut state: BTreeMap<_, _> = from
        .range(prefix)
        .map(|(k, r)| (k.to_string(), Arc::clone(r)))
        .collect();
    while let Some(event) = watcher.try_next() {
        let before = match &event.current {
            Some(current) => state.insert(event.key.to_string(), Arc::clone(current)),
            None => state.remove(event.key.as_str()),
        };
        assert_eq!(before, event.previous);
    }
    state
}

const NAMESPACES: [&str; 4] = ["/pods/a/", "/pods/b/", "/nodes//", "apps/sets/a/"];

fn watching_is_the_same_as_listing(make: Make) {
    let change = (0..4usize, 0..5u8, proptest::option::of("[a-z]{0,5}"));
    let transactions = proptest::collection::vec(proptest::collection::vec(change, 0..5), 0..30);
    proptest!(ProptestConfig::with_cases(60), |(transactions in transactions, events_max in 1..60usize)| {
        let store = make(few(events_max));
        let mut model = BTreeMap::new();
        let mut states = vec![store.snapshot()];
        let prefixes = ["", "/pods/", "/pods/a/", "/pods/a/1", "/nodes/", "apps", "/n"];
        for transaction in &transactions {
            let mut writes = Vec::new();
            for (namespace, name, value) in transaction {
                let key = format!("{}{name}", NAMESPACES[*namespace]);
                writes.push(match value {
                    Some(value) => put(&key, value),
                    None => delete(&key),
                });
                match value {
                    Some(value) => model.insert(key, value.clone()),
                    None => model.remove(&key),
                };
            }
            let before = states.last().unwrap().revision();
            let revision = commit(&*store, &writes);
            prop_assert!(revision == before || revision == before + 1);
            if revision > before {
                states.push(store.snapshot());
            }
            let values = states.last().unwrap().range("").map(|(key, record)| {
                (key.to_string(), String::from_utf8_lossy(&record.value).into_owned())
            });
            prop_assert!(values.eq(model.clone()));
        }
        let newest = store.snapshot();
        for state in &states {
            let revision = state.revision();
            if let Ok(past) = store.snapshot_at(revision) {
                prop_assert!(past.range("").eq(state.range("")));
            }
            for prefix in prefixes {
                if let Ok(mut watcher) = store.watch(prefix, revision) {
                    let replayed = replay(state, prefix, &mut watcher);
                    prop_assert_eq!(watcher.end(), None);
                    let listed = newest.range(prefix).map(|(k, r)| (k.to_string(), Arc::clone(r)));
                    prop_assert!(replayed.into_iter().eq(listed));
                }
            }
        }
    });
}

#[test]
fn a_store_that_is_closed_refuses_writes_and_answers_reads() {
    let disk = FaultyDisk::default();
    let store = disk.open(Options::default()).unwrap();
    commit(&store, &[put("a", "1")]);
    let receipts: Vec<_> = (0..10)
        .map(|n| store.transact(&mut |_| vec![put("a", &n.to_string())]))
        .collect();
    store.close();
    for receipt in receipts {
        receipt.unwrap().wait().unwrap();
    }
    assert_eq!(
        store.transact(&mut |_| Vec::new()).unwrap_err(),
        StoreError::Closed
    );
    assert_eq!(store.snapshot().revision(), 11);
    assert_eq!(
        store.watch("", 11).unwrap().try_next().map(|e| e.revision),
        None
    );
}

#[test]
fn a_store_that_is_opened_again_goes_on_and_has_no_past() {
    let disk = FaultyDisk::default();
    let store = disk.open(Options::default()).unwrap();
    commit(&store, &[put("a", "1")]);
    commit(&store, &[delete("a")]);
    drop(store);
    let store = disk.open(Options::default()).unwrap();
    assert_eq!(store.snapshot().revision(), 2);
    assert!(store.snapshot().is_empty());
    let compacted = RevisionError::Compacted {
        requested: 1,
        oldest: 2,
    };
    assert_eq!(store.watch("", 1).unwrap_err(), compacted);
    assert_eq!(store.watch("/pods/", 1).unwrap_err(), compacted);
    assert_eq!(store.snapshot_at(1).unwrap_err(), compacted);
    let mut watcher = store.watch("", 2).unwrap();
    assert_eq!(commit(&store, &[put("a", "2")]), 3);
    assert_eq!(seen(&mut watcher), ["3 a ->2"]);
}
