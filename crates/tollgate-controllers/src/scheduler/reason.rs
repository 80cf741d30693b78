//! Why a node does not take a pod, in upstream's words.

use std::borrow::Cow;
use tollgate_api::Release;
use tollgate_api::value::CompactString;

/// What of the scheduler rejected a node, by upstream's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plugin {
    /// The node is cordoned.
    NodeUnschedulable,
    /// The pod names another node.
    NodeName,
    /// The node has taints.
    TaintToleration,
    /// The pod selects other nodes.
    NodeAffinity,
    /// A port is taken.
    NodePorts,
    /// Something does not suffice.
    NodeResourcesFit,
    /// A disk is in use.
    VolumeRestrictions,
    /// The node has as many volumes as it takes.
    NodeVolumeLimits,
    /// A claim cannot be had on the node.
    VolumeBinding,
    /// A volume is in another zone.
    VolumeZone,
    /// Pods would be spread too unevenly.
    PodTopologySpread,
    /// Pods must or must not stand beside others.
    InterPodAffinity,
}

/// Whether it helps to remove pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// It may.
    Unschedulable,
    /// It does not (`UnschedulableAndUnresolvable`).
    Unresolvable,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A text that is always the same.
    Text(&'static str),
    /// A hard taint that the pod does not tolerate.
    Taint {
        /// The taint's key.
        key: CompactString,
        /// The taint's value.
        value: CompactString,
    },
    /// There is too little of a resource.
    Insufficient(CompactString),
    /// A text made for the occasion.
    Made(CompactString),
}

/// The first release that no longer tells pods which taint a node has.
const TAINTS_UNTOLD: Release = Release::minor(34);

impl Reason {
    /// The text that `release` prints.
    pub fn text(&self, release: Release) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Taint { .. } if release >= TAINTS_UNTOLD => {
                Cow::Borrowed("node(s) had untolerated taint(s)")
            }
            Self::Taint { key, value } if release >= Release::minor(24) => {
                Cow::Owned(format!("node(s) had untolerated taint {{{key}: {value}}}"))
            }
            Self::Taint { key, value } => Cow::Owned(format!(
                "node(s) had taint {{{key}: {value}}}, that the pod didn't tolerate"
            )),
            Self::Insufficient(name) => Cow::Owned(format!("Insufficient {name}")),
            Self::Made(text) => Cow::Borrowed(text),
        }
    }
}

/// That a node does not take a pod, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// What rejected it.
    pub plugin: Plugin,
    /// Whether it helps to remove pods.
    pub code: Code,
    /// All reasons that it gave.
    pub reasons: Vec<Reason>,
}

impl Rejection {
    /// A rejection that removing pods may resolve.
    pub fn unschedulable(plugin: Plugin, text: &'static str) -> Self {
        Self {
            plugin,
            code: Code::Unschedulable,
            reasons: vec![Reason::Text(text)],
        }
    }

    /// A rejection that removing pods does not resolve.
    pub fn unresolvable(plugin: Plugin, reason: Reason) -> Self {
        Self {
            plugin,
            code: Code::Unresolvable,
            reasons: vec![reason],
        }
    }
}

/// A set of plugins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Plugins(u16);

impl Plugins {
    /// No plugin.
    pub const NONE: Self = Self(0);
    /// Every plugin.
    pub const ALL: Self = Self(u16::MAX);

    /// The set of these.
    pub const fn of(plugins: &[Plugin]) -> Self {
        let mut bits = 0;
        let mut rest = plugins;
        while let [plugin, tail @ ..] = rest {
            bits |= 1 << (*plugin as u16);
            rest = tail;
        }
        Self(bits)
    }

    /// Adds the members of another set.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the sets share a member.
    pub const fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taints_are_told_as_each_release_tells_them() {
        let taint = Reason::Taint {
            key: "k".into(),
            value: "v".into(),
        };
        for (minor, text) in [
            (20, "node(s) had taint {k: v}, that the pod didn't tolerate"),
            (24, "node(s) had untolerated taint {k: v}"),
            (33, "node(s) had untolerated taint {k: v}"),
            (34, "node(s) had untolerated taint(s)"),
            (36, "node(s) had untolerated taint(s)"),
        ] {
            assert_eq!(taint.text(Release::minor(minor)), text);
        }
    }

    #[test]
    fn sets_of_plugins_overlap_in_common_members() {
        let node = Plugins::of(&[Plugin::NodeName, Plugin::NodeAffinity]);
        assert!(node.overlaps(Plugins::of(&[Plugin::NodeAffinity])));
        assert!(!node.overlaps(Plugins::of(&[Plugin::NodePorts])));
        assert!(Plugins::ALL.overlaps(node) && Plugins::NONE.is_empty());
    }
}
