//! Keeps what follows from definitions in step with them: their status, the catalog, and the end of their objects.

use super::catalog::catalog_with;
use super::definition::{CLEANUP, Definition};
use super::names::{self, Taken};
use crate::audit::NO_TRAIL;
use crate::health::Health;
use crate::resources::{Catalog, Resource};
use crate::storage::{Event, Key, RevisionError, Snapshot, Watcher};
use crate::verbs::options::{DeleteOptions, WriteOptions};
use crate::verbs::{self, Api, Call, Update, Warnings, record};
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_api::{Status, UserInfo, Value};

const GROUP: &str = "apiextensions.k8s.io";
const PLURAL: &str = "customresourcedefinitions";
/// Who the server is to itself, and with which program it works.
const USER: &str = "system:apiserver";
const USER_AGENT: &str = "kube-apiserver";

/// Every definition, and what is made of them.
#[derive(Debug)]
struct Keeper {
    api: Arc<Api>,
    built_in: Arc<Catalog>,
    resource: Arc<Resource>,
    definitions: BTreeMap<String, Definition>,
    user: UserInfo,
}

/// Serves what is defined in the store already, and follows what changes from there.
pub fn start(api: &Arc<Api>, health: &mut Health) -> Result<(), RevisionError> {
    let built_in = api.catalog.load();
    let Some(resource) = built_in.resource(GROUP, "v1", PLURAL).cloned() else {
        return Ok(());
    };
    let snapshot = api.store.snapshot();
    let prefix = Key::prefix(GROUP, PLURAL, None);
    let watcher = api.store.watch(&prefix, snapshot.revision())?;
    let mut keeper = Keeper {
        api: Arc::clone(api),
        built_in,
        resource,
        definitions: BTreeMap::new(),
        user: UserInfo {
            name: USER.into(),
            groups: vec!["system:masters".into(), "system:authenticated".into()],
            ..UserInfo::default()
        },
    };
    keeper.read_all(&snapshot, &prefix);
    keeper.publish();
    let task = tokio::spawn(keeper.run(watcher));
    health.runs(
        &task.abort_handle(),
        &[
            "poststarthook/start-apiextensions-informers",
            "poststarthook/start-apiextensions-controllers",
            "poststarthook/crd-informer-synced",
        ],
    );
    Ok(())
}

impl Keeper {
    fn read_all(&mut self, snapshot: &Snapshot, prefix: &str) {
        for (key, found) in snapshot.range(prefix) {
            if let Ok(value) = record::parse(&found.value, found.revision) {
                self.definitions
                    .insert(key.name().to_owned(), Definition::read(value));
            }
        }
    }

    /// Serves what is defined now.
    fn publish(&self) {
        let catalog = catalog_with(&self.built_in, self.definitions.values());
        self.api.catalog.replace(catalog);
    }

    async fn run(mut self, mut watcher: Watcher) {
        let names: Vec<String> = self.definitions.keys().cloned().collect();
        for name in names {
            self.settle(&name).await;
        }
        while let Some(event) = watcher.next().await {
            self.apply(&event).await;
        }
    }

    async fn apply(&mut self, event: &Event) {
        let name = event.key.name();
        let current = event.current.as_ref();
        let read = current.and_then(|found| record::parse(&found.value, found.revision).ok());
        if let Some(value) = read {
            let definition = Definition::read(value);
            let old = self.definitions.insert(name.to_owned(), definition.clone());
            if old.is_none_or(|old| !old.serves_as(&definition)) {
                self.publish();
            }
            self.settle(name).await;
            return;
        }
        let Some(gone) = self.definitions.remove(name) else {
            return;
        };
        self.publish();
        // Names that it had are free.
        let group = gone.group().to_owned();
        let others = self.definitions.iter();
        let others = others.filter(|(_, other)| other.group() == group);
        let others: Vec<String> = others.map(|(name, _)| name.clone()).collect();
        for name in others {
            self.settle(&name).await;
        }
    }

    async fn settle(&mut self, name: &str) {
        let Some(definition) = self.definitions.get(name) else {
            return;
        };
        let is_held = {
            let metadata = definition.value().get("metadata");
            let finalizers = metadata.map(|metadata| metadata.items("finalizers"));
            finalizers
                .unwrap_or_default()
                .iter()
                .any(|known| known.as_str() == Some(CLEANUP))
        };
        if definition.is_ending() {
            if is_held {
                // What cannot be done now is tried again with the next change.
                let _ = self.clean_up(name).await;
            }
            return;
        }
        let _ = self.accept(name).await;
    }

