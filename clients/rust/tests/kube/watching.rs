//! Lists and watches: bare, and as reflectors keep them.

use super::{ALONE, NAMESPACE, pod, pods, soon, start};
use futures::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, ListParams, PostParams, WatchEvent, WatchParams};
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::{self, ObjectRef};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client, ResourceExt as _};

/// Keeps a store by a watch, while pods come and go.
async fn keeps_up(client: &Client, config: watcher::Config) {
    let api = pods(client);
    let created = PostParams::default();
    api.create(&created, &pod("before", &["sleep", "1d"]))
        .await
        .unwrap();
    let (reader, writer) = reflector::store::<Pod>();
    let stream = watcher(api.clone(), config.labels("app=web"))
        .default_backoff()
        .reflect(writer)
        .applied_objects();
    let (sender, mut applied) = tokio::sync::mpsc::unbounded_channel();
    let watching = tokio::spawn(stream.try_for_each(move |pod| {
        let sent = sender.send(pod.name_any());
        async move {
            assert!(sent.is_ok());
            Ok(())
        }
    }));
    soon("the first list", reader.wait_until_ready())
        .await
        .unwrap();
    let names = || reader.state().iter().map(|pod| pod.name_any()).collect();
    let known: Vec<String> = names();
    assert_eq!(known, ["before"]);
    api.create(&created, &pod("after", &["sleep", "1d"]))
        .await
        .unwrap();
    let of_another_app = {
        let mut other = pod("other", &["sleep", "1d"]);
        other.labels_mut().insert("app".into(), "db".into());
        other
    };
    api.create(&created, &of_another_app).await.unwrap();
    api.delete("before", &DeleteParams::default().grace_period(0))
        .await
        .unwrap();
    api.create(&created, &pod("last", &["sleep", "1d"]))
        .await
        .unwrap();
    let seen = soon("the last pod", async {
        let mut seen = Vec::new();
        while seen.last().is_none_or(|name| name != "last") {
            seen.push(applied.recv().await.unwrap());
        }
        seen
    });
    // It goes in two steps, as upstream: it is marked, then removed.
    assert_eq!(seen.await, ["before", "after", "before", "last"]);
    let mut known: Vec<String> = names();
    known.sort();
    assert_eq!(known, ["after", "last"]);
    let after = reader.get(&ObjectRef::new("after").within(NAMESPACE));
    assert!(after.unwrap().uid().is_some());
    watching.abort();
}

#[tokio::test]
async fn a_reflector_keeps_up_with_pods() {
    let (_server, client) = start("kube-reflector", ALONE).await;
    keeps_up(&client, watcher::Config::default()).await;
}

#[tokio::test]
async fn a_reflector_keeps_up_by_pages() {
    let (_server, client) = start("kube-pages", ALONE).await;
    keeps_up(&client, watcher::Config::default().page_size(1)).await;
}

#[tokio::test]
async fn a_reflector_keeps_up_by_a_list_that_streams() {
    let (_server, client) = start("kube-streaming", ALONE).await;
    keeps_up(&client, watcher::Config::default().streaming_lists()).await;
}

#[tokio::test]
async fn metadata_are_watched_without_the_rest() {
    let (_server, client) = start("kube-metadata", ALONE).await;
    let api = pods(&client);
    api.create(&PostParams::default(), &pod("a", &["sleep", "1d"]))
        .await
        .unwrap();
    let listed = api.list_metadata(&ListParams::default()).await.unwrap();
    assert_eq!(listed.items[0].labels()["app"], "web");
    let bare: Api<PartialObjectMeta<Pod>> = Api::namespaced(client, NAMESPACE);
    let stream = watcher(bare, watcher::Config::default()).applied_objects();
    let mut stream = std::pin::pin!(stream);
    let first = soon("the metadata", stream.try_next()).await.unwrap();
    let first = first.unwrap();
    assert_eq!((first.name_any().as_str(), first.labels().len()), ("a", 1));
}

#[tokio::test]
async fn a_watch_tells_what_happened_since_a_list() {
    let (_server, client) = start("kube-watch", ALONE).await;
    let api = pods(&client);
    let list = api.list(&ListParams::default()).await.unwrap();
    let since = list.metadata.resource_version.unwrap();
    let mut created = api
        .create(&PostParams::default(), &pod("a", &["sleep", "1d"]))
        .await
        .unwrap();
    created.labels_mut().insert("seen".into(), "yes".into());
    api.replace("a", &PostParams::default(), &created)
        .await
        .unwrap();
    let deleted = DeleteParams::default().grace_period(0);
    api.delete("a", &deleted).await.unwrap();

    let params = WatchParams::default().timeout(60);
    let mut stream = api.watch(&params, &since).await.unwrap().boxed();
    let mut events = Vec::new();
    while events.last().is_none_or(|(kind, _)| *kind != "deleted") {
        match soon("an event", stream.try_next()).await.unwrap().unwrap() {
            WatchEvent::Added(pod) => events.push(("added", pod.labels().len())),
            WatchEvent::Modified(pod) => events.push(("modified", pod.labels().len())),
            WatchEvent::Deleted(pod) => events.push(("deleted", pod.labels().len())),
            WatchEvent::Bookmark(_) => {}
            WatchEvent::Error(status) => unreachable!("{status:?}"),
        }
    }
    // It goes in two steps, as upstream: it is marked, then removed.
    let expected = [
        ("added", 1),
        ("modified", 2),
        ("modified", 2),
        ("deleted", 2),
    ];
    assert_eq!(events, expected);
}
