//! What another number of pods means in the middle of a rollout: each ReplicaSet keeps its share.

use super::model::{DESIRED_REPLICAS, Deployment, MAX_REPLICAS, Set, Sets, Strategy};
use super::rolling::{Scale, end_old};
use std::cmp::Ordering;

/// Whether the Deployment asks for another number than when it last looked at its ReplicaSets.
pub(super) fn is_scaled(deployment: &Deployment, sets: &Sets) -> bool {
    let mut active = sets.all().filter(|set| set.is_active());
    active.any(|set| {
        let desired = set.number(DESIRED_REPLICAS);
        desired.is_some_and(|desired| desired != deployment.replicas)
    })
}

/// What another number means for the ReplicaSets: in the middle of a rollout each keeps its share.
pub(super) fn scale<'s>(deployment: &Deployment, sets: &'s Sets) -> Vec<Scale<'s>> {
    let mut active: Vec<&Set> = sets.all().filter(|set| set.is_active()).collect();
    let only = match active.as_slice() {
        [] => sets.new.as_ref().or(sets.old.last()),
        [only] => Some(*only),
        _ => None,
    };
    if let Some(only) = only {
        let scale = Scale::new(only, deployment.replicas);
        return if scale.from == scale.to {
            Vec::new()
        } else {
            vec![scale]
        };
    }
    if active.is_empty() {
        return Vec::new();
    }
    if is_saturated(deployment, sets) {
        return end_old(sets);
    }
    if deployment.strategy == Strategy::Recreate {
        return Vec::new();
    }
    let allowed = if deployment.replicas > 0 {
        deployment.max_replicas()
    } else {
        0
    };
    let to_add = allowed.saturating_sub(sets.sum(|set| set.replicas));
    by_size(&mut active, to_add);
    proportional(deployment, &active, to_add)
}

/// Whether the new ReplicaSet has all pods, and all are available.
fn is_saturated(deployment: &Deployment, sets: &Sets) -> bool {
    sets.new.as_ref().is_some_and(|new| {
        new.replicas == deployment.replicas
            && new.number(DESIRED_REPLICAS) == Some(deployment.replicas)
            && new.available == deployment.replicas
    })
}

/// The largest first; of two alike the newer one when pods are added, the older one when they are taken.
fn by_size(sets: &mut [&Set], to_add: i64) {
    let by_age = |a: &Set, b: &Set| {
        let by_time = a.meta.created.cmp(&b.meta.created);
        by_time.then_with(|| a.meta.name.cmp(&b.meta.name))
    };
    match to_add.cmp(&0) {
        Ordering::Equal => {}
        Ordering::Greater => sets.sort_by(|a, b| {
            let by_size = b.replicas.cmp(&a.replicas);
            by_size.then_with(|| by_age(b, a))
        }),
        Ordering::Less => sets.sort_by(|a, b| {
            let by_size = b.replicas.cmp(&a.replicas);
            by_size.then_with(|| by_age(a, b))
        }),
    }
}

fn proportional<'s>(deployment: &Deployment, sets: &[&'s Set], to_add: i64) -> Vec<Scale<'s>> {
    let mut added = 0_i64;
    let mut scales: Vec<Scale<'s>> = Vec::new();
    for set in sets {
        let share = share(deployment, set, to_add, added);
        added = added.saturating_add(share);
        scales.push(Scale {
            is_forced: true,
            ..Scale::new(set, set.replicas.saturating_add(share))
        });
    }
    // What rounding left over goes to the largest.
    if let Some(first) = scales.first_mut() {
        let rest = to_add.saturating_sub(added);
        first.to = first.to.saturating_add(rest).max(0);
    }
    scales
}

/// How many of the pods that are to come or go are this ReplicaSet's, when `added` have been given away.
fn share(deployment: &Deployment, set: &Set, to_add: i64, added: i64) -> i64 {
    let left = to_add.saturating_sub(added);
    if set.replicas == 0 || to_add == 0 || left == 0 {
        return 0;
    }
    let fraction = fraction(deployment, set);
    if to_add > 0 {
        fraction.min(left)
    } else {
        fraction.max(left)
    }
}