    /// Gives a definition its names. Its versions are served before anybody can read that they are.
    async fn accept(&mut self, name: &str) -> Result<(), Status> {
        let Some(definition) = self.definitions.get(name) else {
            return Ok(());
        };
        let mut taken = Taken::default();
        for (other_name, other) in &self.definitions {
            if other_name != name && other.group() == definition.group() {
                taken.add(other.value());
            }
        }
        let time = self.api.environment.now().to_string();
        let Some(status) = names::settle(definition.value(), &taken, &time) else {
            return Ok(());
        };
        let mut value = definition.value().clone();
        value.set("status", status);
        self.definitions
            .insert(name.to_owned(), Definition::read(value));
        self.publish();
        let mut make = |old: &Value| {
            let mut new = old.clone();
            if let Some(status) = names::settle(old, &taken, &time) {
                new.set("status", status);
            }
            Ok(new)
        };
        self.write_status(name, &mut make).await
    }

    async fn write_status(
        &self,
        name: &str,
        make: &mut (dyn FnMut(&Value) -> Result<Value, Status> + Send),
    ) -> Result<(), Status> {
        let warnings = Warnings::default();
        let call = self.call(&self.resource, "status", "", name, &warnings);
        verbs::update(&call, &WriteOptions::default(), Update::TRACKED, make).await?;
        Ok(())
    }

    fn call<'c>(
        &'c self,
        resource: &'c Arc<Resource>,
        subresource: &'c str,
        namespace: &'c str,
        name: &'c str,
        warnings: &'c Warnings,
    ) -> Call<'c> {
        Call {
            api: &self.api,
            resource,
            subresource,
            namespace,
            name,
            user: &self.user,
            user_agent: USER_AGENT,
            warnings,
            trail: &NO_TRAIL,
            now: self.api.environment.now(),
        }
    }

    /// Deletes the objects of a definition, and lets it go once there are none.
    async fn clean_up(&mut self, name: &str) -> Result<(), Status> {
        let Some(definition) = self.definitions.get(name).cloned() else {
            return Ok(());
        };
        if !definition.has_condition("Terminating") {
            let time = self.api.environment.now().to_string();
            let mut make = |old: &Value| {
                let mut new = old.clone();
                let status = new.child_mut("status");
                let message = "CustomResource deletion is in progress";
                let reason = "InstanceDeletionInProgress";
                names::set_condition(status, "Terminating", true, reason, message, &time);
                Ok(new)
            };
            // The change comes back as an event, which goes on from here.
            return self.write_status(name, &mut make).await;
        }
        if let Some(resource) = definition.resources().first() {
            let prefix = Key::prefix(&resource.storage.group, &resource.storage.resource, None);
            self.delete_all(resource, &prefix).await;
            let left = self.api.store.snapshot();
            if left.range(&prefix).next().is_some() {
                self.wait_for(&left, prefix, name);
                return Ok(());
            }
        }
        release(&self.api, &self.resource, &self.user, name).await
    }

    async fn delete_all(&self, resource: &Arc<Resource>, prefix: &str) {
        let snapshot = self.api.store.snapshot();
        let warnings = Warnings::default();
        for (key, _) in snapshot.range(prefix) {
            let call = self.call(resource, "", key.namespace(), key.name(), &warnings);
            // What somebody else deleted is gone; what finalizers hold is waited for.
            let _ = verbs::delete(&call, &DeleteOptions::default()).await;
        }
    }

    /// Lets the definition go when the last of its objects does.
    fn wait_for(&self, since: &Snapshot, prefix: String, name: &str) {
        let Ok(mut watcher) = self.api.store.watch(&prefix, since.revision()) else {
            return;
        };
        let api = Arc::clone(&self.api);
        let (resource, user) = (Arc::clone(&self.resource), self.user.clone());
        let name = name.to_owned();
        tokio::spawn(async move {
            while watcher.next().await.is_some() {
                if api.store.snapshot().range(&prefix).next().is_none() {
                    let _ = release(&api, &resource, &user, &name).await;
                    return;
                }
            }
        });
    }
}

/// Takes our finalizer from a definition.
async fn release(
    api: &Api,
    resource: &Arc<Resource>,
    user: &UserInfo,
    name: &str,
) -> Result<(), Status> {
    let warnings = Warnings::default();
    let call = Call {
        api,
        resource,
        subresource: "",
        namespace: "",
        name,
        user,
        user_agent: USER_AGENT,
        warnings: &warnings,
        trail: &NO_TRAIL,
        now: api.environment.now(),
    };
    let mut make = |old: &Value| {
        let mut new = old.clone();
        let metadata = new.child_mut("metadata");
        let mut finalizers = metadata.items("finalizers").to_vec();
        finalizers.retain(|known| known.as_str() != Some(CLEANUP));
        metadata.set("finalizers", Value::Array(finalizers));
        Ok(new)
    };
    verbs::update(&call, &WriteOptions::default(), Update::PLAIN, &mut make).await?;
    Ok(())
}
