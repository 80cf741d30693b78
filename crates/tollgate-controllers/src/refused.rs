//! What was refused by a policy is tried again at once when a policy changes, and not only when its time has come.
//!
//! Only changes count that can let something in: a quota that grew or was used less, a policy, a right, a label of the
//! namespace. What an attempt itself changes never counts, so attempts do not follow each other for ever.

use crate::controller::{Change, Enqueue, Key};
use crate::driver::Cached;
use crate::resources::{
    CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, LIMIT_RANGES, NAMESPACES, POD_SECURITY_POLICIES,
    PRIORITY_CLASSES, RESOURCE_QUOTAS, ROLE_BINDINGS, ROLES, RUNTIME_CLASSES, SERVICE_ACCOUNTS,
    VALIDATING_ADMISSION_POLICIES, VALIDATING_ADMISSION_POLICY_BINDINGS,
};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tollgate_api::client::GroupVersionResource;
use tollgate_api::value::CompactString;
use tollgate_api::{Value, resource_list};

/// The keys of a controller that were refused something.
#[derive(Debug, Default)]
pub struct Refused {
    keys: Mutex<BTreeSet<Key>>,
}

/// What a change may let in.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Opening {
    Namespace(CompactString),
    Everywhere,
}

impl Refused {
    /// The resources that a controller has to watch to hear of such changes.
    pub const WATCHES: [&'static GroupVersionResource; 13] = [
        &RESOURCE_QUOTAS,
        &LIMIT_RANGES,
        &NAMESPACES,
        &SERVICE_ACCOUNTS,
        &ROLES,
        &ROLE_BINDINGS,
        &CLUSTER_ROLES,
        &CLUSTER_ROLE_BINDINGS,
        &PRIORITY_CLASSES,
        &POD_SECURITY_POLICIES,
        &RUNTIME_CLASSES,
        &VALIDATING_ADMISSION_POLICIES,
        &VALIDATING_ADMISSION_POLICY_BINDINGS,
    ];

    fn lock(&self) -> MutexGuard<'_, BTreeSet<Key>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that something is going to be asked for. It is said before the attempt, so that a change that comes between
    /// the refusal and its note is not missed.
    pub fn attempt(&self, key: &Key) {
        self.lock().insert(key.clone());
    }

    /// Notes that nothing of that key is refused any more.
    pub fn clear(&self, key: &Key) {
        self.lock().remove(key);
    }

    /// Looks again at what a change may let in. To be called from [`crate::controller::Controller::concerns`].
    pub fn concerns(&self, change: &Change<'_>, queue: &mut dyn Enqueue) {
        let keys = self.lock();
        if keys.is_empty() {
            return;
        }
        let Some(opening) = opening(change) else {
            return;
        };
        for key in keys.iter() {
            let is_open = match &opening {
                Opening::Everywhere => true,
                Opening::Namespace(namespace) => key.namespace == *namespace,
            };
            if is_open {
                queue.add(key.clone());
            }
        }
    }
}

fn opening(change: &Change<'_>) -> Option<Opening> {
    let resource = change.resource;
    let object = change.object()?;
    let namespace = || Some(Opening::Namespace(object.meta.namespace.clone()));
    if *resource == NAMESPACES {
        let labels = |object: &Arc<Cached>| object.meta.labels.clone();
        let changed = change.old.map(labels) != change.new.map(labels);
        return changed.then(|| Opening::Namespace(object.meta.name.clone()));
    }
    if *resource == RESOURCE_QUOTAS {
        return quota_opens(change).then(namespace)?;
    }
    if [&LIMIT_RANGES, &SERVICE_ACCOUNTS, &ROLES, &ROLE_BINDINGS].contains(&resource) {
        return namespace();
    }
    Refused::WATCHES
        .contains(&resource)
        .then_some(Opening::Everywhere)
}

/// Whether a change of a quota leaves more room: another spec, or less that is used.
fn quota_opens(change: &Change<'_>) -> bool {
    let (Some(old), Some(new)) = (change.old, change.new) else {
        return true;
    };
    let (Ok(old), Ok(new)) = (old.object_to_read(), new.object_to_read()) else {
        return true;
    };
    let used = |quota: &Value| quota.at(&["status", "used"]).cloned().unwrap_or_default();
    let (old_used, new_used) = (used(&old), used(&new));
    old.get("spec") != new.get("spec")
        || old.at(&["status", "hard"]) != new.at(&["status", "hard"])
        || resource_list::amounts(Some(&old_used)).any(|(name, before)| {
            let mut after = resource_list::amounts(Some(&new_used));
            after
                .find(|(other, _)| *other == name)
                .is_none_or(|(_, after)| after < before)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tollgate_api::client::Stored;

    #[derive(Default)]
    struct Added(Vec<Key>);

    impl Enqueue for Added {
        fn add(&mut self, key: Key) {
            self.0.push(key);
        }

        fn add_after(&mut self, _: Key, _: Duration) {}
    }

    fn cached(json: &str) -> Arc<Cached> {
        let stored = Stored {
            json: json.as_bytes().to_vec().into(),
            revision: 1,
        };
        Arc::new(Cached::new(&stored, false).unwrap())
    }

    fn quota(hard: &str, used: &str) -> String {
        format!(
            r#"{{"metadata":{{"name":"q","namespace":"n"}},"spec":{{"hard":{{"pods":"{hard}"}}}},"status":{{"hard":{{"pods":"{hard}"}},"used":{{"pods":"{used}"}}}}}}"#
        )
    }

    fn woken(resource: &GroupVersionResource, old: Option<&str>, new: Option<&str>) -> usize {
        let refused = Refused::default();
        refused.attempt(&Key::new("n", "web"));
        refused.attempt(&Key::new("n", "gone"));
        refused.attempt(&Key::new("other", "web"));
        refused.clear(&Key::new("n", "gone"));
        let (old, new) = (old.map(cached), new.map(cached));
        let change = Change {
            resource,
            old: old.as_ref(),
            new: new.as_ref(),
        };
        let mut added = Added::default();
        refused.concerns(&change, &mut added);
        added.0.len()
    }

    #[test]
    fn a_quota_wakes_when_it_leaves_more_room() {
        for (old, new, expected) in [
            (quota("2", "2"), quota("3", "2"), 1),
            (quota("2", "2"), quota("2", "1"), 1),
            (quota("2", "1"), quota("2", "2"), 0),
            (quota("2", "2"), quota("2", "2"), 0),
        ] {
            let found = woken(&RESOURCE_QUOTAS, Some(&old), Some(&new));
            assert_eq!(found, expected, "{old} {new}");
        }
        assert_eq!(woken(&RESOURCE_QUOTAS, Some(&quota("1", "1")), None), 1);
    }

    #[test]
    fn policies_wake_those_whom_they_concern() {
        let namespace = r#"{"metadata":{"name":"n","labels":{"a":"b"}}}"#;
        let labelled = r#"{"metadata":{"name":"n","labels":{"a":"c"}}}"#;
        let named = r#"{"metadata":{"name":"x","namespace":"n"}}"#;
        assert_eq!(woken(&NAMESPACES, Some(namespace), Some(namespace)), 0);
        assert_eq!(woken(&NAMESPACES, Some(namespace), Some(labelled)), 1);
        assert_eq!(woken(&ROLE_BINDINGS, None, Some(named)), 1);
        let cluster = r#"{"metadata":{"name":"x"}}"#;
        assert_eq!(woken(&CLUSTER_ROLES, None, Some(cluster)), 2);
        assert_eq!(woken(&crate::resources::PODS, None, Some(named)), 0);
    }
}
