//! Runs the machine in a server: a task for each watch and for each controller, none of which polls.

use super::machine::{Listing, Machine, Running};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{AbortHandle, JoinSet};
use tollgate_api::client::GroupVersionResource;

/// How long a watch that could not be begun waits before it is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Runs all controllers until `stop` resolves.
pub async fn run(machine: Arc<Machine>, stop: impl Future<Output = ()>) {
    let mut tasks = JoinSet::new();
    for index in 0..machine.controllers.len() {
        let machine = Arc::clone(&machine);
        tasks.spawn(async move {
            if let Some(running) = machine.controllers.get(index) {
                control(&machine, running).await;
            }
        });
    }
    tasks.spawn(record(Arc::clone(&machine)));
    tasks.spawn(supervise(Arc::clone(&machine)));
    stop.await;
    tasks.shutdown().await;
}

/// Writes events as they come.
async fn record(machine: Arc<Machine>) {
    loop {
        machine.recorder.news().await;
        while machine.recorder.is_waiting() {
            machine.recorder.write().await;
        }
    }
}

/// Keeps a watch on every resource that is wanted.
async fn supervise(machine: Arc<Machine>) {
    let mut watches: BTreeMap<GroupVersionResource, AbortHandle> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    loop {
        let news = machine.news.notified();
        let wanted = machine.refresh();
        let gone: Vec<GroupVersionResource> = watches
            .keys()
            .filter(|resource| !wanted.contains(*resource))
            .cloned()
            .collect();
        for resource in gone {
            if let Some(watch) = watches.remove(&resource) {
                watch.abort();
            }
            machine.end(&resource);
        }
        for resource in wanted.iter().cloned() {
            watches.entry(resource).or_insert_with_key(|resource| {
                machine.begin(resource);
                tasks.spawn(follow(Arc::clone(&machine), resource.clone()))
            });
        }
        news.await;
    }
}

/// Follows one resource for ever.
async fn follow(machine: Arc<Machine>, resource: GroupVersionResource) {
    loop {
        let mut listing = Listing::default();
        if let Ok(mut watch) = machine.watch(&resource) {
            while let Some(event) = watch.next().await {
                machine.take(&resource, &event, &mut listing);
            }
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Works on the keys of one controller.
async fn control(machine: &Machine, running: &Running) {
    loop {
        let news = machine.news.notified();
        if machine.is_ready(running) {
            break;
        }
        news.await;
    }
    let workers = running.controller.workers();
    let mut works = FuturesUnordered::new();
    loop {
        let now = machine.clock.elapsed();
        while works.len() < workers
            && let Some(key) = running.queue.next(now)
        {
            works.push(machine.work(running, key));
        }
        let due = running.queue.next_due();
        let wait = due.map_or(Duration::MAX, |due| due.saturating_sub(now));
        tokio::select! {
            Some(()) = works.next(), if !works.is_empty() => {}
            () = running.queue.news() => {}
            () = tokio::time::sleep(wait), if due.is_some() => {}
        }
    }
}
