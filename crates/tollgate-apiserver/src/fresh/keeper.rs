//! Follows what changes while the server runs: versions that are defined, flow schemas, and the server's own lease.

use super::wanted::{Writer, put};
use super::{Surroundings, api_services, flow_control, identity};
use crate::resources::Catalog;
use crate::storage::{Event, Key, RevisionError, Snapshot, Watcher, Write};
use crate::verbs::{Api, record};
use api_services::Served;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tollgate_api::Value;

/// How often the lease is renewed: several times before it ends.
const RENEWAL: Duration = Duration::from_mins(10);

/// Starts to follow.
pub(super) fn start(api: &Arc<Api>, surroundings: &Surroundings) -> Result<(), RevisionError> {
    let built_in = api.catalog.load();
    let snapshot = api.store.snapshot();
    let prefix = Key::prefix("apiextensions.k8s.io", "customresourcedefinitions", None);
    let watcher = api.store.watch(&prefix, snapshot.revision())?;
    let mut definitions = BTreeMap::new();
    for (key, found) in snapshot.range(&prefix) {
        if let Ok(definition) = record::parse(&found.value, 0) {
            let served = api_services::served_by(&definition);
            definitions.insert(key.name().to_owned(), served);
        }
    }
    let definitions = Definitions {
        own: api_services::built_in(&built_in, &surroundings.unannounced),
        api: Arc::clone(api),
        built_in: Arc::clone(&built_in),
        by_name: definitions,
    };
    tokio::spawn(definitions.run(watcher));
    let prefix = format!("{}/", flow_control::GROUP);
    let watcher = api.store.watch(&prefix, snapshot.revision())?;
    tokio::spawn(follow_flows(
        Arc::clone(api),
        Arc::clone(&built_in),
        watcher,
    ));
    let renewal = renew(
        Arc::clone(api),
        built_in,
        identity::lease_name(&surroundings.hostname),
    );
    tokio::spawn(renewal);
    Ok(())
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
    async fn run(mut self, mut watcher: Watcher) {
        while let Some(event) = watcher.next().await {
            self.apply(&event);
        }
    }

    fn apply(&mut self, event: &Event) {
        let name = event.key.name();
        let current = event.current.as_ref();
        let served = current
            .and_then(|found| record::parse(&found.value, 0).ok())
            .map(|definition| api_services::served_by(&definition));
        let old = match &served {
            Some(served) => self.by_name.insert(name.to_owned(), served.clone()),
            None => self.by_name.remove(name),
        };
        if old == served {
            return;
        }
        let mut touched: BTreeSet<Served> = old.into_iter().flatten().collect();
        touched.extend(served.into_iter().flatten());
        let touched: Vec<(Served, bool)> = touched
            .into_iter()
            .filter(|version| !self.own.contains(version))
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

async fn follow_flows(api: Arc<Api>, catalog: Arc<Catalog>, mut watcher: Watcher) {
    while watcher.next().await.is_some() {
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
