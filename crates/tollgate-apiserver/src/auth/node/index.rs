//! Which node needs which object, kept in step with the store one change at a time.
//!
//! A question costs a look into a few maps, however large the cluster is. The index is built when the first node asks,
//! so a cluster without kubelets pays nothing for it.

use super::references;
use crate::storage::{Event, Key, Record, Snapshot, Store, WatchEnd, Watcher};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use tollgate_api::{Value, json};

/// On a pod that only shows what a kubelet runs by itself: such a pod gives its node no rights.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// What a node may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    Pod,
    Secret,
    ConfigMap,
    Claim,
    ResourceClaim,
    ServiceAccount,
    Volume,
    Attachment,
    Slice,
}

/// An object: what it is, its namespace and its name.
type Vertex = (Sort, String, String);

/// The collections that say who needs what.
const FOLLOWED: [(&str, &str); 4] = [
    ("", "pods"),
    ("", "persistentvolumes"),
    ("storage.k8s.io", "volumeattachments"),
    ("resource.k8s.io", "resourceslices"),
];

/// The nodes that need objects.
#[derive(Debug, Default)]
struct Graph {
    /// What each followed object says: a node, and what it needs for that.
    said: BTreeMap<Key, (String, BTreeSet<Vertex>)>,
    /// How many followed objects say so, by object and node.
    nodes: BTreeMap<Vertex, BTreeMap<String, usize>>,
    /// What persistent volumes say: the claim they are bound to, and the secrets that come with them.
    volumes: BTreeMap<String, (Vertex, BTreeSet<Vertex>)>,
    /// The volumes that need a secret.
    volumes_of_secret: BTreeMap<Vertex, BTreeSet<String>>,
}

/// The index of a store.
#[derive(Debug)]
pub struct NodeIndex {
    store: Arc<dyn Store>,
    state: Mutex<Option<State>>,
}

#[derive(Debug)]
struct State {
    graph: Graph,
    watchers: Vec<Watcher>,
}

impl NodeIndex {
    /// The index of a store; nothing is read yet.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            state: Mutex::default(),
        }
    }

    /// Whether a node needs an object, by everything that was acknowledged before.
    pub(super) fn needs(&self, node: &str, sort: Sort, namespace: &str, name: &str) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.as_mut().is_some_and(State::catch_up) {
            *state = self.build();
        }
        let vertex = (sort, namespace.to_owned(), name.to_owned());
        // A store that cannot be followed is being closed: nobody is let in then.
        state
            .as_ref()
            .is_some_and(|state| state.graph.needs(node, &vertex))
    }

    fn build(&self) -> Option<State> {
        let snapshot = self.store.snapshot();
        let mut watchers = Vec::new();
        for (group, plural) in FOLLOWED {
            let prefix = Key::prefix(group, plural, None);
            watchers.push(self.store.watch(&prefix, snapshot.revision()).ok()?);
        }
        Some(State {
            graph: Graph::of(&snapshot),
            watchers,
        })
    }
}

impl State {
    /// Takes in what happened; whether nothing was missed.
    fn catch_up(&mut self) -> bool {
        for watcher in &mut self.watchers {
            while let Some(event) = watcher.try_next() {
                self.graph.apply(&event);
            }
            if watcher.end() == Some(WatchEnd::TooSlow) {
                return false;
            }
        }
        true
    }
}

impl Graph {
    fn of(snapshot: &Snapshot) -> Self {
        let mut graph = Self::default();
        for (group, plural) in FOLLOWED {
            for (key, record) in snapshot.range(&Key::prefix(group, plural, None)) {
                graph.put(key, record);
            }
        }
        graph
    }

    fn apply(&mut self, event: &Event) {
        self.remove(&event.key);
        if let Some(record) = &event.current {
            self.put(&event.key, record);
        }
    }

    fn put(&mut self, key: &Key, record: &Record) {
        // A record that cannot be read grants nothing.
        let Ok(object) = json::from_slice(&record.value) else {
            return;
        };
        if key.resource() == "persistentvolumes" {
            return self.put_volume(key.name(), &object);
        }
        let Some((node, needs)) = needs_of(key, &object) else {
            return;
        };
        for vertex in &needs {
            let counts = self.nodes.entry(vertex.clone()).or_default();
            let count = counts.entry(node.clone()).or_default();
            *count = count.saturating_add(1);
        }
        self.said.insert(key.clone(), (node, needs));
    }

