//! `/healthz`, `/livez` and `/readyz` (upstream: `apiserver/pkg/server/healthz`).

use super::query::Query;
use super::respond::{HttpAnswer, page_not_found, text};
use crate::health::{Health, Root, SHUTDOWN};
use std::collections::BTreeSet;
use tollgate_api::go_format::quote;

/// Answers under `/healthz`, `/livez` or `/readyz`.
pub(super) fn answer(path: &str, query: &Query, health: &Health, stopping: bool) -> HttpAnswer {
    let path = path.trim_matches('/');
    let (root, check) = path.split_once('/').unwrap_or((path, ""));
    let Some(root) = Root::parse(root) else {
        return page_not_found();
    };
    let is_well = |name: &str| match name {
        SHUTDOWN => !stopping,
        name => health.is_well(name),
    };
    if check.is_empty() {
        return all(root, query, is_well);
    }
    match root.checks().find(|name| *name == check) {
        None => page_not_found(),
        Some(name) if is_well(name) => text(200, b"ok".to_vec()),
        Some(name) => {
            let why = format!("internal server error: {name} is not well\n");
            text(500, why.into_bytes())
        }
    }
}

fn all(root: Root, query: &Query, is_well: impl Fn(&str) -> bool) -> HttpAnswer {
    let mut unknown: BTreeSet<&str> = query.all("exclude").collect();
    let excluded = unknown.clone();
    let mut report = String::new();
    let mut fails = false;
    for check in root.checks() {
        let line = if excluded.contains(check) {
            unknown.remove(check);
            format!("[+]{check} excluded: ok\n")
        } else if is_well(check) {
            format!("[+]{check} ok\n")
        } else {
            fails = true;
            format!("[-]{check} failed: reason withheld\n")
        };
        report.push_str(&line);
    }
    if !unknown.is_empty() {
        let unknown: Vec<String> = unknown.into_iter().map(quote).collect();
        let unknown = unknown.join(",");
        report.push_str(&format!(
            "warn: some health checks cannot be excluded: no matches for {unknown}\n"
        ));
    }
    let root = root.as_str();
    if fails {
        report.push_str(&format!("{root} check failed\n"));
        return text(500, report.into_bytes());
    }
    if query.first("verbose").is_none() {
        return text(200, b"ok".to_vec());
    }
    report.push_str(&format!("{root} check passed\n"));
    text(200, report.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body::AnswerBody;
    use crate::storage::{MemoryStore, Store};
    use std::sync::Arc;

    fn ask(target: &str, health: &Health, stopping: bool) -> (u16, String) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let response = answer(path, &Query::parse(query), health, stopping);
        let code = response.status().as_u16();
        let AnswerBody::Whole(Some(body)) = response.into_body() else {
            panic!("{target}: no whole body")
        };
        (code, String::from_utf8(body.to_vec()).unwrap())
    }

    fn well() -> Health {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let mut health = Health::new(&store);
        for root in Root::ALL {
            let checks: Vec<&'static str> = root.checks().collect();
            let missing = checks.into_iter().filter(|name| !health.is_well(name));
            let missing: Vec<&'static str> = missing.collect();
            health.done(&missing);
        }
        health
    }

    #[test]
    fn whoever_asks_is_told_what_is_looked_at() {
        let health = well();
        assert_eq!(ask("/livez", &health, false), (200, "ok".to_owned()));
        let (code, text) = ask("/livez?verbose&exclude=etcd", &health, false);
        assert_eq!(code, 200);
        assert!(text.starts_with("[+]ping ok\n[+]log ok\n"), "{text}");
        assert!(text.contains("\n[+]etcd excluded: ok\n"), "{text}");
        assert!(text.ends_with(" ok\nlivez check passed\n"), "{text}");
        assert!(!text.contains("shutdown"), "{text}");
        let (_, text) = ask("/healthz?verbose&exclude=b&exclude=a", &health, false);
        let warning = "warn: some health checks cannot be excluded: no matches for \"a\",\"b\"\n";
        assert!(text.contains(warning), "{text}");
        let hook = "/readyz/poststarthook/rbac/bootstrap-roles";
        assert_eq!(ask(hook, &health, false), (200, "ok".to_owned()));
        assert_eq!(ask("/livez/shutdown", &health, false).0, 404);
    }

    #[test]
    fn what_is_not_well_fails_without_saying_why() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let health = Health::new(&store);
        let (code, text) = ask("/livez", &health, false);
        assert_eq!(code, 500);
        let line = "[-]poststarthook/rbac/bootstrap-roles failed: reason withheld\n";
        assert!(text.contains(line), "{text}");
        assert!(text.ends_with("\nlivez check failed\n"), "{text}");
        let hook = "/livez/poststarthook/rbac/bootstrap-roles";
        assert_eq!(ask(hook, &health, false).0, 500);
    }

    #[test]
    fn a_server_that_stops_lives_and_is_not_ready() {
        let health = well();
        assert_eq!(ask("/livez", &health, true).0, 200);
        let (code, text) = ask("/readyz", &health, true);
        assert_eq!(code, 500);
        assert!(
            text.ends_with("[-]shutdown failed: reason withheld\nreadyz check failed\n"),
            "{text}"
        );
        assert_eq!(ask("/readyz?exclude=shutdown", &health, true).0, 200);
    }
}
