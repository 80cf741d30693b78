//! Policies, prepared once: made anew only when what they were made from has another revision.
//!
//! Nothing here lags behind: each request looks at its own snapshot and takes what was prepared from exactly that.

use super::config::AdmissionConfig;
use super::pod_security_counts::PodSecurityCounts;
use super::policy::Policies;
use super::webhooks::{Hook, Sort};
use crate::storage::{Key, Record, Revision, Snapshot};
use crate::verbs::record;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tollgate_api::{Release, Value};
use tollgate_policy::limit_range::LimitRange;
use tollgate_policy::pod_security::{NamespacePolicy, PodSecurity};
use tollgate_policy::pod_security_policy::PodSecurityPolicies;
use tollgate_policy::priority::PriorityClasses;

/// What tells one state of a collection from all others: how many records, and the newest revision among them.
type Fingerprint = (usize, Revision);

fn fingerprint(snapshot: &Snapshot, prefix: &str) -> Fingerprint {
    snapshot
        .range(prefix)
        .fold((0, 0), |(count, newest), (_, record)| {
            (count.saturating_add(1), newest.max(record.revision))
        })
}

/// Values that were made from something, by its key.
#[derive(Debug)]
struct Cache<T> {
    entries: Mutex<BTreeMap<String, (Fingerprint, Arc<T>)>>,
}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self {
            entries: Mutex::default(),
        }
    }
}

impl<T> Cache<T> {
    fn get(&self, key: &str, state: Fingerprint, make: impl FnOnce() -> T) -> Arc<T> {
        {
            let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((known, value)) = entries.get(key)
                && *known == state
            {
                return Arc::clone(value);
            }
        }
        let value = Arc::new(make());
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if state == (0, 0) {
            // Nothing is cheap to make, and keeping it would keep a word of every namespace that ever was.
            entries.remove(key);
        } else {
            entries.insert(key.to_owned(), (state, Arc::clone(&value)));
        }
        value
    }
}

/// What plugins need to know of a namespace.
#[derive(Debug)]
pub struct Namespace {
    /// What its labels demand of pods.
    pub pod_security: NamespacePolicy,
    /// Whether it is being deleted.
    pub is_terminating: bool,
}

/// Everything that has been prepared.
#[derive(Debug)]
pub struct Prepared {
    /// The Pod Security plugin.
    pub pod_security: PodSecurity,
    /// What it counts.
    pub(crate) pod_security_counts: PodSecurityCounts,
    namespaces: Cache<Namespace>,
    limit_ranges: Cache<Vec<LimitRange>>,
    priority_classes: Cache<PriorityClasses>,
    pod_security_policies: Cache<PodSecurityPolicies>,
    objects: Cache<Value>,
    default_storage_class: Cache<Option<String>>,
    default_ingress_class: Cache<Option<String>>,
    admission_policies: Cache<Policies>,
    webhooks: Cache<Vec<Hook>>,
}

impl Prepared {
    /// Nothing yet.
    pub fn new(config: &AdmissionConfig, release: Release) -> Self {
        Self {
            pod_security: PodSecurity::new(config.pod_security.clone(), release),
            pod_security_counts: PodSecurityCounts::default(),
            namespaces: Cache::default(),
            limit_ranges: Cache::default(),
            priority_classes: Cache::default(),
            pod_security_policies: Cache::default(),
            objects: Cache::default(),
            default_storage_class: Cache::default(),
            default_ingress_class: Cache::default(),
            admission_policies: Cache::default(),
            webhooks: Cache::default(),
        }
    }

    /// The namespace of that name, if there is one.
    pub fn namespace(&self, snapshot: &Snapshot, name: &str) -> Option<Arc<Namespace>> {
        let key = Key::new("", "namespaces", "", name);
        let record = snapshot.get(key.as_str())?;
        Some(self.namespaces.get(name, (1, record.revision), || {
            let namespace = tree(record);
            Namespace {
                pod_security: self.pod_security.namespace_policy(&namespace),
                is_terminating: namespace.at(&["metadata", "deletionTimestamp"]).is_some(),
            }
        }))
    }

    /// The LimitRanges of a namespace, in the order of their names.
    pub fn limit_ranges(&self, snapshot: &Snapshot, namespace: &str) -> Arc<Vec<LimitRange>> {
        let prefix = Key::prefix("", "limitranges", Some(namespace));
        let state = fingerprint(snapshot, &prefix);
        self.limit_ranges.get(namespace, state, || {
            let records = snapshot.range(&prefix);
            records
                .map(|(_, record)| LimitRange::new(&tree(record)))
                .collect()
        })
    }

    /// The priority classes of the cluster.
    pub fn priority_classes(&self, snapshot: &Snapshot) -> Arc<PriorityClasses> {
        collection(
            &self.priority_classes,
            snapshot,
            "scheduling.k8s.io",
            "priorityclasses",
            |classes| PriorityClasses::new(classes),
        )
    }

