//! `kill -9` at any instant: what was acknowledged is there, and quotas say what is there.

use super::running::{Running, pod};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tollgate_testkit::client::{Request, Who};

const ROUNDS: usize = 4;
const WRITERS: usize = 8;

/// What clients know: the pods whose creation, and those whose deletion was acknowledged.
#[derive(Debug, Default)]
struct Known {
    made: BTreeSet<String>,
    gone: BTreeSet<String>,
}

/// Creates pods and deletes every third of them until the server is gone.
fn write(server: &Running, next: &AtomicUsize, known: &Mutex<Known>) {
    let Ok(mut connection) = server.target.connect(Who::Admin) else {
        return;
    };
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let name = format!("p{number}");
        let pods = "/api/v1/namespaces/crash/pods";
        let Ok(answer) = connection.send(&Request::json("POST", pods, &pod(&name))) else {
            return;
        };
        assert_eq!(answer.status, 201, "{}", answer.text());
        known.lock().unwrap().made.insert(name.clone());
        if number % 3 > 0 {
            continue;
        }
        // Once it was sent it may be done, acknowledged or not.
        known.lock().unwrap().made.remove(&name);
        let path = format!("{pods}/{name}?gracePeriodSeconds=0");
        let Ok(answer) = connection.send(&Request::new("DELETE", &path)) else {
            return;
        };
        assert_eq!(answer.status, 200, "{}", answer.text());
        known.lock().unwrap().gone.insert(name);
    }
}

#[test]
fn nothing_that_was_acknowledged_is_lost_and_used_is_what_is_there() {
    let mut server = Running::start("crash", &[]);
    server.namespace("crash", "1000000");
    let next = AtomicUsize::new(0);
    let known = Mutex::new(Known::default());
    for round in 0..ROUNDS {
        let before = known.lock().unwrap().made.len();
        std::thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| write(&server, &next, &known));
            }
            // Not before something was written, and in another moment of each round.
            while known.lock().unwrap().made.len() < before + 40 + 17 * round {
                std::thread::sleep(Duration::from_millis(1));
            }
            let pid = server.pid();
            let killed = std::process::Command::new("kill")
                .args(["-KILL", &pid])
                .status();
            assert!(killed.unwrap().success());
        });
        server.kill();
        server.restart();
        let list = server.get("/api/v1/namespaces/crash/pods");
        let there: BTreeSet<String> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned())
            .collect();
        let known = known.lock().unwrap();
        let lost: Vec<_> = known.made.difference(&there).collect();
        assert!(lost.is_empty(), "lost: {lost:?}");
        let back: Vec<_> = known.gone.intersection(&there).collect();
        assert!(back.is_empty(), "came back: {back:?}");
        let (used, counted) = server.used_and_counted("crash");
        assert_eq!(used, counted.to_string());
    }
}
