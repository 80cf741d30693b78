//! Many watchers and many objects: one encoding for all who watch, no copy for who lists.
//!
//! `TOLLGATE_WATCHERS` and `TOLLGATE_PODS` say how many there are; if nobody does, as many as take a few seconds without
//! optimization. With 1000 and 100000, which the product is built for, optimize:
//! `TOLLGATE_WATCHERS=1000 TOLLGATE_PODS=100000 cargo test --release -p tollgate --test serve scale`.

use super::running::{Running, folder, pod};
use serde_json::json;
use std::fs;
use tollgate_apiserver::storage::{DurableStore, Key, Options, Store as _, Write};
use tollgate_testkit::client::{Connection, Request, Who};

/// How many watchers there are if nobody says.
const WATCHERS: usize = 60;
/// How many changes they are told.
const CHANGES: usize = 90;
/// How many pods there are if nobody says.
const PODS: usize = 6_000;
/// What each pod has beside what every pod has.
const PADDING: usize = 3_000;
/// What a list of all pods, which are many times that, may take beside them.
const LIST_BYTES_MAX: usize = 5 << 20;
/// What is written to forget how much memory a process once had.
const FORGET_PEAK: &str = "5";

const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";
const PODS_PATH: &str = "/api/v1/namespaces/held/pods";

/// The only place that reads the environment.
fn number(name: &str, otherwise: usize) -> usize {
    let text = std::env::var_os(name).and_then(|text| text.into_string().ok());
    text.map_or(otherwise, |text| text.parse().unwrap())
}

/// So many lines of a watch.
fn lines(watch: &mut Connection, count: usize) -> String {
    let mut text = String::new();
    while text.matches('\n').count() < count {
        let chunk = watch.chunk().unwrap().unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    text
}

/// A sample of a metric.
fn sample(server: &Running, name: &str) -> usize {
    let page = server.send(&Request::new("GET", "/metrics")).text();
    let start = format!("{name}{{group=\"\",resource=\"configmaps\",version=\"v1\"}} ");
    let mut samples = page.lines().filter_map(|line| line.strip_prefix(&start));
    samples.next().unwrap().parse().unwrap()
}

#[test]
fn all_watchers_are_told_every_event_in_order_and_share_its_encoding() {
    let server = Running::start("watchers", &[]);
    let watchers = number("TOLLGATE_WATCHERS", WATCHERS);
    let listed = server.get(CONFIG_MAPS);
    let revision = listed["metadata"]["resourceVersion"].as_str().unwrap();
    let path = format!("{CONFIG_MAPS}?watch=true&resourceVersion={revision}");
    let begin = || {
        let mut watch = server.target.connect(Who::Admin).unwrap();
        watch.write(&Request::new("GET", &path)).unwrap();
        assert_eq!(watch.read_head().unwrap().status, 200);
        watch
    };
    let mut watches: Vec<Connection> = (0..watchers).map(|_| begin()).collect();
    let mut writer = server.target.connect(Who::Admin).unwrap();
    let mut expected = Vec::new();
    for change in 0..CHANGES {
        let name = format!("c{}", change % 9 / 3);
        let path = format!("{CONFIG_MAPS}/{name}");
        let body = json!({"metadata": {"name": name}, "data": {"n": change.to_string()}});
        let body = body.to_string();
        let (request, event) = match change % 3 {
            0 => (Request::json("POST", CONFIG_MAPS, &body), "ADDED"),
            1 => (Request::json("PUT", &path, &body), "MODIFIED"),
            _ => (Request::new("DELETE", &path), "DELETED"),
        };
        let answer = writer.send(&request).unwrap();
        assert!(answer.status < 300, "{}", answer.text());
        expected.push((event, name));
    }
    let first = lines(&mut watches[0], CHANGES);
    let mut newest = 0;
    for (line, (event, name)) in first.lines().zip(&expected) {
        let told: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(told["type"], *event);
        let metadata = &told["object"]["metadata"];
        assert_eq!(metadata["name"], name.as_str());
        let revision = metadata["resourceVersion"].as_str().unwrap();
        let revision: u64 = revision.parse().unwrap();
        assert!(revision > newest, "{line}");
        newest = revision;
    }
    for watch in &mut watches[1..] {
        assert_eq!(lines(watch, CHANGES), first);
    }
    assert_eq!(sample(&server, "tollgate_watch_encodings_total"), CHANGES);
    let sent = sample(&server, "apiserver_watch_events_total");
    assert_eq!(sent, CHANGES * watchers);
}

/// A server that was started with so many pods.
fn holding(pods: usize) -> Running {
    let mut server = Running::start_in(folder("held"), &["--durability=none"]);
    let named = |name: &str| json!({"metadata": {"name": name}});
    server.create("/api/v1/namespaces", &named("held"));
    let accounts = "/api/v1/namespaces/held/serviceaccounts";
    server.create(accounts, &named("default"));
    let mut first: serde_json::Value = serde_json::from_str(&pod("p-000000")).unwrap();
    first["metadata"]["annotations"] = json!({"padding": "x".repeat(PADDING)});
    server.create(PODS_PATH, &first);
    assert_eq!(server.stop("-TERM"), Some(0));
    let store = DurableStore::open(&server.data().join("store"), Options::default()).unwrap();
    let key = |number: usize| Key::new("", "pods", "held", &format!("p-{number:06}"));
    let stored = store.snapshot().get(key(0).as_str()).cloned().unwrap();
    let text = String::from_utf8(stored.value.to_vec()).unwrap();
    let numbers: Vec<usize> = (1..pods).collect();
    for some in numbers.chunks(500) {
        let writes = some.iter().map(|number| Write::Put {
            key: key(*number),
            value: text.replace("p-000000", &format!("p-{number:06}")).into(),
        });
        let writes: Vec<Write> = writes.collect();
        store.transact(&mut |_| writes.clone()).unwrap();
    }
    drop(store);
    server.restart();
    server
}

/// A line of what the system says of the server's memory, in bytes.
fn memory(server: &Running, what: &str) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with(what)).unwrap();
    let kilobytes = line.split_whitespace().nth(1).unwrap();
    kilobytes.parse::<usize>().unwrap() * 1024
}

