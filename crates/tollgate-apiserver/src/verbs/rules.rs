//! What a kind does differently from others when it is written or deleted: one table.

use crate::resources::Resource;

/// What happens to dependents if a deletion does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Collection {
    /// They are collected.
    Background,
    /// They lose their owner.
    Orphan,
    /// The kind has no dependents.
    Unsupported,
}

/// The rules of a kind.
#[expect(
    clippy::struct_excessive_bools,
    reason = "one switch for each rule is what this is"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rules {
    /// Whether `metadata.generation` is kept.
    pub(super) generation: bool,
    /// Whether a PUT of an object that is not there makes it.
    pub(super) create_on_update: bool,
    /// Whether a PUT without a resourceVersion overwrites whatever is there.
    pub(super) unconditional_update: bool,
    /// Whether a deletion answers with the object.
    pub(super) returns_deleted: bool,
    /// What happens to dependents.
    pub(super) collection: Collection,
}

const USUAL: Rules = Rules {
    generation: false,
    create_on_update: false,
    unconditional_update: true,
    returns_deleted: false,
    collection: Collection::Background,
};

const CUSTOM: Rules = Rules {
    generation: true,
    unconditional_update: false,
    ..USUAL
};

/// Kinds with a generation.
const GENERATION: &[(&str, &[&str])] = &[
    ("", &["pods", "podtemplates", "replicationcontrollers"]),
    ("admissionregistration.k8s.io", &["*"]),
    ("apiextensions.k8s.io", &["*"]),
    (
        "apps",
        &["daemonsets", "deployments", "replicasets", "statefulsets"],
    ),
    ("batch", &["*"]),
    ("discovery.k8s.io", &["*"]),
    ("flowcontrol.apiserver.k8s.io", &["*"]),
    (
        "networking.k8s.io",
        &["ingressclasses", "ingresses", "networkpolicies"],
    ),
    ("policy", &["poddisruptionbudgets"]),
    ("resource.k8s.io", &["deviceclasses", "resourceslices"]),
    ("scheduling.k8s.io", &["*"]),
];

const CREATE_ON_UPDATE: &[(&str, &[&str])] = &[
    ("", &["endpoints", "events", "limitranges", "services"]),
    ("events.k8s.io", &["*"]),
    ("coordination.k8s.io", &["*"]),
    ("node.k8s.io", &["*"]),
    ("rbac.authorization.k8s.io", &["*"]),
];

/// Kinds of which an update must say which version it replaces.
const CONDITIONAL: &[(&str, &[&str])] = &[
    ("admissionregistration.k8s.io", &["*"]),
    ("apiextensions.k8s.io", &["*"]),
    ("apiregistration.k8s.io", &["*"]),
    ("coordination.k8s.io", &["*"]),
    ("node.k8s.io", &["*"]),
    ("policy", &["poddisruptionbudgets"]),
    (
        "storage.k8s.io",
        &[
            "csidrivers",
            "csinodes",
            "csistoragecapacities",
            "volumeattachments",
        ],
    ),
];

const RETURNS_DELETED: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "persistentvolumeclaims",
            "persistentvolumes",
            "pods",
            "podtemplates",
            "resourcequotas",
            "serviceaccounts",
            "services",
        ],
    ),
    ("policy", &["podsecuritypolicies"]),
    ("resource.k8s.io", &["*"]),
    (
        "storage.k8s.io",
        &[
            "csidrivers",
            "csinodes",
            "storageclasses",
            "volumeattachments",
            "volumeattributesclasses",
        ],
    ),
];

fn is_in(table: &[(&str, &[&str])], resource: &Resource) -> bool {
    table.iter().any(|(group, plurals)| {
        resource.group() == *group
            && (plurals.contains(&"*") || plurals.contains(&resource.plural()))
    })
}

impl Rules {
    /// The rules of a resource.
    pub(super) fn of(resource: &Resource) -> Self {
        if resource.is_custom() {
            return CUSTOM;
        }
        let collection = match (resource.group(), resource.plural()) {
            ("", "replicationcontrollers") | ("batch", "jobs") => Collection::Orphan,
            ("" | "events.k8s.io", "events") => Collection::Unsupported,
            _ => Collection::Background,
        };
        Self {
            generation: is_in(GENERATION, resource),
            create_on_update: is_in(CREATE_ON_UPDATE, resource),
            unconditional_update: !is_in(CONDITIONAL, resource),
            returns_deleted: is_in(RETURNS_DELETED, resource),
            collection,
        }
    }
}
