//! The Client port: the API as its clients in the same process see it.
//!
//! Controllers, the scheduler and simulated nodes depend on these traits alone. The server implements them as function
//! calls through the same authorization and admission that a request over HTTP meets; a test wraps them to inject faults.

use crate::attributes::UserInfo;
use crate::json::{self, Fields};
use crate::status::Status;
use crate::value::Value;
use bytes::Bytes;
use compact_str::{CompactString, ToCompactString as _};
use std::fmt::{self, Debug};
use std::pin::Pin;
use std::sync::Arc;

/// Something that is under way.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A resource in one version of its group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupVersionResource {
    /// The API group; empty is the core group.
    pub group: CompactString,
    /// Such as `v1`.
    pub version: CompactString,
    /// The plural, lower-case name.
    pub resource: CompactString,
}

impl GroupVersionResource {
    /// A resource that is known when the program is written.
    pub const fn new(group: &'static str, version: &'static str, resource: &'static str) -> Self {
        Self {
            group: CompactString::const_new(group),
            version: CompactString::const_new(version),
            resource: CompactString::const_new(resource),
        }
    }

    /// The `apiVersion` of its objects.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}

impl fmt::Display for GroupVersionResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.resource, self.version, self.group)
    }
}

/// What a call is about: a collection, an object or a subresource.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The resource.
    pub resource: &'a GroupVersionResource,
    /// The namespace; empty for cluster-scoped objects and for all namespaces.
    pub namespace: &'a str,
    /// The object's name; empty for collections.
    pub name: &'a str,
    /// The subresource, or empty.
    pub subresource: &'a str,
}

impl<'a> Target<'a> {
    /// An object.
    pub const fn object(
        resource: &'a GroupVersionResource,
        namespace: &'a str,
        name: &'a str,
    ) -> Self {
        Self {
            resource,
            namespace,
            name,
            subresource: "",
        }
    }

    /// A collection.
    pub const fn collection(resource: &'a GroupVersionResource, namespace: &'a str) -> Self {
        Self::object(resource, namespace, "")
    }

    /// The same object's subresource.
    #[must_use]
    pub const fn sub(self, subresource: &'a str) -> Self {
        Self {
            subresource,
            ..self
        }
    }
}

/// Which objects of a collection are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// As in `?labelSelector=`.
    pub labels: String,
    /// As in `?fieldSelector=`.
    pub fields: String,
}

/// What becomes of the dependents of a deleted object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Propagation {
    /// They lose their owner.
    Orphan,
    /// They are deleted later.
    Background,
    /// They are deleted first.
    Foreground,
}

impl Propagation {
    /// Upstream's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Orphan => "Orphan",
            Self::Background => "Background",
            Self::Foreground => "Foreground",
        }
    }
}

/// How to delete.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deletion {
    /// In seconds; none is the kind's default.
    pub grace_period_seconds: Option<i64>,
    /// What becomes of dependents; none is the kind's default.
    pub propagation: Option<Propagation>,
    /// The unique id that the object must have.
    pub uid: Option<CompactString>,
    /// The resourceVersion that the object must have.
    pub resource_version: Option<CompactString>,
}

/// How a patch is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchKind {
    /// RFC 6902.
    Json,
    /// RFC 7386.
    Merge,
    /// Kubernetes' own, which knows keys of lists.
    Strategic,
}

/// What to do.
#[derive(Debug, Clone)]
pub enum Verb {
    /// Read an object.
    Get,
    /// Read a collection.
    List(Selection),
    /// Make an object, or ask a subresource (`binding`, `eviction`, `token`).
    Create(Value),
    /// Find out whether an object could be made, as `?dryRun=All` does.
    Rehearse(Value),
    /// Replace an object.
    Update(Value),
    /// Change an object.
    Patch(PatchKind, Value),
    /// Delete an object.
    Delete(Deletion),
    /// Delete what is selected.
    DeleteCollection(Selection, Deletion),
}

/// An object as the server keeps it: JSON without a resourceVersion, and the revision that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The JSON, shared with the server.
    pub json: Bytes,
    /// The resourceVersion.
    pub revision: u64,
}

impl Stored {
    /// The tree, with its resourceVersion.
    pub fn parse(&self) -> Result<Value, Status> {
        self.parse_fields(Fields::All)
    }