/// By how much the server's memory grew, at most, while it answered, and how long the answer was.
fn growth(server: &Running, request: &Request<'_>) -> (usize, usize) {
    fs::write(format!("/proc/{}/clear_refs", server.pid()), FORGET_PEAK).unwrap();
    let before = memory(server, "VmRSS");
    let answer = server.send(request);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let peak = memory(server, "VmHWM");
    (peak.saturating_sub(before), answer.body.len())
}

/// The names of a list, and where it goes on.
fn page(server: &Running, path: &str, names: &mut Vec<String>) -> (String, Option<String>) {
    let page = server.get(path);
    for item in page["items"].as_array().unwrap() {
        names.push(item["metadata"]["name"].as_str().unwrap().to_owned());
    }
    let metadata = &page["metadata"];
    let next = metadata["continue"].as_str().map(str::to_owned);
    (metadata["resourceVersion"].to_string(), next)
}

#[test]
fn many_pods_survive_a_restart_and_are_listed_page_by_page_and_without_a_copy() {
    let pods = number("TOLLGATE_PODS", PODS);
    let mut server = holding(pods);
    let some = server.get(&format!("{PODS_PATH}?limit=10"));
    assert_eq!(some["metadata"]["remainingItemCount"], pods - 10);
    // Whoever asks for indented JSON has the list made whole, here as much of it as is allowed for: it can be seen.
    let few = LIST_BYTES_MAX / PADDING;
    let indented = format!("{PODS_PATH}?pretty=true&limit={few}");
    let (grown, length) = growth(&server, &Request::new("GET", &indented));
    assert!(grown > length.min(LIST_BYTES_MAX), "{grown} of {length}");
    let (grown, length) = growth(&server, &Request::new("GET", PODS_PATH));
    assert!(
        length > pods * PADDING && length > 3 * LIST_BYTES_MAX,
        "{length}"
    );
    assert!(grown < LIST_BYTES_MAX, "{grown} for a list of {length}");

    let (mut names, mut revisions) = (Vec::new(), Vec::new());
    let size = pods.div_ceil(7);
    let mut next = Some(String::new());
    while let Some(token) = next {
        let path = format!("{PODS_PATH}?limit={size}&continue={token}");
        let (revision, rest) = page(&server, &path, &mut names);
        revisions.push(revision);
        // What comes between pages is in none of them.
        if rest.is_some() {
            let late = server.send(&Request::json(
                "POST",
                PODS_PATH,
                &pod(&format!("z{}", names.len())),
            ));
            assert_eq!(late.status, 201, "{}", late.text());
        }
        next = rest;
    }
    let all: Vec<String> = (0..pods).map(|number| format!("p-{number:06}")).collect();
    assert_eq!(names, all);
    revisions.dedup();
    assert_eq!(revisions.len(), 1, "{revisions:?}");

    server.kill();
    server.restart();
    let some = server.get(&format!("{PODS_PATH}?limit=10"));
    assert_eq!(some["metadata"]["remainingItemCount"], pods - 10 + 6);
    server.get(&format!("{PODS_PATH}/p-{:06}", pods - 1));
    let quota = json!({"metadata": {"name": "q"}, "spec": {"hard": {"pods": "1000000"}}});
    let quotas = "/api/v1/namespaces/held/resourcequotas";
    server.create(quotas, &quota);
    server.create(PODS_PATH, &serde_json::from_str(&pod("zz")).unwrap());
    let quota = server.get(&format!("{quotas}/q"));
    assert_eq!(quota["status"]["used"]["pods"], (pods + 7).to_string());
}
