//! The fields that a request cannot write, and so does not come to manage.

use crate::patch::field_set::{PathElement, Set};
use tollgate_api::GroupVersionKind;

/// The fields that the strategy of a resource or subresource takes back from a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resets {
    /// None.
    Nothing,
    /// These, and what is below them.
    These(Set),
    /// All but what is below these; `None` in a path stands for any member of a list.
    AllBut(Vec<Vec<Option<PathElement>>>),
}

/// Kinds whose status requests cannot write metadata.
const METADATA_IS_RESET: &[(&str, &str)] = &[
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    ("apiregistration.k8s.io", "APIService"),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
    ("internal.apiserver.k8s.io", "StorageVersion"),
    ("networking.k8s.io", "ServiceCIDR"),
    ("resource.k8s.io", "DeviceTaintRule"),
    ("resource.k8s.io", "ResourceClaim"),
    ("resource.k8s.io", "ResourcePoolStatusRequest"),
    ("scheduling.k8s.io", "PodGroup"),
    ("storage.k8s.io", "VolumeAttachment"),
    ("storagemigration.k8s.io", "StorageVersionMigration"),
];

/// Kinds with a status that requests can write.
const STATUS_IS_KEPT: &[(&str, &str)] = &[("certificates.k8s.io", "PodCertificateRequest")];

impl Resets {
    /// Whether a write of the status of such objects leaves their metadata as it is.
    pub fn keeps_metadata(kind: &GroupVersionKind) -> bool {
        METADATA_IS_RESET.contains(&(kind.group.as_str(), kind.kind.as_str()))
    }

    /// Those of a built-in kind; `has_status` says whether it has the subresource `status`.
    pub fn of(kind: &GroupVersionKind, subresource: &str, has_status: bool) -> Self {
        let is_one_of =
            |kinds: &[(&str, &str)]| kinds.contains(&(kind.group.as_str(), kind.kind.as_str()));
        match (kind.kind.as_str(), subresource) {
            ("CertificateSigningRequest", "") => Self::paths(&[&["spec"], &["status"]]),
            ("CertificateSigningRequest", "status") => {
                Self::paths(&[&["spec"], &["status", "conditions"]])
            }
            ("CertificateSigningRequest", "approval") => {
                Self::paths(&[&["spec"], &["status", "certificate"]])
            }
            ("Namespace", "finalize") => Self::paths(&[&["status"]]),
            ("Pod", "ephemeralcontainers") => {
                Self::below(&[&["metadata"], &["spec", "ephemeralContainers"]])
            }
            ("Pod", "resize") => Self::below(&[
                &["metadata"],
                &["spec", "containers", "*", "resources"],
                &["spec", "containers", "*", "resizePolicy"],
                &["spec", "initContainers", "*", "resources"],
                &["spec", "initContainers", "*", "resizePolicy"],
            ]),
            ("Pod", "status") => Self::paths(&[
                &["spec"],
                &["metadata", "deletionTimestamp"],
                &["metadata", "ownerReferences"],
            ]),
            ("Deployment", "status") => Self::paths(&[&["spec"], &["metadata", "labels"]]),
            (_, "status") if Self::keeps_metadata(kind) => Self::paths(&[&["spec"], &["metadata"]]),
            (_, "status") => Self::paths(&[&["spec"]]),
            (_, "") if has_status && !is_one_of(STATUS_IS_KEPT) => Self::paths(&[&["status"]]),
            _ => Self::Nothing,
        }
    }

    /// Those of a custom resource.
    pub fn of_custom(subresource: &str, has_status: bool) -> Self {
        match subresource {
            "status" => Self::paths(&[&["metadata"], &["spec"]]),
            "" if has_status => Self::paths(&[&["status"]]),
            _ => Self::Nothing,
        }
    }

    fn paths(paths: &[&[&str]]) -> Self {
        let mut set = Set::default();
        for path in paths {
            let path: Vec<PathElement> = path.iter().map(|name| PathElement::field(name)).collect();
            set.insert(&path);
        }
        Self::These(set)
    }

    fn below(paths: &[&[&str]]) -> Self {
        let element = |name: &&str| (*name != "*").then(|| PathElement::field(name));
        Self::AllBut(
            paths
                .iter()
                .map(|path| path.iter().map(element).collect())
                .collect(),
        )
    }

    /// What is left of a set.
    pub(super) fn filter(&self, set: Set) -> Set {
        match self {
            Self::Nothing => set,
            Self::These(these) => {
                let mut set = set;
                set.take_out(these, true);
                set
            }
            Self::AllBut(kept) => {
                let paths = set.paths();
                let matches = |path: &&Vec<PathElement>| {
                    kept.iter().any(|kept| {
                        // On the way to what is kept, or below it.
                        kept.iter()
                            .zip(path.iter())
                            .all(|(kept, element)| kept.as_ref().is_none_or(|kept| kept == element))
                    })
                };
                Set::of(paths.iter().filter(matches).map(Vec::as_slice))
            }
        }
    }
}
