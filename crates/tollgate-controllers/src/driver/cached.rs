//! An object as controllers find it in the cache: what all of them ask for has been read, the rest is bytes that the
//! server and the cache share.

use super::pod_state::{Phase, PodState};
use bytes::Bytes;
use std::sync::Arc;
use tollgate_api::client::{Extent, Stored};
use tollgate_api::json::Fields;
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Timestamp, Value, label_selector};

/// What [`Meta`] is read from.
const METADATA: Fields = Fields::Each(
    &[
        ("annotations", Fields::Nothing),
        ("managedFields", Fields::Nothing),
    ],
    &Fields::All,
);
const OF_ANY: Fields = Fields::Each(&[("metadata", METADATA)], &Fields::Nothing);
/// What [`PodState`] is read from, too.
const OF_POD: Fields = Fields::Each(
    &[
        (
            "metadata",
            Fields::Each(&[("managedFields", Fields::Nothing)], &Fields::All),
        ),
        (
            "spec",
            Fields::Each(
                &[
                    ("nodeName", Fields::All),
                    (
                        "affinity",
                        Fields::Each(&[("nodeAffinity", Fields::All)], &Fields::Nothing),
                    ),
                ],
                &Fields::Nothing,
            ),
        ),
        (
            "status",
            Fields::Each(
                &[
                    ("containerStatuses", RESTARTS),
                    ("initContainerStatuses", RESTARTS),
                    ("ephemeralContainerStatuses", Fields::Nothing),
                ],
                &Fields::All,
            ),
        ),
    ],
    &Fields::Nothing,
);
const RESTARTS: Fields = Fields::Each(&[("restartCount", Fields::All)], &Fields::Nothing);
/// All but what only the server writes and reads.
const OF_READER: Fields = Fields::Each(
    &[(
        "metadata",
        Fields::Each(&[("managedFields", Fields::Nothing)], &Fields::All),
    )],
    &Fields::All,
);

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
    /// The labels: an object, or null; the objects of one controller share them if they are equal.
    pub labels: Arc<Value>,
    /// The owners; the objects of one controller share them.
    pub owners: Arc<[Owner]>,
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
            labels: Arc::new(metadata.get("labels").cloned().unwrap_or_default()),
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
    /// Its metadata, shared by versions of the object that differ in other things.
    pub meta: Arc<Meta>,
    /// What controllers ask of pods; none for other kinds.
    pub pod: Option<Box<PodState>>,
    /// Its resourceVersion.
    pub revision: u64,
    /// The whole, where it is kept.
    json: Option<Bytes>,
}

impl Cached {
    /// Reads what the server told.
    pub fn new(stored: &Stored, is_pod: bool) -> Result<Self, Status> {
        let object = stored.parse_fields(if is_pod { OF_POD } else { OF_ANY })?;
        Ok(Self {
            meta: Arc::new(Meta::of(&object)),
            pod: is_pod.then(|| Box::new(PodState::of(&object))),
            revision: stored.revision,
            json: Some(stored.json.clone()),
        })
    }

    /// Reads and keeps as much of what the server told as is wanted.
    pub(super) fn keep(stored: &Stored, is_pod: bool, extent: Extent) -> Result<Self, Status> {
        let mut kept = Self::new(stored, is_pod)?;
        if extent == Extent::Metadata {
            kept.json = None;
        }
        Ok(kept)
    }

    /// Shares metadata with how the object was before, and parts of it with another object of its controller.
    pub(super) fn share(&mut self, old: Option<&Self>, sibling: Option<&Self>) {
        if let Some(old) = old.filter(|old| old.meta == self.meta) {
            self.meta = Arc::clone(&old.meta);
        } else if let Some(sibling) = sibling
            && let Some(meta) = Arc::get_mut(&mut self.meta)
        {
            if meta.owners == sibling.meta.owners {
                meta.owners = Arc::clone(&sibling.meta.owners);
            }
            if meta.labels == sibling.meta.labels {
                meta.labels = Arc::clone(&sibling.meta.labels);
            }
        }
    }

    /// The phase, if it is a pod.
    pub fn phase(&self) -> Phase {
        self.pod.as_ref().map(|pod| pod.phase).unwrap_or_default()
    }

    /// The whole object, read anew on each call.
    pub fn object(&self) -> Result<Value, Status> {
        self.read(Fields::All)
    }

