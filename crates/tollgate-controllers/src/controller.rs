//! What a controller is: it watches resources, names what a change concerns, and brings one thing at a time to where it
//! should be.

use crate::context::Context;
use crate::driver::{Cache, Cached};
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use tollgate_api::Status;
use tollgate_api::client::{GroupVersionResource, Identity, Pending};
use tollgate_api::value::CompactString;

/// The name of a piece of work. What `kind` means is its controller's business; most leave it empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Key {
    /// Tells pieces of work apart that have the same names.
    pub kind: CompactString,
    /// The namespace; empty for what is in none.
    pub namespace: CompactString,
    /// The name.
    pub name: CompactString,
}

impl Key {
    /// The work on the object of that name.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self::of_kind("", namespace, name)
    }

    /// A sort of work on the object of that name.
    pub fn of_kind(kind: &str, namespace: &str, name: &str) -> Self {
        Self {
            kind: kind.into(),
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    /// The work on an object.
    pub fn of(object: &Cached) -> Self {
        Self {
            kind: CompactString::default(),
            namespace: object.meta.namespace.clone(),
            name: object.meta.name.clone(),
        }
    }
}

/// What became of an object.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// Its resource.
    pub resource: &'a GroupVersionResource,
    /// As it was; none for a new one.
    pub old: Option<&'a Arc<Cached>>,
    /// As it is; none for one that is gone.
    pub new: Option<&'a Arc<Cached>>,
}

impl<'a> Change<'a> {
    /// The object as it is, or as it was last.
    pub fn object(&self) -> Option<&'a Arc<Cached>> {
        self.new.or(self.old)
    }

    /// Whether it is about that resource.
    pub fn is_of(&self, resource: &GroupVersionResource) -> bool {
        self.resource == resource
    }
}

/// Which resources a controller watches.
#[derive(Debug, Clone)]
pub enum Watched {
    /// These.
    These(Vec<&'static GroupVersionResource>),
    /// Every resource that can be listed and watched, custom ones, too, but for events.
    Everything,
}

/// When a piece of work is to be looked at again, beside when a change says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Requeue {
    /// Only when something changes.
    #[default]
    No,
    /// After that time; what waited for earlier failures is forgotten.
    After(Duration),
    /// As after a failure: later each time.
    Backoff,
}

/// What became of a piece of work. A failure makes it wait, longer each time; a conflict is one like any other.
pub type Outcome = Result<Requeue, Status>;

/// Where a controller says what is to be looked at.
pub trait Enqueue {
    /// Looks at it as soon as possible, though it may be waiting for something.
    fn add(&mut self, key: Key);

    /// Looks at it then.
    fn add_after(&mut self, key: Key, delay: Duration);
}

/// A controller.
///
/// The driver keeps three promises. No two reconciliations of one key run at once. A key is not looked at before the
/// cache has seen what its last reconciliation wrote to resources that the controller watches, so nothing is done twice
/// and nobody needs to remember what to expect. And a change that comes while a key is being looked at has it looked at
/// again.
pub trait Controller: Send + Sync + Debug {
    /// Its name in `--controllers`.
    fn name(&self) -> &'static str;

    /// Who it acts as.
    fn identity(&self) -> Identity;

    /// How events name it: `replicaset-controller`.
    fn component(&self) -> &'static str;

    /// What it watches.
    fn watches(&self) -> Watched;

    /// How many keys are worked on at once.
    fn workers(&self) -> usize {
        5
    }

    /// Which keys a change concerns. It runs where the change is received, so it must be short.
    fn concerns(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue);

    /// Brings a thing to where it should be.
    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome>;
}
