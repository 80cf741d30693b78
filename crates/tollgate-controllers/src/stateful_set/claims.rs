//! Who owns the claims of a StatefulSet: nobody, the set, or a pod that is scaled down, as the retention policy says.

use super::set::Set;
use crate::driver::{Cached, Owner};
use crate::pod_control::Owning;
use tollgate_api::Value;
use tollgate_api::value::CompactString;

/// An owner that a claim may have.
#[derive(Debug)]
struct Candidate<'a> {
    api_version: &'a str,
    kind: &'a str,
    name: &'a str,
    uid: &'a str,
}

impl Candidate<'_> {
    /// Whether a reference is meant for it, if perhaps for an earlier one of that name.
    fn is_named(&self, owner: &Owner) -> bool {
        owner.api_version == self.api_version && owner.kind == self.kind && owner.name == self.name
    }

    fn reference(&self) -> Value {
        let mut owner = Value::object();
        owner.set("apiVersion", self.api_version);
        owner.set("kind", self.kind);
        owner.set("name", self.name);
        owner.set("uid", self.uid);
        owner.set("controller", true);
        owner.set("blockOwnerDeletion", true);
        owner
    }
}

/// The set and a pod, as owners of the pod's claims.
#[derive(Debug)]
pub(super) struct Owners<'a> {
    set: Candidate<'a>,
    pod: Candidate<'a>,
    set_owns: bool,
    pod_owns: bool,
}

impl<'a> Owners<'a> {
    pub(super) fn of(owner: &'a Owning, set: &Set<'_>, pod: &'a Cached, ordinal: i64) -> Self {
        let about = &owner.reference;
        let is_scaled_down = !set.ordinals().contains(&ordinal);
        let retention = set.retention;
        Self {
            set: Candidate {
                api_version: &about.api_version,
                kind: &about.kind,
                name: &about.name,
                uid: &about.uid,
            },
            pod: Candidate {
                api_version: "v1",
                kind: "Pod",
                name: &pod.meta.name,
                uid: &pod.meta.uid,
            },
            set_owns: retention.deleted_with_set && !(retention.deleted_with_pod && is_scaled_down),
            pod_owns: retention.deleted_with_pod && is_scaled_down,
        }
    }

    fn is_ours(&self, owner: &Owner) -> bool {
        self.set.is_named(owner) || self.pod.is_named(owner)
    }

    /// Whether somebody else looks after a claim.
    fn is_foreign(&self, claim: &Cached) -> bool {
        claim
            .meta
            .owners
            .iter()
            .any(|owner| owner.controller && !self.is_ours(owner))
    }

    /// Whether a claim's owners are those that it should have. Claims of an earlier set or pod of the same name are left
    /// alone.
    pub(super) fn fit(&self, claim: &Cached) -> bool {
        let owners = &claim.meta.owners;
        let is_stale = owners.iter().any(|owner| {
            (self.set.is_named(owner) && owner.uid != self.set.uid)
                || (self.pod.is_named(owner) && owner.uid != self.pod.uid)
        });
        if is_stale {
            return true;
        }
        let has = |uid: &str| owners.iter().any(|owner| owner.uid == uid);
        let (set_owns, pod_owns) = (has(self.set.uid), has(self.pod.uid));
        if (self.set_owns || self.pod_owns) && self.is_foreign(claim) {
            return !set_owns && !pod_owns;
        }
        let controls = owners
            .iter()
            .filter(|owner| self.is_ours(owner))
            .all(|owner| owner.controller);
        controls && set_owns == self.set_owns && pod_owns == self.pod_owns
    }

    /// The claim with the owners that it should have.
    pub(super) fn apply(&self, claim: &Cached, object: &mut Value) {
        let ours: Vec<&CompactString> = claim
            .meta
            .owners
            .iter()
            .filter(|owner| self.is_ours(owner))
            .map(|owner| &owner.uid)
            .collect();
        let metadata = object.child_mut("metadata");
        let mut owners = metadata.items("ownerReferences").to_vec();
        owners.retain(|owner| !ours.iter().any(|uid| owner.str("uid") == Some(uid)));
        if !self.is_foreign(claim) {
            let wanted = [(self.set_owns, &self.set), (self.pod_owns, &self.pod)];
            let wanted = wanted.into_iter().filter(|(owns, _)| *owns);
            owners.extend(wanted.map(|(_, owner)| owner.reference()));
        }
        if owners.is_empty() {
            metadata.remove("ownerReferences");
        } else {
            metadata.set("ownerReferences", owners);
        }
    }

