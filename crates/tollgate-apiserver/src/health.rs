//! What `/healthz`, `/livez` and `/readyz` look at: the parts of a running server, under the names of kube-apiserver's.
//!
//! A part that has something to do at the start only is well once it has done it, as upstream's post-start hooks are. A part
//! that goes on is well as long as its task runs. What is kept in the store is nobody's health: whoever deletes a role that a
//! fresh cluster has does not take the server down.

use crate::storage::Store;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::AbortHandle;

/// How a part is doing.
#[derive(Debug, Clone)]
enum Part {
    /// It did at the start what it is there for.
    Done,
    /// It works as long as all of these do.
    Runs(Vec<AbortHandle>),
    /// It works as long as writes are taken.
    Stores(Arc<dyn Store>),
}

impl Part {
    fn is_well(&self) -> bool {
        match self {
            Self::Done => true,
            Self::Runs(tasks) => !tasks.iter().any(AbortHandle::is_finished),
            // A transaction that writes nothing makes no revision.
            Self::Stores(store) => store.transact(&mut |_| Vec::new()).is_ok(),
        }
    }
}

/// The parts that have come up.
#[derive(Debug, Default)]
pub struct Health {
    parts: BTreeMap<&'static str, Part>,
}

/// A place where health is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// `/healthz`
    Healthz,
    /// `/livez`
    Livez,
    /// `/readyz`
    Readyz,
}

impl Root {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Healthz, Self::Livez, Self::Readyz];

    /// The first part of the path.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthz => "healthz",
            Self::Livez => "livez",
            Self::Readyz => "readyz",
        }
    }

    /// The root that is spelt so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|root| root.as_str() == text)
    }

    /// The names of what is looked at, in the order in which it is told.
    pub fn checks(self) -> impl Iterator<Item = &'static str> {
        let (first, last): (&[_], &[_]) = match self {
            Self::Healthz | Self::Livez => (&["ping", "log", CERTIFICATE, STORE], &[]),
            Self::Readyz => (
                &["ping", "log", STORE, "etcd-readiness", INFORMERS],
                &[SHUTDOWN],
            ),
        };
        first.iter().chain(&HOOKS).chain(last).copied()
    }
}

/// Controllers call functions: there is no certificate between them and the server that could be out of date.
const CERTIFICATE: &str = "loopback-serving-certificate";
/// The store.
pub const STORE: &str = "etcd";
/// Whether everything that follows the store does.
pub const INFORMERS: &str = "informer-sync";
/// Whether the server is not about to stop.
pub const SHUTDOWN: &str = "shutdown";

/// What upstream does after the start, in its order. Not there, because nothing here does it: `aggregator-reload-proxy-client-cert`,
/// `peer-endpoint-reconciler-controller`, `start-kube-apiserver-identity-lease-garbage-collector` (leases of other servers
/// are looked at once, at the start), `storage-object-count-tracker-hook`.
const HOOKS: [&str; 27] = [
    "poststarthook/start-apiserver-admission-initializer",
    "poststarthook/generic-apiserver-start-informers",
    "poststarthook/priority-and-fairness-config-consumer",
    "poststarthook/priority-and-fairness-filter",
    "poststarthook/storage-readiness",
    "poststarthook/start-apiextensions-informers",
    "poststarthook/start-apiextensions-controllers",
    "poststarthook/crd-informer-synced",
    "poststarthook/start-system-namespaces-controller",
    "poststarthook/start-cluster-authentication-info-controller",
    "poststarthook/start-kube-apiserver-identity-lease-controller",
    "poststarthook/start-legacy-token-tracking-controller",
    "poststarthook/start-service-ip-repair-controllers",
    "poststarthook/rbac/bootstrap-roles",
    "poststarthook/scheduling/bootstrap-system-priority-classes",
    "poststarthook/priority-and-fairness-config-producer",
    "poststarthook/bootstrap-controller",
    "poststarthook/start-kubernetes-service-cidr-controller",
    "poststarthook/start-kube-aggregator-informers",
    "poststarthook/apiservice-status-local-available-controller",
    "poststarthook/apiservice-status-remote-available-controller",
    "poststarthook/apiservice-registration-controller",
    "poststarthook/apiservice-discovery-controller",
    "poststarthook/kube-apiserver-autoregistration",
    "autoregister-completion",
    "poststarthook/apiservice-openapi-controller",
    "poststarthook/apiservice-openapiv3-controller",
];

impl Health {
    /// Nothing has come up but whoever answers.
    pub fn new(store: &Arc<dyn Store>) -> Self {
        let mut health = Self::default();
        health.done(&["ping", "log", CERTIFICATE]);
        for name in [STORE, "etcd-readiness", "poststarthook/storage-readiness"] {
            health.parts.insert(name, Part::Stores(Arc::clone(store)));
        }
        health
    }

    /// These have done their work.
    pub fn done(&mut self, names: &[&'static str]) {
        for name in names {
            self.parts.insert(name, Part::Done);
        }
    }

    /// These are the work of a task; all tasks together are what follows the store.
    pub fn runs(&mut self, task: &AbortHandle, names: &[&'static str]) {
        for name in names.iter().chain(&[INFORMERS]) {
            match self.parts.get_mut(name) {
                Some(Part::Runs(tasks)) => tasks.push(task.clone()),
                _ => {
                    self.parts.insert(name, Part::Runs(vec![task.clone()]));
                }
            }
        }
    }

    /// Whether the part of a name is well. One that has not come up is not.
    pub fn is_well(&self, name: &str) -> bool {
        self.parts.get(name).is_some_and(Part::is_well)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{
        MemoryStore, Receipt, RevisionError, Snapshot, StoreError, Watcher, Write,
    };

    /// A store whose disk is full.
    #[derive(Debug)]
    struct Full(MemoryStore);

    impl Store for Full {
        fn snapshot(&self) -> Snapshot {
            self.0.snapshot()
        }

        fn snapshot_at(&self, revision: u64) -> Result<Snapshot, RevisionError> {
            self.0.snapshot_at(revision)
        }

        fn transact(
            &self,
            _: &mut dyn FnMut(&Snapshot) -> Vec<Write>,
        ) -> Result<Receipt, StoreError> {
            Err(StoreError::Full("no room".to_owned()))
        }

        fn compact(&self, revision: u64) {
            self.0.compact(revision);
        }

        fn watch(&self, prefix: &str, revision: u64) -> Result<Watcher, RevisionError> {
            self.0.watch(prefix, revision)
        }
    }

    #[tokio::test]
    async fn a_part_is_well_as_long_as_all_its_tasks_run() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let mut health = Health::new(&store);
        let part = "poststarthook/crd-informer-synced";
        assert!(!health.is_well(part), "it has not come up");
        let tasks = [(); 2].map(|()| tokio::spawn(std::future::pending::<()>()));
        for task in &tasks {
            health.runs(&task.abort_handle(), &[part]);
        }
        assert!(health.is_well(part) && health.is_well(INFORMERS));
        let [_, second] = tasks;
        second.abort();
        assert!(second.await.is_err());
        assert!(!health.is_well(part) && !health.is_well(INFORMERS));
        assert!(health.is_well("ping"));
    }

    #[test]
    fn a_store_that_takes_no_writes_is_not_well() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        assert!(Health::new(&store).is_well(STORE));
        assert_eq!(store.snapshot().revision(), 0, "asking writes nothing");
        let full: Arc<dyn Store> = Arc::new(Full(MemoryStore::default()));
        let health = Health::new(&full);
        assert!(!health.is_well(STORE) && !health.is_well("etcd-readiness"));
    }
}
