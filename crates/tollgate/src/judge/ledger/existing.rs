//! Objects of the state: counted at the start, released when the input replaces them.

use super::namespace::Identity;
use super::state::{Ledger, context};
use crate::judge::load::Loaded;
use crate::judge::object::Judged;
use tollgate_api::Value;
use tollgate_policy::resource_quota::{Transition, settle};

impl Ledger<'_> {
    /// Whether objects of the state have to be looked at.
    pub fn wants_state(&self) -> bool {
        !self.namespaces.is_empty()
    }

    /// Counts an object that exists already.
    pub fn count_existing(&mut self, loaded: Loaded) {
        let context = context(self.settings, &self.device_classes);
        let Some(namespace) = self.namespaces.get_mut(&loaded.namespace) else {
            return;
        };
        let now = Transition {
            old: None,
            new: Some((&loaded.object, &context)),
        };
        namespace.count(&loaded.resource, &now);
        let owner = owner_of(&loaded);
        namespace
            .existing
            .entry(owner)
            .or_default()
            .push((loaded.resource, loaded.object));
    }

    /// Takes what the input replaces out of the books.
    pub(super) fn release_existing(&mut self, judged: &Judged) {
        let context = context(self.settings, &self.device_classes);
        let reference = &judged.reference;
        let Some(namespace) = self.namespaces.get_mut(reference.namespace.as_str()) else {
            return;
        };
        let mut replaced: Vec<Identity> = vec![(
            reference.kind.as_str().into(),
            reference.name.as_str().into(),
        )];
        while let Some(identity) = replaced.pop() {
            for (resource, object) in namespace.existing.remove(&identity).unwrap_or_default() {
                let gone = Transition {
                    old: Some((&object, &context)),
                    new: None,
                };
                let charges = settle(&namespace.quotas, &resource, &gone);
                namespace.apply(&charges);
                // What a controller's object owns goes with it: the pods of a Job of a CronJob.
                let name = object.at(&["metadata", "name"]).and_then(Value::as_str);
                replaced.push((
                    object.str_or_empty("kind").into(),
                    name.unwrap_or_default().into(),
                ));
            }
        }
    }
}

/// The object that goes away together with this one: the workload that owns it, else itself.
fn owner_of(loaded: &Loaded) -> Identity {
    let owners = loaded
        .object
        .get("metadata")
        .map(|metadata| metadata.items("ownerReferences"));
    let owner = owners
        .unwrap_or_default()
        .iter()
        .find(|owner| owner.bool("controller") == Some(true));
    match owner {
        None => (loaded.kind.kind.clone(), loaded.name.clone()),
        Some(owner) => {
            let (kind, name) = (owner.str_or_empty("kind"), owner.str_or_empty("name"));
            // A ReplicaSet of a Deployment is named `<deployment>-<hash of the template>`.
            let hash = loaded
                .object
                .at(&["metadata", "labels"])
                .and_then(|labels| labels.str("pod-template-hash"));
            match hash.and_then(|hash| name.strip_suffix(hash)?.strip_suffix('-')) {
                Some(deployment) if kind == "ReplicaSet" => {
                    ("Deployment".into(), deployment.into())
                }
                _ => (kind.into(), name.into()),
            }
        }
    }
}
