//! Many clients at once against one quota, over HTTP.

use super::running::{Running, pod};
use std::sync::atomic::{AtomicUsize, Ordering};
use tollgate_testkit::client::{Request, Target, Who};

const CREATES: usize = 1_000;
const CONNECTIONS: usize = 64;

/// Sends one request per number, from as many connections as there are: what was answered to each.
fn all(
    target: &Target,
    send: impl Fn(usize) -> (&'static str, String, String) + Sync,
) -> Vec<(usize, u16, String)> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut connection = target.connect(Who::Admin).unwrap();
        let mut answers = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= CREATES {
                return answers;
            }
            let (method, path, body) = send(number);
            let answer = connection
                .send(&Request::json(method, &path, &body))
                .unwrap();
            let message = answer.json()["message"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            answers.push((number, answer.status, message));
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(work)).collect();
        let answers = workers.into_iter().map(|worker| worker.join().unwrap());
        answers.flatten().collect()
    })
}

#[test]
fn a_quota_lets_exactly_as_many_in_as_it_says() {
    let server = Running::start("race", &[]);
    server.namespace("race", "100");
    let pods = "/api/v1/namespaces/race/pods";
    let answers = all(&server.target, |number| {
        ("POST", pods.to_owned(), pod(&format!("p{number}")))
    });
    let made: Vec<usize> = answers
        .iter()
        .filter(|(_, status, _)| *status == 201)
        .map(|(number, ..)| *number)
        .collect();
    assert_eq!(made.len(), 100);
    for (number, status, message) in answers.iter().filter(|(_, status, _)| *status != 201) {
        let expected = format!(
            "pods \"p{number}\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=100, limited: pods=100"
        );
        assert_eq!((*status, message), (403, &expected));
    }
    assert_eq!(server.used_and_counted("race"), ("100".to_owned(), 100));

    let answers = all(&server.target, |number| {
        let path = format!("{pods}/p{number}?gracePeriodSeconds=0");
        ("DELETE", path, String::new())
    });
    for (number, status, message) in answers {
        let expected = if made.contains(&number) { 200 } else { 404 };
        assert_eq!(status, expected, "{message}");
    }
    assert_eq!(server.used_and_counted("race"), ("0".to_owned(), 0));
}
