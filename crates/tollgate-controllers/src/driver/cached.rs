//! An object as controllers find it in the cache: what all of them ask for has been read, the rest is bytes that the
//! server and the cache share.

use super::pod_state::{Phase, PodState};
use bytes::Bytes;
use tollgate_api::client::Stored;
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Timestamp, Value, label_selector};

/// A reference to an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its `apiVersion`.
    pub api_version: CompactString,
    /// Its kind.
    pub kind: CompactString,
    /// Its name.
    pub name: CompactString,
    /// Its unique id.
    pub uid: CompactString,
    /// Whether it is the controller.
    pub controller: bool,
    /// Whether its foreground deletion waits for this object.
    pub block_owner_deletion: bool,
}

/// The metadata that controllers ask for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Meta {
    /// The namespace; empty if cluster-scoped.
    pub namespace: CompactString,
    /// The name.
    pub name: CompactString,
    /// The unique id.
    pub uid: CompactString,
    /// The labels: an object, or null.
    pub labels: Value,
    /// The owners.
    pub owners: Vec<Owner>,
    /// The finalizers.
    pub finalizers: Vec<CompactString>,
    /// When it was made.
    pub created: Timestamp,
    /// When it is to be gone, if it is being deleted.
    pub deleted: Option<Timestamp>,
    /// Counts changes of the spec.
    pub generation: i64,
}

impl Meta {
    /// Reads the metadata of an object.
    pub fn of(object: &Value) -> Self {
        let metadata = object.get("metadata").unwrap_or(&Value::Null);
        let text = |key: &str| CompactString::new(metadata.str_or_empty(key));
        let time = |key: &str| metadata.str(key).and_then(Timestamp::parse);
        let finalizers = metadata.items("finalizers").iter();
        Self {
            namespace: text("namespace"),
            name: text("name"),
            uid: text("uid"),
            labels: metadata.get("labels").cloned().unwrap_or_default(),
            owners: metadata
                .items("ownerReferences")
                .iter()
                .map(owner)
                .collect(),
            finalizers: finalizers
                .filter_map(Value::as_str)
                .map(CompactString::new)
                .collect(),
            created: time("creationTimestamp").unwrap_or_default(),
            deleted: time("deletionTimestamp"),
            generation: metadata.int("generation").unwrap_or_default(),
        }
    }

    /// The controller, if there is one.
    pub fn controller(&self) -> Option<&Owner> {
        self.owners.iter().find(|owner| owner.controller)
    }

    /// The unique id of the controller, or empty.
    pub fn controller_uid(&self) -> &str {
        self.controller().map_or("", |owner| owner.uid.as_str())
    }

    /// Whether a finalizer is there.
    pub fn has_finalizer(&self, name: &str) -> bool {
        self.finalizers.iter().any(|finalizer| finalizer == name)
    }

    /// Whether a label selector (`matchLabels`, `matchExpressions`) selects it.
    pub fn is_selected_by(&self, selector: &Value) -> bool {
        label_selector::matches(selector, &self.labels)
    }

    /// Whether a map of labels selects it; an empty one selects nothing.
    pub fn has_labels(&self, wanted: &Value) -> bool {
        let Some(wanted) = wanted.as_object() else {
            return false;
        };
        !wanted.is_empty()
            && wanted
                .iter()
                .all(|(key, value)| self.labels.get(key) == Some(value))
    }
}

fn owner(reference: &Value) -> Owner {
    let text = |key: &str| CompactString::new(reference.str_or_empty(key));
    Owner {
        api_version: text("apiVersion"),
        kind: text("kind"),
        name: text("name"),
        uid: text("uid"),
        controller: reference.bool("controller") == Some(true),
        block_owner_deletion: reference.bool("blockOwnerDeletion") == Some(true),
    }
}

/// An object in the cache.
#[derive(Debug, Clone, PartialEq)]
pub struct Cached {
    /// Its metadata.
    pub meta: Meta,
    /// What controllers ask of pods; none for other kinds.
    pub pod: Option<Box<PodState>>,
    /// Its resourceVersion.
    pub revision: u64,
    json: Bytes,
}

impl Cached {
    /// Reads what the server told.
    pub fn new(stored: &Stored, is_pod: bool) -> Result<Self, Status> {
        let object = stored.parse()?;
        Ok(Self {
            meta: Meta::of(&object),
            pod: is_pod.then(|| Box::new(PodState::of(&object))),
            revision: stored.revision,
            json: stored.json.clone(),
        })
    }

    /// The phase, if it is a pod.
    pub fn phase(&self) -> Phase {
        self.pod.as_ref().map(|pod| pod.phase).unwrap_or_default()
    }

    /// The whole object, read anew on each call.
    pub fn object(&self) -> Result<Value, Status> {
        let stored = Stored {
            json: self.json.clone(),
            revision: self.revision,
        };
        stored.parse()
    }
}
