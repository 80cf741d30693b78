//! ImageLocality: nodes that have the pod's images already, the more so the larger these are.

use super::super::cluster::Cluster;
use super::super::node::Slot;
use super::super::pod::PodInfo;
use super::SCORE_MAX;

const MEGABYTE: i64 = 1024 * 1024;
/// Images smaller than this are fetched in no time.
const SIZE_MIN: i64 = 23 * MEGABYTE;
/// Beyond this size of the image of each container it is all the same.
const SIZE_MAX: i64 = 1000 * MEGABYTE;

/// Scores nodes. An image counts by the share of nodes that have it, so that pods are not drawn to the only one.
pub fn score(cluster: &Cluster, pod: &PodInfo, slots: &[Slot]) -> Vec<i64> {
    let images: Vec<(&str, i64)> = pod
        .spec
        .images
        .iter()
        .map(|image| (image.as_str(), cluster.count_image(image)))
        .filter_map(|(image, count)| Some((image, i64::try_from(count).ok()?)))
        .filter(|(_, count)| *count > 0)
        .collect();
    if images.is_empty() {
        return vec![0; slots.len()];
    }
    let present = cluster
        .nodes()
        .iter()
        .filter(|node| node.is_present)
        .count();
    let all = i64::try_from(present).unwrap_or(i64::MAX);
    let containers = i64::try_from(pod.spec.images.len()).unwrap_or(1);
    let size_max = SIZE_MAX.saturating_mul(containers);
    let score = |slot: &Slot| {
        let Some(node) = cluster.node(*slot) else {
            return 0;
        };
        let sizes = images.iter().filter_map(|(image, count)| {
            let size = node.facts.images.get(*image)?;
            size.saturating_mul(*count).checked_div(all)
        });
        let sum = sizes
            .fold(0_i64, i64::saturating_add)
            .clamp(SIZE_MIN, size_max.max(SIZE_MIN));
        let range = size_max.saturating_sub(SIZE_MIN);
        SCORE_MAX
            .saturating_mul(sum.saturating_sub(SIZE_MIN))
            .checked_div(range)
            .unwrap_or(0)
    };
    slots.iter().map(score).collect()
}