    /// Whether a claim is on its way out, or goes with an earlier pod of that name.
    pub(super) fn is_stale(claim: &Cached, pod_name: &str) -> bool {
        claim.meta.deleted.is_some()
            || claim.meta.owners.iter().any(|owner| {
                owner.api_version == "v1" && owner.kind == "Pod" && owner.name == pod_name
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::STATEFUL_SETS;
    use tollgate_api::client::Stored;
    use tollgate_api::json;

    fn cached(text: &str) -> Cached {
        let stored = Stored {
            json: text.as_bytes().to_vec().into(),
            revision: 1,
        };
        Cached::new(&stored, false).unwrap()
    }

    const SET: &str = r#"{"apiVersion":"apps/v1","kind":"StatefulSet","name":"web","uid":"s","controller":true,"blockOwnerDeletion":true}"#;
    const POD: &str = r#"{"apiVersion":"v1","kind":"Pod","name":"web-0","uid":"p","controller":true,"blockOwnerDeletion":true}"#;
    const OTHER: &str =
        r#"{"apiVersion":"x/v1","kind":"X","name":"x","uid":"x","controller":true}"#;
    const FRIEND: &str = r#"{"apiVersion":"x/v1","kind":"X","name":"x","uid":"x"}"#;
    const OLD_SET: &str = r#"{"apiVersion":"apps/v1","kind":"StatefulSet","name":"web","uid":"old","controller":true}"#;

    /// Whether the owners fit, and what they become.
    fn judge(policy: (&str, &str), replicas: i64, owners: &[&str]) -> (bool, Vec<String>) {
        let text = format!(
            r#"{{"metadata":{{"name":"web","namespace":"n","uid":"s"}},"spec":{{"replicas":{replicas},
            "persistentVolumeClaimRetentionPolicy":{{"whenDeleted":"{}","whenScaled":"{}"}}}}}}"#,
            policy.0, policy.1
        );
        let object = json::from_str(&text).unwrap();
        let owner = Owning::new(&STATEFUL_SETS, "StatefulSet", &cached(&text));
        let pod = cached(r#"{"metadata":{"name":"web-0","namespace":"n","uid":"p"}}"#);
        let claim = cached(&format!(
            r#"{{"metadata":{{"name":"data-web-0","ownerReferences":[{}]}}}}"#,
            owners.join(",")
        ));
        let set = Set::of(&object);
        let wanted = Owners::of(&owner, &set, &pod, 0);
        let mut object = claim.object().unwrap();
        wanted.apply(&claim, &mut object);
        let metadata = object.get("metadata").unwrap();
        let owners = metadata.items("ownerReferences").iter();
        let uids = owners.map(|owner| owner.str_or_empty("uid").to_owned());
        (wanted.fit(&claim), uids.collect())
    }

    #[test]
    fn claims_belong_to_whom_the_policy_says() {
        let keep = ("Retain", "Retain");
        let with_set = ("Delete", "Retain");
        let with_pod = ("Retain", "Delete");
        let with_both = ("Delete", "Delete");
        for (policy, replicas, owners, fits, becomes) in [
            (keep, 1, vec![], true, vec![]),
            (keep, 1, vec![SET], false, vec![]),
            (keep, 1, vec![FRIEND], true, vec!["x"]),
            (with_set, 1, vec![], false, vec!["s"]),
            (with_set, 1, vec![SET], true, vec!["s"]),
            (with_set, 0, vec![SET], true, vec!["s"]),
            (with_set, 1, vec![OTHER], true, vec!["x"]),
            (with_set, 1, vec![OLD_SET], true, vec!["s"]),
            (with_pod, 1, vec![], true, vec![]),
            (with_pod, 0, vec![], false, vec!["p"]),
            (with_pod, 1, vec![POD], false, vec![]),
            (with_both, 1, vec![POD], false, vec!["s"]),
            (with_both, 0, vec![SET], false, vec!["p"]),
            (with_both, 0, vec![POD, FRIEND], true, vec!["x", "p"]),
        ] {
            let found = judge(policy, replicas, &owners);
            let becomes: Vec<String> = becomes.into_iter().map(str::to_owned).collect();
            assert_eq!(found, (fits, becomes), "{policy:?} {replicas} {owners:?}");
        }
    }
}
