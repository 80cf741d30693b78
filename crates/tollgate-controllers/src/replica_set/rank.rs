//! Which pods go first when a set shrinks: those that would be missed the least.

use crate::driver::{Cached, Phase, PodState};
use crate::pod_control;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_api::Timestamp;
use tollgate_api::value::CompactString;

/// A pod and what it is ordered by.
struct Ranked<'p> {
    pod: &'p Arc<Cached>,
    state: PodState,
    /// How many related pods are on the same node.
    beside: usize,
}

/// The pods, those that go first at the front.
pub(super) fn ranked(
    pods: &[Arc<Cached>],
    related: &[Arc<Cached>],
    now: Timestamp,
) -> Vec<Arc<Cached>> {
    let mut on_node: BTreeMap<CompactString, usize> = BTreeMap::new();
    for pod in related.iter().filter(|pod| pod_control::is_active(pod)) {
        if let Some(state) = &pod.pod {
            let count = on_node.entry(state.node.clone()).or_default();
            *count = count.saturating_add(1);
        }
    }
    let mut ranked: Vec<Ranked<'_>> = pods
        .iter()
        .map(|pod| {
            let state = pod.pod.as_deref().cloned().unwrap_or_default();
            let beside = on_node.get(&state.node).copied().unwrap_or_default();
            Ranked { pod, state, beside }
        })
        .collect();
    ranked.sort_by(|a, b| compare(a, b, now));
    ranked.iter().map(|ranked| Arc::clone(ranked.pod)).collect()
}

/// Upstream asks for the unique id as soon as two times differ within one magnitude, which is no order: restarts can
/// turn it round among three pods. Here magnitudes alone are compared, then restarts, and the unique id at the end.
fn compare(a: &Ranked<'_>, b: &Ranked<'_>, now: Timestamp) -> Ordering {
    // What is on no node goes before what is on one; two nodes are alike.
    let is_placed = |ranked: &Ranked<'_>| !ranked.state.node.is_empty();
    let ready = |ranked: &Ranked<'_>| ranked.state.ready_since.map(|since| magnitude(since, now));
    let age = |ranked: &Ranked<'_>| magnitude(ranked.pod.meta.created, now);
    is_placed(a)
        .cmp(&is_placed(b))
        .then_with(|| phase(a).cmp(&phase(b)))
        .then_with(|| a.state.is_ready().cmp(&b.state.is_ready()))
        .then_with(|| a.state.deletion_cost.cmp(&b.state.deletion_cost))
        .then_with(|| b.beside.cmp(&a.beside))
        .then_with(|| ready(a).cmp(&ready(b)))
        .then_with(|| b.state.restarts.cmp(&a.state.restarts))
        .then_with(|| age(a).cmp(&age(b)))
        .then_with(|| a.pod.meta.uid.cmp(&b.pod.meta.uid))
}

/// Pending, then unknown, then all others.
fn phase(ranked: &Ranked<'_>) -> u8 {
    match ranked.state.phase {
        Phase::Pending => 0,
        Phase::Unknown => 1,
        Phase::Running | Phase::Succeeded | Phase::Failed => 2,
    }
}

