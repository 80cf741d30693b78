//! What a pod is told that found no node: upstream's words, counts and order.

use super::reason::Rejection;
use std::collections::BTreeMap;
use tollgate_api::Release;

/// What a cluster without nodes answers.
pub const NO_NODES: &str = "no nodes available to schedule pods";

/// The first release whose profile asks a plugin about resource claims before it tries preemption; what that says goes
/// into the message of every pod.
const CLAIMS_ASKED: Release = Release::minor(34);

/// How a search for a node failed.
#[derive(Debug, Clone, Default)]
pub struct Diagnosis {
    /// How many nodes there are.
    pub nodes: usize,
    /// Why no node was even looked at.
    pub prefilter: Option<Rejection>,
    /// Why the nodes that were looked at were rejected.
    pub rejections: Vec<Rejection>,
    /// Why the others were not, for all of them.
    pub absent: Option<String>,
}

impl Diagnosis {
    /// `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.`
    pub fn text(&self, release: Release) -> String {
        let mut text = format!("0/{} nodes are available:", self.nodes);
        if let Some(rejection) = &self.prefilter {
            let reasons: Vec<_> = rejection
                .reasons
                .iter()
                .map(|reason| reason.text(release))
                .collect();
            text.push_str(&format!(" {}.", reasons.join(", ")));
            return text;
        }
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for rejection in &self.rejections {
            for reason in &rejection.reasons {
                let count = counts.entry(reason.text(release).into_owned()).or_insert(0);
                *count = count.saturating_add(1);
            }
        }
        let others = self.nodes.saturating_sub(self.rejections.len());
        if let Some(reason) = self.absent.as_ref().filter(|_| others > 0) {
            let count = counts.entry(reason.clone()).or_insert(0);
            *count = count.saturating_add(others);
        }
        // Upstream sorts the finished texts, so that `10 x` comes before `2 y`.
        let mut parts: Vec<String> = counts
            .iter()
            .map(|(reason, count)| format!("{count} {reason}"))
            .collect();
        parts.sort();
        if !parts.is_empty() {
            text.push_str(&format!(" {}.", parts.join(", ")));
        }
        text
    }
}

/// Appends what preemption found; nothing if it made room.
pub fn with_preemption(failure: &Diagnosis, preemption: Option<&str>, release: Release) -> String {
    let mut text = failure.text(release);
    let Some(preemption) = preemption else {
        return text;
    };
    if release < Release::minor(24) {
        return text;
    }
    if release < CLAIMS_ASKED {
        text.push_str(&format!(" preemption: {preemption}"));
    } else if failure.prefilter.is_some() {
        // The plugin for resource claims never got to look at the pod, and misses what it would have noted.
        text.push_str(" not found");
    } else {
        text.push_str(&format!(
            " no new claims to deallocate, preemption: {preemption}"
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::reason::{Plugin, Reason};
    use super::*;

    fn rejections(texts: &[(&'static str, usize)]) -> Vec<Rejection> {
        let rejections = texts.iter().flat_map(|(text, count)| {
            std::iter::repeat_n(Rejection::unschedulable(Plugin::NodePorts, text), *count)
        });
        rejections.collect()
    }

    #[test]
    fn counts_are_sorted_as_text() {
        let diagnosis = Diagnosis {
            nodes: 12,
            rejections: rejections(&[("Too many pods", 2), ("Insufficient cpu", 10)]),
            ..Diagnosis::default()
        };
        let text = "0/12 nodes are available: 10 Insufficient cpu, 2 Too many pods.";
        assert_eq!(diagnosis.text(Release::default()), text);
    }

    #[test]
    fn a_node_with_two_reasons_counts_for_both() {
        let mut both = Rejection::unschedulable(Plugin::NodeResourcesFit, "Insufficient cpu");
        both.reasons.push(Reason::Text("Insufficient memory"));
        let diagnosis = Diagnosis {
            nodes: 1,
            rejections: vec![both],
            ..Diagnosis::default()
        };
        let text = "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.";
        assert_eq!(diagnosis.text(Release::default()), text);
    }

    #[test]
    fn preemption_is_told_as_each_release_tells_it() {
        let diagnosis = Diagnosis {
            nodes: 1,
            rejections: rejections(&[("Insufficient cpu", 1)]),
            ..Diagnosis::default()
        };
        let found = "0/1 nodes are available: 1 No preemption victims found for incoming pod.";
        let of = |minor| with_preemption(&diagnosis, Some(found), Release::minor(minor));
        let failure = "0/1 nodes are available: 1 Insufficient cpu.";
        assert_eq!(of(20), failure);
        assert_eq!(of(33), format!("{failure} preemption: {found}"));
        assert_eq!(
            of(36),
            format!("{failure} no new claims to deallocate, preemption: {found}")
        );
        assert_eq!(
            with_preemption(&diagnosis, None, Release::default()),
            failure
        );
    }

    #[test]
    fn what_keeps_a_pod_from_all_nodes_is_told_once() {
        let text = "pod has unbound immediate PersistentVolumeClaims";
        let diagnosis = Diagnosis {
            nodes: 3,
            prefilter: Some(Rejection::unresolvable(
                Plugin::VolumeBinding,
                Reason::Text(text),
            )),
            ..Diagnosis::default()
        };
        assert_eq!(
            with_preemption(&diagnosis, Some(""), Release::default()),
            "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
        );
    }
}
