//! What the store costs: reads, transactions, commits to a disk, a start, watches.
//!
//! There are 100,000 records of 2.6 KB. `commit` syncs to the disk under the system's folder for temporary files, so what
//! it measures is the disk; `commit_unsynced` is the same without the disk. Their writers are tasks of one runtime, as in the
//! server.

#![expect(
    clippy::expect_used,
    reason = "what cannot be set up cannot be measured"
)]

use bytes::Bytes;
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use tollgate_apiserver::storage::{
    Durability, DurableStore, Key, MemoryStore, Options, Store, Write,
};

fn main() {
    divan::main();
    let _ = std::fs::remove_dir_all(folder(""));
}

const RECORDS: usize = 100_000;
const VALUE_BYTES: usize = 2600;
const COMMITS: usize = 1024;

fn folder(name: &str) -> PathBuf {
    let all = std::env::temp_dir().join(format!("tollgate-bench-{}", std::process::id()));
    all.join(name)
}

fn key(n: usize) -> Key {
    Key::new(
        "",
        "pods",
        &format!("team-{:02}", n % 100),
        &format!("web-{n:06}"),
    )
}

fn put(n: usize) -> Write {
    Write::Put {
        key: key(n),
        value: Bytes::from(vec![b'x'; VALUE_BYTES]),
    }
}

fn fill(store: &dyn Store) {
    for first in (0..RECORDS).step_by(1000) {
        let receipt = store.transact(&mut |_| (first..first + 1000).map(put).collect());
        receipt
            .and_then(tollgate_apiserver::storage::Receipt::wait)
            .expect("the store takes records");
    }
}

static MEMORY: LazyLock<MemoryStore> = LazyLock::new(|| {
    let store = MemoryStore::default();
    fill(&store);
    store
});

fn durable(name: &str, durability: Durability) -> DurableStore {
    let options = Options {
        durability,
        ..Options::default()
    };
    DurableStore::open(&folder(name), options).expect("the folder can be used")
}

#[divan::bench]
fn snapshot(bencher: Bencher<'_, '_>) {
    let store = &*MEMORY;
    bencher.bench(|| black_box(store.snapshot()));
}

#[divan::bench]
fn get(bencher: Bencher<'_, '_>) {
    let state = MEMORY.snapshot();
    let keys: Vec<Key> = (0..1000).map(|n| key(n * 97)).collect();
    let mut turn = keys.iter().cycle();
    bencher.bench_local(|| turn.next().map(|key| black_box(state.get(key.as_str()))));
}

#[divan::bench]
fn range_of_500(bencher: Bencher<'_, '_>) {
    let state = MEMORY.snapshot();
    bencher.bench(|| {
        let bytes = state
            .range("/pods/team-42/")
            .take(500)
            .map(|(_, record)| record.value.len());
        black_box(bytes.sum::<usize>())
    });
}

#[divan::bench(sample_size = 1)]
fn snapshot_at_1000_revisions_ago(bencher: Bencher<'_, '_>) {
    let store = MemoryStore::default();
    fill(&store);
    for n in 0..20_000 {
        let _ = store.transact(&mut |_| vec![put(n)]);
    }
    // Every one is newer than those that were kept, so that they do not help.
    let mut revision = store.snapshot().revision() - 1100;
    bencher.bench_local(|| {
        revision += 1;
        black_box(store.snapshot_at(revision).is_ok())
    });
}

#[divan::bench]
fn transact_in_memory(bencher: Bencher<'_, '_>) {
    let store = &*MEMORY;
    let mut n = 0;
    bencher.bench_local(|| {
        n = (n + 7919) % RECORDS;
        black_box(store.transact(&mut |_| vec![put(n)]).is_ok())
    });
}

fn commit_with(bencher: Bencher<'_, '_>, writers: usize, durability: Durability) {
    let store = Arc::new(durable(
        &format!("commit-{writers}-{durability:?}"),
        durability,
    ));
    fill(&*store);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .expect("a runtime starts");
    bencher.counter(ItemsCount::new(COMMITS)).bench_local(|| {
        let write = |writer: usize| {
            let store = Arc::clone(&store);
            runtime.spawn(async move {
                for n in 0..COMMITS / writers {
                    let receipt = store.transact(&mut |_| vec![put((writer + n * 7919) % RECORDS)]);
                    receipt
                        .expect("it is in order")
                        .durable()
                        .await
                        .expect("it is durable");
                }
            })
        };
        let tasks: Vec<_> = (0..writers).map(write).collect();
        for task in tasks {
            runtime.block_on(task).expect("no writer panics");
        }
    });
}

#[divan::bench(args = [1, 16, 64], sample_count = 10)]
fn commit(bencher: Bencher<'_, '_>, writers: usize) {
    commit_with(bencher, writers, Durability::Full);
}

#[divan::bench(args = [1, 16, 64], sample_count = 20)]
fn commit_unsynced(bencher: Bencher<'_, '_>, writers: usize) {
    commit_with(bencher, writers, Durability::None);
}

#[divan::bench(sample_count = 10)]
fn start_with_100k_records(bencher: Bencher<'_, '_>) {
    fill(&durable("start", Durability::None));
    bencher.bench(|| durable("start", Durability::None));
}

#[divan::bench(sample_count = 20)]
fn one_event_to_1000_watchers(bencher: Bencher<'_, '_>) {
    let store = MemoryStore::default();
    let mut watchers: Vec<_> = (0..1000)
        .filter_map(|_| store.watch("/pods/", 0).ok())
        .collect();
    bencher.bench_local(|| {
        let _ = store.transact(&mut |_| vec![put(1)]);
        for watcher in &mut watchers {
            black_box(watcher.try_next());
        }
    });
}

#[divan::bench]
fn one_event_beside_10000_watchers(bencher: Bencher<'_, '_>) {
    let store = MemoryStore::default();
    let watchers: Vec<_> = (0..10_000)
        .filter_map(|n| store.watch(&format!("/configmaps/team-{n}/"), 0).ok())
        .collect();
    bencher.bench_local(|| {
        let write = Write::Put {
            key: Key::new("", "configmaps", "team-77", "settings"),
            value: Bytes::from_static(b"x"),
        };
        black_box(store.transact(&mut |_| vec![write.clone()]).is_ok())
    });
    drop(watchers);
}
