//! Pods live once, in the bounds of their namespace, at an address of their own.

use super::{Circumstances, Law};
use crate::simulation::mirror::{Change, Mirror, is_terminal, phase};
use std::collections::BTreeMap;
use tollgate_api::{Release, Value};
use tollgate_apiserver::storage::Key;
use tollgate_policy::pod_security::{Config, PodSecurity, PodView};

/// What has ended does not live again, and restarts are not forgotten.
#[derive(Debug)]
pub(super) struct Lives;

fn restarts(pod: &Value) -> impl Iterator<Item = (&str, i64)> {
    let lists = ["initContainerStatuses", "containerStatuses"];
    let statuses = lists
        .into_iter()
        .filter_map(|list| Some(pod.get("status")?.items(list)));
    statuses.flatten().map(|status| {
        (
            status.str_or_empty("name"),
            status.int("restartCount").unwrap_or(0),
        )
    })
}

impl Law for Lives {
    fn judge(
        &mut self,
        _: &Mirror,
        changes: &[Change],
        _: Circumstances<'_>,
    ) -> Result<(), String> {
        for change in changes.iter().filter(|change| change.is_of("", "pods")) {
            let Some((old, new)) = change.both() else {
                continue;
            };
            if is_terminal(old) && phase(old) != phase(new) {
                let (old, new) = (phase(old), phase(new));
                return Err(format!("pod {} was {old} and is {new}", change.key));
            }
            let before: BTreeMap<&str, i64> = restarts(old).collect();
            for (container, count) in restarts(new) {
                if before.get(container).is_some_and(|before| *before > count) {
                    let pod = &change.key;
                    return Err(format!("{container} of pod {pod} forgot restarts: {new}"));
                }
            }
        }
        Ok(())
    }
}

/// No pod comes in that its namespace forbids.
#[derive(Debug)]
pub(super) struct Security(PodSecurity);

impl Default for Security {
    fn default() -> Self {
        Self(PodSecurity::new(Config::default(), Release::default()))
    }
}

impl Law for Security {
    fn judge(
        &mut self,
        mirror: &Mirror,
        changes: &[Change],
        _: Circumstances<'_>,
    ) -> Result<(), String> {
        for change in changes.iter().filter(|change| change.is_of("", "pods")) {
            let Some(pod) = change.created() else {
                continue;
            };
            let Some(namespace) = mirror.get("", "namespaces", "", change.key.namespace()) else {
                return Err(format!("pod {} came without its namespace", change.key));
            };
            let policy = self.0.namespace_policy(namespace).policy.enforce;
            let evaluation = self.0.evaluator().evaluate(&PodView::new(pod), policy);
            if !evaluation.is_allowed() {
                let why = evaluation.detail();
                return Err(format!(
                    "pod {} came though {policy} forbids it: {why}",
                    change.key
                ));
            }
        }
        Ok(())
    }
}

/// Two pods that live have two addresses.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    taken: BTreeMap<String, Key>,
}

fn address(pod: &Value) -> Option<&str> {
    let is_own = pod.at(&["spec", "hostNetwork"]).and_then(Value::as_bool) != Some(true);
    let address = pod.get("status")?.str("podIP")?;
    (is_own && !is_terminal(pod)).then_some(address)
}

impl Law for Addresses {
    fn judge(
        &mut self,
        _: &Mirror,
        changes: &[Change],
        _: Circumstances<'_>,
    ) -> Result<(), String> {
        for change in changes.iter().filter(|change| change.is_of("", "pods")) {
            let old = change.old.as_deref().and_then(address);
            let new = change.new.as_deref().and_then(address);
            if old == new {
                continue;
            }
            if let Some(old) = old {
                self.taken.remove(old);
            }
            if let Some(new) = new
                && let Some(other) = self.taken.insert(new.to_owned(), change.key.clone())
            {
                return Err(format!("{} and {other} have the address {new}", change.key));
            }
        }
        Ok(())
    }
}
