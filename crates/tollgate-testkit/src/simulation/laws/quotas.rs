//! What quotas say is true at every revision, and nobody gets past them.

use super::footprint::{Amounts, Footprint, milli};
use super::{Circumstances, Law};
use crate::simulation::mirror::{Change, Mirror};
use std::collections::{BTreeMap, BTreeSet};
use tollgate_api::{Object, Value};
use tollgate_apiserver::storage::Key;

fn amounts(quota: &Value, path: &[&str]) -> Amounts {
    let found = quota.at(path).and_then(Value::as_object);
    let found = found.into_iter().flat_map(Object::iter);
    found
        .map(|(key, amount)| (key.to_owned(), milli(amount)))
        .collect()
}

/// `status.used` is what a count of all objects finds.
#[derive(Debug, Default)]
pub(super) struct Counts {
    footprints: BTreeMap<String, BTreeMap<Key, Footprint>>,
}

impl Counts {
    /// Takes in a change; whether it can matter to a quota.
    fn note(&mut self, change: &Change) -> bool {
        let namespace = change.key.namespace();
        if namespace.is_empty() || matches!(change.key.resource(), "events" | "leases") {
            return false;
        }
        let of_namespace = self.footprints.entry(namespace.to_owned()).or_default();
        let new = change
            .new
            .as_deref()
            .map(|object| Footprint::of(&change.key, object));
        let old = match new.clone() {
            Some(new) => of_namespace.insert(change.key.clone(), new),
            None => of_namespace.remove(&change.key),
        };
        old != new || change.key.resource() == "resourcequotas"
    }

    fn check(&self, key: &Key, quota: &Value) -> Result<(), String> {
        let used = amounts(quota, &["status", "used"]);
        let hard = amounts(quota, &["spec", "hard"]);
        let objects = self.footprints.get(key.namespace());
        let selected = || {
            let all = objects.into_iter().flat_map(|objects| objects.values());
            all.filter(|footprint| footprint.is_selected(quota))
        };
        let mut expected = Amounts::new();
        for name in hard.keys() {
            let sum = selected().filter_map(|footprint| footprint.amounts.get(name));
            expected.insert(name.clone(), sum.sum());
        }
        if used == expected {
            return Ok(());
        }
        Err(format!(
            "quota {key} says {used:?} are used, but {expected:?} are"
        ))
    }
}

impl Law for Counts {
    fn judge(
        &mut self,
        mirror: &Mirror,
        changes: &[Change],
        _: Circumstances<'_>,
    ) -> Result<(), String> {
        if self.footprints.is_empty() {
            for (key, seen) in &mirror.objects {
                self.note(&Change {
                    key: key.clone(),
                    old: None,
                    new: Some(seen.object.clone()),
                });
            }
        }
        let mut namespaces = BTreeSet::new();
        for change in changes {
            if self.note(change) {
                namespaces.insert(change.key.namespace());
            }
        }
        for namespace in namespaces {
            for (key, quota) in mirror.of("", "resourcequotas", Some(namespace)) {
                self.check(key, quota)?;
            }
        }
        Ok(())
    }
}

/// Nothing that is let in takes what is used past the limit.
#[derive(Debug)]
pub(super) struct Limits;

impl Law for Limits {
    fn judge(
        &mut self,
        _: &Mirror,
        changes: &[Change],
        _: Circumstances<'_>,
    ) -> Result<(), String> {
        for change in changes {
            let Some((old, new)) = change.both().filter(|_| change.is_of("", "resourcequotas"))
            else {
                continue;
            };
            let hard = amounts(new, &["spec", "hard"]);
            if amounts(old, &["spec", "hard"]) != hard {
                continue;
            }
            let before = amounts(old, &["status", "used"]);
            for (name, used) in amounts(new, &["status", "used"]) {
                let rises = used > before.get(&name).copied().unwrap_or_default();
                if rises && used > hard.get(&name).copied().unwrap_or_default() {
                    return Err(format!(
                        "quota {} was let past its {name}: {new}",
                        change.key
                    ));
                }
            }
        }
        Ok(())
    }
}
