//! The steps of a rollout: how many pods each ReplicaSet is to have next.

use super::model::{Deployment, Set, Sets, Strategy};
use std::cmp::Ordering;

/// A ReplicaSet and its next size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale<'s> {
    /// The ReplicaSet as it was found.
    pub(super) set: &'s Set,
    /// The size before; another than the set's if it is the second step of one.
    pub(super) from: i64,
    /// The size after.
    pub(super) to: i64,
    /// Whether what the Deployment asks for is written down though the size remains.
    pub(super) is_forced: bool,
}

impl<'s> Scale<'s> {
    /// From the size that it has.
    pub(super) fn new(set: &'s Set, to: i64) -> Self {
        Self {
            set,
            from: set.replicas,
            to,
            is_forced: false,
        }
    }
}

/// How many pods the new ReplicaSet is to have when there are `all` now.
pub(super) fn new_replicas(deployment: &Deployment, all: i64, has: i64) -> i64 {
    if deployment.strategy == Strategy::Recreate {
        return deployment.replicas;
    }
    let room = deployment.max_replicas().saturating_sub(all);
    if room <= 0 {
        return has;
    }
    let missing = deployment.replicas.saturating_sub(has);
    has.saturating_add(room.min(missing))
}

/// The next step of a rolling update; nothing if it has to wait or is over.
pub(super) fn rolling<'s>(deployment: &Deployment, sets: &'s Sets) -> Vec<Scale<'s>> {
    let Some(new) = &sets.new else {
        return Vec::new();
    };
    let all = sets.sum(|set| set.replicas);
    let to = match new.replicas.cmp(&deployment.replicas) {
        Ordering::Equal => new.replicas,
        Ordering::Greater => deployment.replicas,
        Ordering::Less => new_replicas(deployment, all, new.replicas),
    };
    if to != new.replicas {
        return vec![Scale::new(new, to)];
    }
    shrink_old(deployment, sets, new, all)
}

/// Takes pods from old ReplicaSets: first those that are not available, then as many as availability allows.
fn shrink_old<'s>(deployment: &Deployment, sets: &'s Sets, new: &Set, all: i64) -> Vec<Scale<'s>> {
    let min_available = deployment
        .replicas
        .saturating_sub(deployment.max_unavailable);
    let new_unavailable = new.replicas.saturating_sub(new.available);
    let spare = all
        .saturating_sub(min_available)
        .saturating_sub(new_unavailable);
    let mut scales: Vec<Scale<'s>> = Vec::new();
    let mut sizes: Vec<(&'s Set, i64)> = Vec::new();
    let mut left = spare.max(0);
    if left == 0 {
        return scales;
    }
    for set in sets.old.iter().filter(|set| set.is_active()) {
        let unhealthy = set.replicas.saturating_sub(set.available).max(0);
        let taken = unhealthy.min(left);
        let to = set.replicas.saturating_sub(taken);
        if taken > 0 {
            scales.push(Scale::new(set, to));
        }
        left = left.saturating_sub(taken);
        sizes.push((set, to));
    }
    let available = sets.sum(|set| set.available);
    let mut left = available.saturating_sub(min_available);
    for (set, size) in sizes {
        let taken = size.min(left);
        if taken > 0 {
            let to = size.saturating_sub(taken);
            scales.push(Scale {
                from: size,
                ..Scale::new(set, to)
            });
            left = left.saturating_sub(taken);
        }
    }
    scales
}

/// The end of all old pods.
pub(super) fn end_old(sets: &Sets) -> Vec<Scale<'_>> {
    let active = sets.old.iter().filter(|set| set.is_active());
    active.map(|set| Scale::new(set, 0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::model::tests::{deployment, set};

    fn steps(scales: &[Scale<'_>]) -> Vec<String> {
        let steps = scales.iter();
        steps
            .map(|scale| format!("{} {}-{}", scale.set.name(), scale.from, scale.to))
            .collect()
    }

    #[test]
    fn the_new_set_grows_as_far_as_surge_allows() {
        // replicas, maxSurge, new, old: new size (upstream: TestNewRSNewReplicas, TestReconcileNewReplicaSet).
        for (replicas, surge, new, old, expected) in [
            (1, "5", 0, 1, 1),
            (10, "0", 0, 10, 0),
            (10, "2", 0, 10, 2),
            (10, "0", 0, 0, 10),
            (10, "2", 0, 0, 10),
            (10, "2", 2, 10, 2),
            (10, "2", 2, 8, 4),
            (10, "20", 0, 10, 10),
            (10, "25%", 0, 10, 3),
        ] {
            let deployment = deployment(replicas, surge, "0", 0);
            let found = new_replicas(&deployment, new + old, new);
            assert_eq!(found, expected, "{replicas} {surge} {new} {old}");
        }
    }

    #[test]
    fn a_rollout_goes_step_by_step() {
        // replicas, maxSurge, maxUnavailable, new (size, available), old (size, available), steps.
        let cases = [
            (10, "2", "2", (0, 0), (10, 10), vec!["new 0-2"]),
            (10, "2", "2", (2, 0), (10, 10), vec!["old-0 10-8"]),
            (10, "2", "2", (2, 2), (10, 10), vec!["old-0 10-6"]),
            (10, "2", "2", (4, 0), (8, 8), vec![]),
            (10, "0", "0", (0, 0), (10, 10), vec!["old-0 10-9"]),
            (10, "0", "2", (0, 0), (10, 10), vec!["old-0 10-8"]),
            // Pods that are not available go first, and cost nothing.
            (10, "2", "2", (2, 0), (10, 8), vec!["old-0 10-8"]),
            (
                10,
                "3",
                "0",
                (3, 3),
                (10, 9),
                vec!["old-0 10-9", "old-0 9-7"],
            ),
            (10, "3", "0", (3, 0), (10, 10), vec![]),
            // Too many new ones, after the number fell.
            (5, "1", "0", (8, 8), (0, 0), vec!["new 8-5"]),
            (3, "1", "1", (3, 3), (1, 1), vec!["old-0 1-0"]),
            (3, "1", "1", (3, 3), (0, 0), vec![]),
            (1, "25%", "25%", (1, 0), (1, 1), vec![]),
            (1, "25%", "25%", (1, 1), (1, 1), vec!["old-0 1-0"]),
        ];
        for (replicas, surge, unavailable, new, old, expected) in cases {
            let deployment = deployment(replicas, surge, unavailable, 0);
            let sets = Sets {
                new: Some(set("new", new.0, new.1, None)),
                old: vec![set("old-0", old.0, old.1, None)],
            };
            let found = steps(&rolling(&deployment, &sets));
            assert_eq!(
                found, expected,
                "{replicas} {surge} {unavailable} {new:?} {old:?}"
            );
        }
    }

    #[test]
    fn the_oldest_goes_first_and_all_go_at_a_recreation() {
        let deployment = deployment(10, "0", "3", 0);
        let sets = Sets {
            new: Some(set("new", 0, 0, None)),
            old: vec![set("old-0", 2, 2, None), set("old-1", 8, 8, None)],
        };
        assert_eq!(
            steps(&rolling(&deployment, &sets)),
            ["old-0 2-0", "old-1 8-7"]
        );
        assert_eq!(steps(&end_old(&sets)), ["old-0 2-0", "old-1 8-0"]);
    }
}
