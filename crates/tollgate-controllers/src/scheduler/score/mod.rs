//! Which of the nodes that can take a pod is the best: one file for each of upstream's scores, with upstream's weights.

pub mod balanced_allocation;
pub mod image_locality;
pub mod inter_pod_affinity;
pub mod least_allocated;
pub mod pod_topology_spread;

use super::cluster::Cluster;
use super::filter::Prepared;
use super::node::Slot;
use super::pod::PodInfo;

/// The best that one score gives.
pub const SCORE_MAX: i64 = 100;

/// Weights of the default profile.
const TAINT_TOLERATION: i64 = 3;
const NODE_AFFINITY: i64 = 2;
const POD_TOPOLOGY_SPREAD: i64 = 2;
const INTER_POD_AFFINITY: i64 = 2;
const NODE_RESOURCES_FIT: i64 = 1;
const BALANCED_ALLOCATION: i64 = 1;
const IMAGE_LOCALITY: i64 = 1;

/// The score of each node in `slots`, in their order.
pub fn score(
    cluster: &mut Cluster,
    pod: &PodInfo,
    prepared: &Prepared,
    slots: &[Slot],
) -> Vec<i64> {
    let verdict = |slot: &Slot| prepared.verdicts.on(*slot);
    let disliked = slots
        .iter()
        .map(|slot| verdict(slot).map_or(0, |on| on.disliked_taints));
    let preferred = slots
        .iter()
        .map(|slot| verdict(slot).map_or(0, |on| on.preferred));
    let mut total = vec![0_i64; slots.len()];
    let mut add = |weight: i64, scores: Vec<i64>| {
        for (sum, score) in total.iter_mut().zip(scores) {
            *sum = sum.saturating_add(score.saturating_mul(weight));
        }
    };
    add(TAINT_TOLERATION, normalize(disliked.collect(), true));
    if !pod.spec.preferred_nodes.is_empty() {
        add(NODE_AFFINITY, normalize(preferred.collect(), false));
    }
    add(
        NODE_RESOURCES_FIT,
        least_allocated::score(cluster, pod, slots),
    );
    add(
        BALANCED_ALLOCATION,
        balanced_allocation::score(cluster, pod, slots),
    );
    add(IMAGE_LOCALITY, image_locality::score(cluster, pod, slots));
    add(
        POD_TOPOLOGY_SPREAD,
        pod_topology_spread::score(cluster, pod, slots),
    );
    add(
        INTER_POD_AFFINITY,
        inter_pod_affinity::score(cluster, pod, slots),
    );
    total
}

/// Stretches scores so that the highest is the best there is; turned around if low is good.
fn normalize(scores: Vec<i64>, is_low_good: bool) -> Vec<i64> {
    let highest = scores.iter().copied().max().unwrap_or(0);
    let turn = |score: i64| {
        if is_low_good {
            SCORE_MAX - score
        } else {
            score
        }
    };
    let stretch = |score: i64| {
        let stretched = score.saturating_mul(SCORE_MAX).checked_div(highest);
        turn(stretched.unwrap_or(0))
    };
    scores.into_iter().map(stretch).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_stretched_and_turned() {
        assert_eq!(normalize(vec![0, 1, 4], false), [0, 25, 100]);
        assert_eq!(normalize(vec![0, 1, 4], true), [100, 75, 0]);
        assert_eq!(normalize(vec![0, 0], false), [0, 0]);
        assert_eq!(normalize(vec![0, 0], true), [100, 100]);
    }
}