    /// The tree with some of its fields only, and with its resourceVersion.
    pub fn parse_fields(&self, fields: Fields) -> Result<Value, Status> {
        let mut object = json::fields_from_slice(&self.json, fields).map_err(|error| {
            Status::internal(format!("a stored object cannot be read: {error}"))
        })?;
        if self.revision > 0 {
            let text = self.revision.to_compact_string();
            object.child_mut("metadata").set("resourceVersion", text);
        }
        Ok(object)
    }
}

/// The answer to a call that succeeded.
#[derive(Debug, Clone)]
pub enum Reply {
    /// The object as it is now, or as it was last.
    Object(Stored),
    /// An object of another kind: a `Scale`, a `Status`.
    Other(Value),
    /// A collection at a revision.
    List {
        /// The objects, by namespace and name.
        items: Vec<Stored>,
        /// The revision.
        revision: u64,
    },
}

/// One thing that a watch tells.
#[derive(Debug, Clone)]
pub enum WatchEvent {
    /// An object is there.
    Added(Stored),
    /// An object has changed.
    Modified(Stored),
    /// An object is gone; this is how it was last.
    Deleted(Stored),
    /// Everything that was there at the beginning has been told.
    Synced {
        /// The revision of that state.
        revision: u64,
    },
}

/// How much of its objects a watch tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of them, in the version that was asked for.
    Whole,
    /// Their metadata: nobody may look at anything else, which is whatever the server has at hand, in whatever version.
    /// Upstream's controllers ask for `PartialObjectMetadata` so.
    Metadata,
}

/// Changes as they happen.
pub trait Watch: Send + Debug {
    /// The next event; none when the watch is over and has to be begun anew.
    fn next(&mut self) -> Pending<'_, Option<WatchEvent>>;
}

/// A resource as discovery tells of it, in the version that its group prefers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedResource {
    /// The resource.
    pub resource: GroupVersionResource,
    /// The kind of its objects.
    pub kind: CompactString,
    /// Whether they live in namespaces.
    pub namespaced: bool,
    /// What can be done with them: `create`, `deletecollection`, ….
    pub verbs: Vec<&'static str>,
}

/// The API as one user sees it.
pub trait Client: Send + Sync + Debug {
    /// Does something.
    fn call<'a>(&'a self, target: Target<'a>, verb: Verb) -> Pending<'a, Result<Reply, Status>>;

    /// Tells what is there (`Added`, then `Synced`) and then every change.
    fn watch(
        &self,
        resource: &GroupVersionResource,
        namespace: &str,
        extent: Extent,
    ) -> Result<Box<dyn Watch>, Status>;

    /// What is served.
    fn resources(&self) -> Vec<ServedResource>;
}

/// Who a client acts as, and which program it says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user: UserInfo,
    /// The program, by which managed fields name their owner.
    pub user_agent: CompactString,
}

impl Identity {
    /// A service account of the control plane: `system:serviceaccount:kube-system:NAME`.
    pub fn controller(service_account: &str) -> Self {
        Self {
            user: UserInfo::service_account("kube-system", service_account),
            user_agent: CompactString::const_new("kube-controller-manager"),
        }
    }

    /// A user that is in `groups`, beside `system:authenticated`.
    pub fn user(name: &str, groups: &[&str], user_agent: &str) -> Self {
        let groups = groups.iter().chain(&["system:authenticated"]);
        Self {
            user: UserInfo {
                name: name.into(),
                groups: groups.map(|group| CompactString::new(group)).collect(),
                ..UserInfo::default()
            },
            user_agent: user_agent.into(),
        }
    }
}

/// Where clients come from.
pub trait Cluster: Send + Sync + Debug {
    /// A client that acts as `identity`.
    fn client(&self, identity: Identity) -> Arc<dyn Client>;

    /// What is wrong with the expressions of a ValidatingAdmissionPolicy where they meet the kinds that it is about. Who
    /// serves the kinds knows their fields; it is no request, and needs no right.
    fn type_check(&self, policy: &Value) -> Vec<ExpressionWarning>;
}

/// Something that is wrong with an expression of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionWarning {
    /// Where the expression stands: `spec.validations[0].expression`.
    pub field_ref: String,
    /// What is wrong, kind by kind, in the words of upstream.
    pub warning: String,
}