    /// The object as somebody sees it who writes nothing of it back: without `managedFields`, which are a third of a pod.
    /// Read anew on each call.
    pub fn object_to_read(&self) -> Result<Value, Status> {
        self.read(OF_READER)
    }

    /// Whether a text stands anywhere in the stored object: a first look that costs next to nothing.
    pub fn mentions(&self, text: &str) -> bool {
        let json = self.json.as_deref().unwrap_or_default();
        memchr::memmem::find(json, text.as_bytes()).is_some()
    }

    /// The stored object before the last place where a text stands, and after it; none if it stands nowhere.
    pub fn around_last(&self, text: &str) -> Option<(&[u8], &[u8])> {
        let json = self.json.as_deref()?;
        let (before, rest) =
            json.split_at_checked(memchr::memmem::rfind(json, text.as_bytes())?)?;
        Some((before, rest.get(text.len()..)?))
    }

    fn read(&self, fields: Fields) -> Result<Value, Status> {
        let json = self.json.clone().ok_or_else(|| {
            Status::internal("of an object that no controller names only the metadata is kept")
        })?;
        let revision = self.revision;
        Stored { json, revision }.parse_fields(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(json: &str) -> Stored {
        Stored {
            json: json.to_owned().into_bytes().into(),
            revision: 7,
        }
    }

    const POD: &str = r#"{"metadata":{"name":"p","namespace":"n","uid":"u","labels":{"a":"b"},
        "annotations":{"controller.kubernetes.io/pod-deletion-cost":"3"},
        "ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"r","uid":"v","controller":true}],
        "managedFields":[{"manager":"m"}]},
        "spec":{"containers":[{"name":"c"}],"affinity":{"podAffinity":{},"nodeAffinity":{
          "requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchFields":[
            {"key":"metadata.name","operator":"In","values":["node-1"]}]}]}}}},
        "status":{"phase":"Running","podIP":"10.0.0.1","conditions":[
            {"type":"Ready","status":"True","lastTransitionTime":"2026-01-15T12:00:00Z"}],
          "initContainerStatuses":[{"name":"i","restartCount":4}],
          "containerStatuses":[{"name":"c","restartCount":2,"image":"x"}]}}"#;

    #[test]
    fn what_is_read_of_a_pod_is_what_the_whole_says() {
        let cached = Cached::new(&stored(POD), true).unwrap();
        let whole = stored(POD).parse().unwrap();
        assert_eq!(*cached.meta, Meta::of(&whole));
        let state = cached.pod.as_deref().unwrap();
        assert_eq!(*state, PodState::of(&whole));
        assert_eq!(
            (state.target.as_str(), state.restarts_of_all),
            ("node-1", 6)
        );
        assert_eq!(cached.object().unwrap(), whole);
        let mut read = whole;
        read.child_mut("metadata").remove("managedFields");
        assert_eq!(cached.object_to_read().unwrap(), read);
    }

    #[test]
    fn of_an_object_that_nobody_names_only_the_metadata_is_kept() {
        let kept = Cached::keep(&stored(POD), false, Extent::Metadata).unwrap();
        assert_eq!(kept.meta.name, "p");
        assert!(kept.object().is_err());
    }

    #[test]
    fn equal_metadata_is_shared() {
        let old = Cached::new(&stored(POD), true).unwrap();
        let mut new = Cached::new(&stored(&POD.replace("Running", "Failed")), true).unwrap();
        new.share(Some(&old), None);
        assert!(Arc::ptr_eq(&old.meta, &new.meta));
        assert_eq!(new.phase(), Phase::Failed);
        let other = POD.replace(r#""name":"p""#, r#""name":"q""#);
        let mut sibling = Cached::new(&stored(&other), true).unwrap();
        sibling.share(None, Some(&old));
        assert_eq!(sibling.meta.name, "q");
        assert!(Arc::ptr_eq(&old.meta.labels, &sibling.meta.labels));
        assert!(Arc::ptr_eq(&old.meta.owners, &sibling.meta.owners));
        let mut stranger = Cached::new(&stored(&other.replace(r#""a":"b""#, "")), true).unwrap();
        stranger.share(Some(&old), Some(&sibling));
        assert_eq!(*stranger.meta.labels, Value::object());
    }
}
