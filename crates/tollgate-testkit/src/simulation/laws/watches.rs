//! Who follows watches knows what a list says.

use super::super::mirror::Mirror;
use futures_util::FutureExt as _;
use std::collections::{BTreeMap, VecDeque};
use tollgate_api::client::{Extent, GroupVersionResource, Watch, WatchEvent};
use tollgate_apiserver::storage::{Snapshot, Store};
use tollgate_controllers::resources::{
    DEPLOYMENTS, ENDPOINT_SLICES, JOBS, NAMESPACES, NODES, PODS, REPLICA_SETS, RESOURCE_QUOTAS,
};

use crate::cluster::Cluster;
use tollgate_api::client::{Identity, Reply, Selection, Target, Verb};

const FOLLOWED: [&GroupVersionResource; 8] = [
    &DEPLOYMENTS,
    &ENDPOINT_SLICES,
    &JOBS,
    &NAMESPACES,
    &NODES,
    &PODS,
    &REPLICA_SETS,
    &RESOURCE_QUOTAS,
];

/// States of the past that are asked for again.
const REMEMBERED_MAX: usize = 4;

#[derive(Debug)]
struct Followed {
    resource: &'static GroupVersionResource,
    watch: Box<dyn Watch>,
    known: BTreeMap<String, u64>,
}

/// Watches through the API, and states of the past.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    followed: Vec<Followed>,
    remembered: VecDeque<Snapshot>,
}

fn place(object: &tollgate_api::client::Stored) -> String {
    let object = object.parse().expect("what is told is an object");
    let text = |field| super::super::mirror::meta(&object, field).to_owned();
    format!("{}/{}", text("namespace"), text("name"))
}

impl Followed {
    fn follow(&mut self) -> Result<(), String> {
        while let Some(event) = self.watch.next().now_or_never() {
            let resource = self.resource;
            let event = event.ok_or_else(|| format!("the watch of {resource} has ended"))?;
            let (place, then) = match &event {
                WatchEvent::Added(object) => {
                    let place = place(object);
                    if self.known.contains_key(&place) {
                        return Err(format!("{resource} {place} was added twice"));
                    }
                    (place, Some(object.revision))
                }
                WatchEvent::Modified(object) => {
                    let place = place(object);
                    if self
                        .known
                        .get(&place)
                        .is_none_or(|known| *known >= object.revision)
                    {
                        return Err(format!("{resource} {place} was changed out of order"));
                    }
                    (place, Some(object.revision))
                }
                WatchEvent::Deleted(object) => (place(object), None),
                WatchEvent::Synced { .. } => continue,
            };
            match then {
                Some(revision) => self.known.insert(place, revision),
                None => self.known.remove(&place),
            };
        }
        Ok(())
    }
}

impl Watches {
    /// Begins the watches anew: after the server has.
    pub(crate) fn begin(&mut self, cluster: &Cluster) {
        let client = cluster.client(Identity::user("admin", &["system:masters"], "kubectl"));
        let followed = FOLLOWED.into_iter().map(|resource| Followed {
            resource,
            watch: client
                .watch(resource, "", Extent::Whole)
                .expect("an administrator may watch"),
            known: BTreeMap::new(),
        });
        self.followed = followed.collect();
    }

    /// Compares what watches told with lists, the mirror with the store, and states of the past with what they were.
    pub(crate) fn judge(&mut self, cluster: &Cluster, mirror: &Mirror) -> Result<(), String> {
        for followed in &mut self.followed {
            followed.follow()?;
            let target = Target::collection(followed.resource, "");
            let listed = cluster.call(target, Verb::List(Selection::default()));
            let Ok(Reply::List { items, .. }) = listed else {
                return Err(format!("{} cannot be listed", followed.resource));
            };
            let listed: BTreeMap<String, u64> = items
                .iter()
                .map(|item| (place(item), item.revision))
                .collect();
            if listed != followed.known {
                let (resource, known) = (followed.resource, &followed.known);
                return Err(format!(
                    "a watch of {resource} told {known:?}, a list {listed:?}"
                ));
            }
        }
        self.compare(&*cluster.store, mirror)
    }

    fn compare(&mut self, store: &dyn Store, mirror: &Mirror) -> Result<(), String> {
        let head = store.snapshot();
        let same = |snapshot: &Snapshot, others: &mut dyn Iterator<Item = (String, u64)>| {
            let stored = snapshot
                .range("")
                .map(|(key, record)| (key.to_string(), record.revision));
            stored.eq(others)
        };
        let seen = mirror.objects.iter();
        if !same(
            &head,
            &mut seen.map(|(key, seen)| (key.to_string(), seen.record.revision)),
        ) {
            return Err("the watch of everything tells another state than the store".to_owned());
        }
        for then in &self.remembered {
            let Ok(again) = store.snapshot_at(then.revision()) else {
                continue;
            };
            let records = then
                .range("")
                .map(|(key, record)| (key.to_string(), record.revision));
            if !same(&again, &mut records.into_iter()) {
                return Err(format!("revision {} has changed", then.revision()));
            }
        }
        if self.remembered.len() == REMEMBERED_MAX {
            self.remembered.pop_front();
        }
        self.remembered.push_back(head);
        Ok(())
    }
}