    fn put_volume(&mut self, name: &str, volume: &Value) {
        let Some((namespace, claim)) = references::claim_of(volume) else {
            return;
        };
        let secrets = references::secrets_of_volume(volume, namespace);
        let secrets: BTreeSet<Vertex> = secrets
            .map(|(namespace, name)| (Sort::Secret, namespace.to_owned(), name.to_owned()))
            .collect();
        for secret in &secrets {
            let volumes = self.volumes_of_secret.entry(secret.clone()).or_default();
            volumes.insert(name.to_owned());
        }
        let claim = (Sort::Claim, namespace.to_owned(), claim.to_owned());
        self.volumes.insert(name.to_owned(), (claim, secrets));
    }

    fn remove(&mut self, key: &Key) {
        if key.resource() == "persistentvolumes" {
            let Some((_, secrets)) = self.volumes.remove(key.name()) else {
                return;
            };
            for secret in secrets {
                if let Some(volumes) = self.volumes_of_secret.get_mut(&secret) {
                    volumes.remove(key.name());
                    if volumes.is_empty() {
                        self.volumes_of_secret.remove(&secret);
                    }
                }
            }
            return;
        }
        let Some((node, needs)) = self.said.remove(key) else {
            return;
        };
        for vertex in needs {
            let Some(counts) = self.nodes.get_mut(&vertex) else {
                continue;
            };
            if let Some(count) = counts.get_mut(&node) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    counts.remove(&node);
                }
            }
            if counts.is_empty() {
                self.nodes.remove(&vertex);
            }
        }
    }

    fn needs(&self, node: &str, vertex: &Vertex) -> bool {
        let directly = |vertex: &Vertex| {
            let nodes = self.nodes.get(vertex);
            nodes.is_some_and(|nodes| nodes.contains_key(node))
        };
        let by_volume = |name: &String| {
            let volume = self.volumes.get(name);
            volume.is_some_and(|(claim, _)| directly(claim))
        };
        match vertex.0 {
            Sort::Volume => by_volume(&vertex.2),
            Sort::Secret => {
                let volumes = self.volumes_of_secret.get(vertex);
                directly(vertex) || volumes.is_some_and(|names| names.iter().any(by_volume))
            }
            _ => directly(vertex),
        }
    }
}

/// The node that an object is for, and what that node needs because of it.
fn needs_of(key: &Key, object: &Value) -> Option<(String, BTreeSet<Vertex>)> {
    let spec = object.get("spec")?;
    let node = spec.str("nodeName").filter(|node| !node.is_empty())?;
    let (namespace, name) = (key.namespace(), key.name());
    let vertex = |sort: Sort, name: &str| (sort, namespace.to_owned(), name.to_owned());
    let sort = match key.resource() {
        "volumeattachments" => Sort::Attachment,
        "resourceslices" => Sort::Slice,
        _ => Sort::Pod,
    };
    let mut needs = BTreeSet::from([vertex(sort, name)]);
    let is_mirror = object.at(&["metadata", "annotations", MIRROR]).is_some();
    if sort != Sort::Pod || is_mirror {
        return Some((node.to_owned(), needs));
    }
    if let Some(account) = spec
        .str("serviceAccountName")
        .filter(|name| !name.is_empty())
    {
        needs.insert(vertex(Sort::ServiceAccount, account));
    }
    let secrets = references::secrets(object);
    needs.extend(secrets.map(|name| vertex(Sort::Secret, name)));
    let config_maps = references::config_maps(object);
    needs.extend(config_maps.map(|name| vertex(Sort::ConfigMap, name)));
    let claims = references::claims(object, name);
    needs.extend(claims.map(|name| vertex(Sort::Claim, &name)));
    let resource_claims = references::resource_claims(object);
    needs.extend(resource_claims.map(|name| vertex(Sort::ResourceClaim, name)));
    Some((node.to_owned(), needs))
}
