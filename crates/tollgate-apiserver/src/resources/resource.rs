//! One resource in one version.

use super::conversion::Conversion;
use super::measured::Measured;
use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;
use tollgate_api::value::CompactString;
use tollgate_api::{GroupResource, GroupVersionKind, Release, Value};

/// What a client can do with a resource, as discovery and RBAC name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Verb {
    /// `create`
    Create,
    /// `delete`
    Delete,
    /// `deletecollection`
    DeleteCollection,
    /// `get`
    Get,
    /// `list`
    List,
    /// `patch`
    Patch,
    /// `update`
    Update,
    /// `watch`
    Watch,
}

impl Verb {
    /// Every verb, in the order of their names, which is that of discovery.
    pub const ALL: [Self; 8] = [
        Self::Create,
        Self::Delete,
        Self::DeleteCollection,
        Self::Get,
        Self::List,
        Self::Patch,
        Self::Update,
        Self::Watch,
    ];

    /// Upstream's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Delete => "delete",
            Self::DeleteCollection => "deletecollection",
            Self::Get => "get",
            Self::List => "list",
            Self::Patch => "patch",
            Self::Update => "update",
            Self::Watch => "watch",
        }
    }
}

/// A set of verbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verbs(u8);

impl Verbs {
    /// All verbs.
    pub const ALL: Self = Self(u8::MAX);

    /// The verbs of these names; other names are ignored.
    pub fn named<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut set = 0;
        for name in names {
            let verb = Verb::ALL.into_iter().find(|verb| verb.as_str() == name);
            set |= verb.map_or(0, |verb| 1 << verb as u8);
        }
        Self(set)
    }

    /// Whether a verb is in the set.
    pub const fn contains(self, verb: Verb) -> bool {
        self.0 & (1 << verb as u8) != 0
    }

    /// The names, in order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Verb::ALL
            .into_iter()
            .filter(move |verb| self.contains(*verb))
            .map(Verb::as_str)
    }
}

/// A subresource: `pods/status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subresource {
    /// The last part of its path: `status`.
    pub name: CompactString,
    /// The kind of its objects; the group and version often differ from the resource's (`autoscaling/v1` Scale).
    pub kind: GroupVersionKind,
    /// Whether discovery names the group and version, which it does only where they differ.
    pub names_its_group: bool,
    /// What can be done with it.
    pub verbs: Verbs,
}

/// Where a resource comes from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// Built in: the schema table knows its kind.
    BuiltIn,
    /// A CustomResourceDefinition; what its owner keeps of it (schemas, columns) is behind the pointer.
    Custom(Arc<dyn CustomOrigin>),
    /// Nowhere: its objects are made of others when they are read.
    Measured(Measured),
}

/// What the owner of custom resources keeps with each.
pub trait CustomOrigin: Any + Debug + Send + Sync {
    /// The schema of the version as its definition writes it (`openAPIV3Schema`), for the OpenAPI documents, which add
    /// what every object has. None: any object will do.
    fn openapi_schema(&self) -> Option<Value> {
        None
    }

    /// A number for what the version makes of stored objects, which no other state of any version has; 0 if it is not
    /// always the same.
    fn mark(&self) -> u64 {
        0
    }

    /// Makes a stored object what the version serves: with defaults, without what is not known any more.
    fn read(&self, object: &mut Value) {
        let _ = object;
    }
}

/// One resource in one version, as it is served.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Group, version and kind.
    pub kind: GroupVersionKind,
    /// The kind of its lists.
    pub list_kind: CompactString,
    /// Group and plural: how messages and quotas name it.
    pub group_resource: GroupResource,
    /// The name of one, for kubectl.
    pub singular: CompactString,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// What can be done with it.
    pub verbs: Verbs,
    /// kubectl's short names.
    pub short_names: Vec<CompactString>,
    /// Groups of resources that kubectl knows by one name: `all`.
    pub categories: Vec<CompactString>,
    /// Upstream's hash of the storage version, which discovery shows; may be empty.
    pub storage_version_hash: CompactString,
    /// In the order of their names.
    pub subresources: Vec<Subresource>,
    /// Under which group and plural objects are stored: events of both groups are one.
    pub storage: GroupResource,
    /// The group, version and kind in which they are stored.
    pub storage_kind: GroupVersionKind,
    /// How to get from the stored form to this version and back.
    pub conversion: Conversion,
    /// Where it comes from.
    pub origin: Origin,
}

impl Resource {
    /// The plural name in paths.
    pub fn plural(&self) -> &str {
        &self.group_resource.resource
    }

    /// The API group; empty is the core group.
    pub fn group(&self) -> &str {
        &self.group_resource.group
    }

    /// The subresource of that name.
    pub fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|sub| sub.name == name)
    }

    /// What clients are warned of that still use it; none if nothing stands in its place.
    pub fn deprecation(&self, release: Release) -> Option<&'static str> {
        let version = self.kind.version.as_str();
        match (self.group(), version, self.plural()) {
            ("", "v1", "componentstatuses") => Some("v1 ComponentStatus is deprecated in v1.19+"),
            ("", "v1", "endpoints") if release >= Release::minor(33) => {
                Some("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice")
            }
            // In releases that never had it, it is ours: nobody is to turn away from it.
            ("policy", "v1beta1", "podsecuritypolicies")
                if (Release::minor(21)..Release::minor(25)).contains(&release) =>
            {
                Some(
                    "policy/v1beta1 PodSecurityPolicy is deprecated in v1.21+, unavailable in v1.25+",
                )
            }
            _ => None,
        }
    }

    /// Whether it can be shown as a Table: what only passes through cannot, nor can what is no view of the whole object.
    pub fn has_tables(&self, subresource: &str) -> bool {
        match subresource {
            "" => self.verbs.contains(Verb::Get),
            "status" | "scale" => true,
            _ => false,
        }
    }

    /// Turns a stored object into one of this version.
    pub fn to_served(&self, object: &mut Value) {
        match &self.origin {
            Origin::BuiltIn => self.conversion.to_served(&self.kind, object),
            Origin::Custom(origin) => origin.read(object),
            Origin::Measured(measured) => measured.read(&self.kind, object),
        }
    }

    /// The number with which a record is marked that is served just as it is stored; 0 if none can be.
    pub fn mark(&self) -> u64 {
        match &self.origin {
            Origin::BuiltIn | Origin::Measured(_) => 0,
            Origin::Custom(origin) => origin.mark(),
        }
    }

    /// The names of its verbs, in the order of discovery.
    pub fn verb_names(&self) -> Vec<&'static str> {
        let mut names: Vec<&'static str> = self.verbs.names().collect();
        if self.is_custom() {
            // Upstream writes these by hand.
            let order = [
                "delete",
                "deletecollection",
                "get",
                "list",
                "patch",
                "create",
                "update",
                "watch",
            ];
            names.sort_by_key(|name| order.iter().position(|known| known == name));
        }
        names
    }

    /// Whether its objects are made of others when they are read.
    pub fn is_measured(&self) -> bool {
        matches!(self.origin, Origin::Measured(_))
    }

    /// Whether kube-apiserver has it: its objects are stored as they are served, and can be had as protobuf.
    pub fn is_built_in(&self) -> bool {
        matches!(self.origin, Origin::BuiltIn)
    }

    /// Whether a CustomResourceDefinition describes it.
    pub fn is_custom(&self) -> bool {
        matches!(self.origin, Origin::Custom(_))
    }
}
