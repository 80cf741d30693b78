//! Follows what changes while the server runs: versions that are defined, flow schemas, and the server's own lease.

use super::wanted::{Writer, put};
use super::{Surroundings, api_services, availability, flow_control, identity};
use crate::flow_control::GROUP;
use crate::health::Health;
use crate::resources::Catalog;
use crate::storage::{Event, Key, Record, RevisionError, Snapshot, WatchEnd, Watcher, Write};
use crate::verbs::{Api, record};
use api_services::Served;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tollgate_api::Value;

/// How often the lease is renewed: several times before it ends.
const RENEWAL: Duration = Duration::from_mins(10);

/// Starts to follow, and says under which names of health.
pub(super) fn start(
    api: &Arc<Api>,
    surroundings: &Surroundings,
    health: &mut Health,
) -> Result<(), RevisionError> {
    let built_in = api.catalog.load();
    let follow = |prefix: &str| Followed::new(api, prefix);
    let definitions = Definitions {
        own: api_services::built_in(&built_in, &surroundings.unannounced),
        api: Arc::clone(api),
        built_in: Arc::clone(&built_in),
        by_name: BTreeMap::new(),
    };
    let prefix = Key::prefix("apiextensions.k8s.io", "customresourcedefinitions", None);
    let task = tokio::spawn(definitions.run(follow(&prefix)?));
    health.runs(
        &task.abort_handle(),
        &[
            "poststarthook/start-kube-aggregator-informers",
            "poststarthook/apiservice-registration-controller",
            "poststarthook/kube-apiserver-autoregistration",
        ],
    );
    let prefix = Key::prefix(api_services::GROUP, api_services::PLURAL, None);
    let task = tokio::spawn(follow_availability(
        Arc::clone(api),
        Arc::clone(&built_in),
        follow(&prefix)?,
        follow(&Key::prefix("", "services", None))?,
    ));
    health.runs(
        &task.abort_handle(),
        &[
            "poststarthook/apiservice-status-local-available-controller",
            "poststarthook/apiservice-status-remote-available-controller",
        ],
    );
    let flows = follow(&format!("{GROUP}/"))?;
    let task = tokio::spawn(follow_flows(Arc::clone(api), Arc::clone(&built_in), flows));
    let producer = "poststarthook/priority-and-fairness-config-producer";
    health.runs(&task.abort_handle(), &[producer]);
    let name = identity::lease_name(&surroundings.hostname);
    let task = tokio::spawn(renew(Arc::clone(api), built_in, name));
    let lease = "poststarthook/start-kube-apiserver-identity-lease-controller";
    health.runs(&task.abort_handle(), &[lease]);
    Ok(())
}

/// Objects that are followed without an end.
struct Followed {
    api: Arc<Api>,
    prefix: String,
    watcher: Watcher,
}

/// What became of followed objects.
enum Change {
    /// One of them changed.
    One(Arc<Event>),
    /// Anything may have changed: there was more than the store remembers.
    Any,
}

impl Followed {
    fn new(api: &Arc<Api>, prefix: &str) -> Result<Self, RevisionError> {
        let watcher = api.store.watch(prefix, api.store.snapshot().revision())?;
        Ok(Self {
            api: Arc::clone(api),
            prefix: prefix.to_owned(),
            watcher,
        })
    }

    /// What comes next; none if the store is closed.
    async fn next(&mut self) -> Option<Change> {
        if let Some(event) = self.watcher.next().await {
            return Some(Change::One(event));
        }
        if self.watcher.end() != Some(WatchEnd::TooSlow) {
            return None;
        }
        let revision = self.api.store.snapshot().revision();
        self.watcher = self.api.store.watch(&self.prefix, revision).ok()?;
        Some(Change::Any)
    }
}