/// What it has to gain or lose to keep its part of the whole.
fn fraction(deployment: &Deployment, set: &Set) -> i64 {
    if deployment.replicas == 0 {
        return 0_i64.saturating_sub(set.replicas);
    }
    let before = set.number(MAX_REPLICAS).filter(|max| *max != 0);
    let before =
        before.unwrap_or_else(|| deployment.old_status.int("replicas").unwrap_or_default());
    if before <= 0 {
        return 0;
    }
    // Rounded to the nearest, halves up.
    let product = set.replicas.saturating_mul(deployment.max_replicas());
    let doubled = product.saturating_mul(2).saturating_add(before);
    let size = doubled.div_euclid(before.saturating_mul(2));
    size.saturating_sub(set.replicas)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::model::tests::{deployment, set};

    /// Upstream's cases (`TestScale`): replicas before and after, maxSurge, sizes of the new and of the old sets, the
    /// largest number before, expected sizes of the new and of the old sets.
    type Case = (
        i64,
        i64,
        &'static str,
        i64,
        &'static [i64],
        i64,
        &'static [i64],
    );

    #[test]
    fn another_number_is_shared_out_by_size() {
        let cases: &[Case] = &[
            (10, 12, "0", 10, &[], 12, &[]),
            (10, 5, "0", 10, &[], 5, &[]),
            (10, 12, "0", 5, &[5], 6, &[6]),
            (10, 5, "0", 5, &[5], 3, &[2]),
            (10, 12, "0", 5, &[3, 2], 6, &[4, 2]),
            (10, 5, "0", 5, &[3, 2], 2, &[2, 1]),
            (10, 20, "0", 10, &[], 20, &[]),
            (10, 4, "0", 10, &[], 4, &[]),
            (4, 9, "0", 4, &[0], 9, &[0]),
            (10, 0, "0", 5, &[5], 0, &[0]),
            (10, 20, "2", 6, &[6], 11, &[11]),
            (10, 20, "2", 5, &[5, 2], 9, &[9, 4]),
            (5, 50, "2", 5, &[2], 37, &[15]),
        ];
        for (before, after, surge, new, old, new_after, old_after) in cases {
            let deployment = deployment(*after, surge, "0", 0);
            let max = if *surge == "0" { *before } else { before + 2 };
            let annotations = Some((*before, max));
            let old_sets = old.iter().enumerate();
            let sets = Sets {
                new: Some(set("new", *new, 0, annotations)),
                old: old_sets
                    .rev()
                    .map(|(index, size)| set(&format!("old-{index}"), *size, 0, annotations))
                    .collect(),
            };
            let scales = scale(&deployment, &sets);
            let size = |set: &Set| {
                let scale = scales.iter().find(|scale| scale.set.name() == set.name());
                scale.map_or(set.replicas, |scale| scale.to)
            };
            let found_old: Vec<i64> = sets.old.iter().rev().map(size).collect();
            let found_new = size(sets.new.as_ref().unwrap());
            let case = format!("{before} {after} {surge} {new} {old:?}");
            let total = found_new + found_old.iter().sum::<i64>();
            let surged = deployment.max_replicas() * i64::from(*after > 0);
            let all = if old.iter().all(|size| *size == 0) {
                *after
            } else {
                surged
            };
            assert_eq!(total, all, "{case}");
            assert_eq!(
                (found_new, found_old),
                (*new_after, old_after.to_vec()),
                "{case}"
            );
        }
    }

    #[test]
    fn old_sets_end_when_the_new_one_has_all_available() {
        let deployment = deployment(20, "2", "0", 0);
        let sets = Sets {
            new: Some(set("new", 20, 20, Some((20, 22)))),
            old: vec![set("old-0", 5, 5, Some((20, 22)))],
        };
        let scales = scale(&deployment, &sets);
        assert_eq!((scales.len(), scales[0].to), (1, 0));
        assert!(!is_scaled(&deployment, &sets));
    }

    #[test]
    fn without_a_record_the_present_number_is_the_base() {
        let deployment = deployment(20, "0", "0", 10);
        let sets = Sets {
            new: Some(set("new", 5, 0, None)),
            old: vec![set("old-0", 5, 5, None)],
        };
        let scales = scale(&deployment, &sets);
        let sizes: Vec<i64> = scales.iter().map(|scale| scale.to).collect();
        assert_eq!(sizes, [10, 10]);
        assert!(!is_scaled(&deployment, &sets), "nobody knows");
    }
}