/// The binary logarithm of the nanoseconds that have passed: ages of one magnitude are alike, else the newest would always
/// be the victims. Less than nothing if none have passed, and least for a time that nobody wrote down.
fn magnitude(since: Timestamp, now: Timestamp) -> i32 {
    if since == Timestamp::default() {
        return i32::MIN;
    }
    let nanos = |time: Timestamp| {
        i128::from(time.unix_seconds())
            .saturating_mul(1_000_000_000)
            .saturating_add(i128::from(time.subsecond_nanos()))
    };
    let passed = nanos(now).saturating_sub(nanos(since));
    u128::try_from(passed)
        .ok()
        .and_then(u128::checked_ilog2)
        .and_then(|log| i32::try_from(log).ok())
        .unwrap_or(-1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::client::Stored;

    const NOW: &str = "2026-01-15T12:00:00Z";

    struct Pod {
        name: &'static str,
        node: &'static str,
        phase: &'static str,
        ready: Option<&'static str>,
        cost: i64,
        restarts: i64,
        created: &'static str,
    }

    const PLAIN: Pod = Pod {
        name: "plain",
        node: "node",
        phase: "Running",
        ready: Some("2026-01-15T11:00:00Z"),
        cost: 0,
        restarts: 0,
        created: "2026-01-15T10:00:00Z",
    };

    fn cached(pod: &Pod) -> Arc<Cached> {
        let ready = pod.ready.map_or(String::new(), |since| {
            format!(r#","conditions":[{{"type":"Ready","status":"True","lastTransitionTime":"{since}"}}]"#)
        });
        let Pod {
            name,
            node,
            phase,
            cost,
            restarts,
            created,
            ..
        } = pod;
        let json = format!(
            r#"{{"metadata":{{"name":"{name}","namespace":"n","uid":"{name}","creationTimestamp":"{created}",
            "annotations":{{"controller.kubernetes.io/pod-deletion-cost":"{cost}"}}}},"spec":{{"nodeName":"{node}"}},
            "status":{{"phase":"{phase}","containerStatuses":[{{"restartCount":{restarts}}}]{ready}}}}}"#
        );
        let stored = Stored {
            json: json.into_bytes().into(),
            revision: 1,
        };
        Arc::new(Cached::new(&stored, true).unwrap())
    }

    fn first(a: &Pod, b: &Pod, related: &[Arc<Cached>]) -> String {
        let pods = [cached(a), cached(b)];
        let now = Timestamp::parse(NOW).unwrap();
        let there = ranked(&pods, related, now)[0].meta.name.to_string();
        let back = ranked(&[cached(b), cached(a)], related, now)[0]
            .meta
            .name
            .to_string();
        assert_eq!(there, back, "the order of the pods does not matter");
        there
    }

    #[test]
    fn each_rule_counts_before_those_that_follow() {
        let worse = [
            Pod {
                node: "",
                cost: 9,
                ..PLAIN
            },
            Pod {
                phase: "Pending",
                ready: None,
                cost: 9,
                ..PLAIN
            },
            Pod {
                phase: "Unknown",
                cost: 9,
                ..PLAIN
            },
            Pod {
                ready: None,
                cost: 9,
                ..PLAIN
            },
            Pod { cost: -1, ..PLAIN },
            Pod {
                node: "full",
                ready: Some("2026-01-10T11:00:00Z"),
                ..PLAIN
            },
            Pod {
                ready: Some("2026-01-15T11:59:00Z"),
                created: "2026-01-01T10:00:00Z",
                ..PLAIN
            },
            Pod {
                restarts: 3,
                created: "2026-01-01T10:00:00Z",
                ..PLAIN
            },
            Pod {
                created: "2026-01-15T11:59:00Z",
                ..PLAIN
            },
        ];
        let crowd: Vec<Arc<Cached>> = ["x", "y"]
            .map(|name| {
                cached(&Pod {
                    name,
                    node: "full",
                    ..PLAIN
                })
            })
            .into();
        for (index, worse) in worse.iter().enumerate() {
            let worse = Pod {
                name: "z-worse",
                ..*worse
            };
            assert_eq!(first(&PLAIN, &worse, &crowd), "z-worse", "rule {index}");
        }
    }

    #[test]
    fn ages_of_one_magnitude_are_alike() {
        // 50 and 60 minutes: the unique id decides.
        let younger = Pod {
            name: "zz",
            ready: Some("2026-01-15T11:10:00Z"),
            ..PLAIN
        };
        assert_eq!(first(&PLAIN, &younger, &[]), "plain");
        // 5 and 60 minutes.
        let younger = Pod {
            name: "zz",
            ready: Some("2026-01-15T11:55:00Z"),
            ..PLAIN
        };
        assert_eq!(first(&PLAIN, &younger, &[]), "zz");
    }

    #[test]
    fn related_pods_that_are_not_active_do_not_count() {
        let other = Pod {
            name: "other",
            node: "full",
            ..PLAIN
        };
        let ended: Vec<Arc<Cached>> = ["x", "y"]
            .map(|name| {
                cached(&Pod {
                    name,
                    node: "full",
                    phase: "Failed",
                    ..PLAIN
                })
            })
            .into();
        assert_eq!(first(&PLAIN, &other, &ended), "other", "by name");
        let zz = Pod {
            name: "zz",
            node: "full",
            ..PLAIN
        };
        assert_eq!(first(&PLAIN, &zz, &ended), "plain", "by name");
    }
}