/// Writes what is decided. What cannot be written now is decided again at the next change.
fn write(
    api: &Api,
    catalog: &Catalog,
    decide: &mut dyn FnMut(&Writer<'_>, &Snapshot) -> Vec<Write>,
) {
    let writer = Writer::new(&*api.environment, catalog);
    let _ = api.store.transact(&mut |head| decide(&writer, head));
}

/// Which versions are defined, by the definition.
struct Definitions {
    api: Arc<Api>,
    built_in: Arc<Catalog>,
    own: BTreeSet<Served>,
    by_name: BTreeMap<String, Vec<Served>>,
}

impl Definitions {
    async fn run(mut self, mut followed: Followed) {
        self.look_at_all(&followed.prefix);
        while let Some(change) = followed.next().await {
            match change {
                Change::One(event) => {
                    let current = event.current.as_ref();
                    let served = current.map(|found| served(found));
                    let touched = self.replace(event.key.name(), served);
                    self.settle(touched);
                }
                Change::Any => self.look_at_all(&followed.prefix),
            }
        }
    }

    fn look_at_all(&mut self, prefix: &str) {
        let snapshot = self.api.store.snapshot();
        let found = snapshot.range(prefix);
        let mut found: BTreeMap<String, Vec<Served>> = found
            .map(|(key, found)| (key.name().to_owned(), served(found)))
            .collect();
        let names: BTreeSet<String> = self.by_name.keys().chain(found.keys()).cloned().collect();
        let mut touched = BTreeSet::new();
        for name in names {
            let served = found.remove(&name);
            touched.extend(self.replace(&name, served));
        }
        self.settle(touched);
    }

    /// Notes what a definition serves now; the versions to which that may make a difference.
    fn replace(&mut self, name: &str, served: Option<Vec<Served>>) -> BTreeSet<Served> {
        let old = match &served {
            Some(served) => self.by_name.insert(name.to_owned(), served.clone()),
            None => self.by_name.remove(name),
        };
        if old == served {
            return BTreeSet::new();
        }
        let both = old.into_iter().chain(served).flatten();
        both.filter(|version| !self.own.contains(version)).collect()
    }

    fn settle(&self, touched: BTreeSet<Served>) {
        if touched.is_empty() {
            return;
        }
        let touched: Vec<(Served, bool)> = touched
            .into_iter()
            .map(|version| {
                let mut all = self.by_name.values().flatten();
                let is_served = all.any(|served| *served == version);
                (version, is_served)
            })
            .collect();
        write(&self.api, &self.built_in, &mut |writer, head| {
            let settle = |((group, version), is_served): &(Served, bool)| {
                api_services::settle(writer, head, group, version, *is_served)
            };
            touched.iter().filter_map(settle).collect()
        });
    }
}

fn served(definition: &Record) -> Vec<Served> {
    let definition = record::parse(&definition.value, 0);
    definition.map_or_else(
        |_| Vec::new(),
        |definition| api_services::served_by(&definition),
    )
}

async fn follow_flows(api: Arc<Api>, catalog: Arc<Catalog>, mut flows: Followed) {
    while flows.next().await.is_some() {
        let Ok(wanted) = flow_control::objects(&api.environment.now().to_string()) else {
            return;
        };
        write(&api, &catalog, &mut |writer, head| {
            let mut writes = flow_control::settle(writer, head, &wanted);
            // What is set right is looked at again when that comes back as an event.
            if writes.is_empty() {
                writes = flow_control::conditions(writer, head);
            }
            writes
        });
    }
}

/// An APIService can be asked or not by what it says, and by the service that it names.
async fn follow_availability(
    api: Arc<Api>,
    catalog: Arc<Catalog>,
    mut api_services: Followed,
    mut services: Followed,
) {
    let mut named = availability::services(&api.store.snapshot());
    write(&api, &catalog, &mut availability::conditions);
    loop {
        let concerns = tokio::select! {
            change = api_services.next() => match change {
                Some(_) => {
                    named = availability::services(&api.store.snapshot());
                    true
                }
                None => return,
            },
            change = services.next() => match change {
                Some(Change::One(event)) => named.contains(&event.key),
                Some(Change::Any) => true,
                None => return,
            },
        };
        if concerns {
            write(&api, &catalog, &mut availability::conditions);
        }
    }
}

async fn renew(api: Arc<Api>, catalog: Arc<Catalog>, name: String) {
    let mut ticks = tokio::time::interval(RENEWAL);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        write(&api, &catalog, &mut |writer, head| {
            renewed(writer, head, &name).into_iter().collect()
        });
    }
}

fn renewed(writer: &Writer<'_>, head: &Snapshot, name: &str) -> Option<Write> {
    let resource = writer
        .catalog
        .resource("coordination.k8s.io", "v1", "leases")?;
    let key = Key::new("coordination.k8s.io", "leases", "kube-system", name);
    let mut lease: Value = record::parse(&head.get(key.as_str())?.value, 0).ok()?;
    lease
        .child_mut("spec")
        .set("renewTime", writer.now.as_str());
    Some(put(resource, key, &lease))
}