    /// The pod security policies of the cluster.
    pub fn pod_security_policies(&self, snapshot: &Snapshot) -> Arc<PodSecurityPolicies> {
        collection(
            &self.pod_security_policies,
            snapshot,
            "policy",
            "podsecuritypolicies",
            |policies| PodSecurityPolicies::from_objects(policies),
        )
    }

    /// The name of the storage class for claims that name none.
    pub fn default_storage_class(&self, snapshot: &Snapshot) -> Arc<Option<String>> {
        collection(
            &self.default_storage_class,
            snapshot,
            "storage.k8s.io",
            "storageclasses",
            |classes| super::mutate::default_storage_class(classes.iter()).map(str::to_owned),
        )
    }

    /// The name of the class for ingresses that name none.
    pub fn default_ingress_class(&self, snapshot: &Snapshot) -> Arc<Option<String>> {
        collection(
            &self.default_ingress_class,
            snapshot,
            "networking.k8s.io",
            "ingressclasses",
            |classes| super::mutate::default_ingress_class(classes.iter()).map(str::to_owned),
        )
    }

    /// The policies of the cluster that judge, with their bindings, compiled.
    pub(super) fn validating_policies(&self, snapshot: &Snapshot) -> Arc<Policies> {
        let plurals = [
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
        ];
        self.admission_policies(snapshot, plurals)
    }

    /// The policies of the cluster that change objects, with their bindings, compiled.
    pub(super) fn mutating_policies(&self, snapshot: &Snapshot) -> Arc<Policies> {
        let plurals = [
            "mutatingadmissionpolicies",
            "mutatingadmissionpolicybindings",
        ];
        self.admission_policies(snapshot, plurals)
    }

    fn admission_policies(&self, snapshot: &Snapshot, plurals: [&str; 2]) -> Arc<Policies> {
        let [key, _] = plurals;
        let prefixes =
            plurals.map(|plural| Key::prefix("admissionregistration.k8s.io", plural, None));
        let states = prefixes
            .each_ref()
            .map(|prefix| fingerprint(snapshot, prefix));
        let state = states.into_iter().fold((0, 0), |all: Fingerprint, one| {
            (all.0.saturating_add(one.0), all.1.max(one.1))
        });
        self.admission_policies.get(key, state, || {
            let [policies, bindings] = prefixes.each_ref().map(|prefix| {
                let records = snapshot.range(prefix);
                records.map(|(_, record)| tree(record)).collect::<Vec<_>>()
            });
            Policies::new(&policies, &bindings)
        })
    }

    /// The webhooks of a sort, in the order of their configurations' names.
    pub(super) fn webhooks(&self, snapshot: &Snapshot, sort: Sort) -> Arc<Vec<Hook>> {
        let group = "admissionregistration.k8s.io";
        collection(
            &self.webhooks,
            snapshot,
            group,
            sort.plural(),
            |configurations| configurations.iter().flat_map(Hook::of).collect(),
        )
    }

    /// A stored object that plugins often look at, such as an account.
    pub fn object(&self, snapshot: &Snapshot, key: &Key) -> Option<Arc<Value>> {
        let record = snapshot.get(key.as_str())?;
        Some(
            self.objects
                .get(key.as_str(), (1, record.revision), || tree(record)),
        )
    }
}

fn collection<T>(
    cache: &Cache<T>,
    snapshot: &Snapshot,
    group: &str,
    plural: &str,
    make: impl FnOnce(&[Value]) -> T,
) -> Arc<T> {
    let prefix = Key::prefix(group, plural, None);
    let state = fingerprint(snapshot, &prefix);
    cache.get(plural, state, || {
        let objects: Vec<Value> = snapshot
            .range(&prefix)
            .map(|(_, record)| tree(record))
            .collect();
        make(&objects)
    })
}

/// What cannot be read counts as empty: it was readable when it was stored.
fn tree(record: &Record) -> Value {
    record::parse(&record.value, record.revision).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{MemoryStore, Store, Write};
    use bytes::Bytes;

    fn put(store: &MemoryStore, key: &Key, text: &str) {
        let value = Bytes::from(text.to_owned());
        let write = Write::Put {
            key: key.clone(),
            value,
        };
        store.transact(&mut |_| vec![write.clone()]).unwrap();
    }

    #[test]
    fn what_is_prepared_is_that_of_the_snapshot() {
        let prepared = Prepared::new(&AdmissionConfig::default(), Release::default());
        let store = MemoryStore::default();
        let key = Key::new("", "namespaces", "", "a");
        put(&store, &key, r#"{"metadata":{"name":"a","uid":"1"}}"#);
        let first = store.snapshot();
        put(
            &store,
            &key,
            r#"{"metadata":{"name":"a","uid":"1","deletionTimestamp":"2026-01-15T12:00:00Z"}}"#,
        );
        let second = store.snapshot();
        for _ in 0..2 {
            assert!(!prepared.namespace(&first, "a").unwrap().is_terminating);
            assert!(prepared.namespace(&second, "a").unwrap().is_terminating);
        }
        assert!(prepared.namespace(&second, "b").is_none());
    }
}
