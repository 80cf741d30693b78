//! `/healthz`, `/livez` and `/readyz`.

use super::query::Query;
use super::respond::{HttpAnswer, page_not_found, text};

/// What is looked at, in the order in which it is told.
pub(super) const CHECKS: [&str; 4] = ["ping", "log", "loopback-serving-certificate", "etcd"];

/// Answers under `/healthz`, `/livez` or `/readyz`; `unready` says why the server is not ready, if it is not.
pub(super) fn health(path: &str, query: &Query, unready: Option<&str>) -> HttpAnswer {
    let path = path.trim_matches('/');
    let (root, check) = path.split_once('/').unwrap_or((path, ""));
    let failing = (root == "readyz").then_some(unready).flatten();
    if !check.is_empty() {
        return if CHECKS.contains(&check) {
            text(200, b"ok".to_vec())
        } else {
            page_not_found()
        };
    }
    let mut report = String::new();
    for check in CHECKS {
        let excluded = query.all("exclude").any(|name| name == check);
        let mark = if excluded { "excluded: ok" } else { "ok" };
        report.push_str(&format!("[+]{check} {mark}\n"));
    }
    if let Some(why) = failing {
        report.push_str(&format!("[-]shutdown failed: {why}\n{root} check failed\n"));
        return text(500, report.into_bytes());
    }
    if query.first("verbose").is_some() {
        report.push_str(&format!("{root} check passed\n"));
        return text(200, report.into_bytes());
    }
    text(200, b"ok".to_vec())
}
