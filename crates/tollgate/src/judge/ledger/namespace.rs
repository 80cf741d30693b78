//! The quotas of one namespace and what was let into it.

use crate::diagnostics::ObjectRef;
use crate::judge::object::Charge;
use crate::judge::source::Source;
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};
use tollgate_api::{GroupResource, Value};
use tollgate_policy::resource_quota::{self, Charges, Context, Quota, Quotas, Transition, settle};

/// More than any quota allows, so that what would be used can be counted beyond the limits.
const UNLIMITED: &str = "1000000E";

#[derive(Debug)]
pub(super) struct NamespaceLedger {
    pub(super) quotas: Quotas,
    /// The same quotas without limits, used alike.
    pub(super) unlimited: Quotas,
    /// The quotas of which the state says what is used: for these its objects need not be counted.
    believed: BTreeSet<CompactString>,
    /// What objects of the state use, together with what they own, until the input replaces them.
    pub(super) existing: BTreeMap<Identity, Vec<(GroupResource, Value)>>,
    pub(super) workloads: BTreeMap<Identity, Admitted>,
}

/// Kind and name.
pub(super) type Identity = (CompactString, CompactString);

/// A workload that was let in, kept for its rollouts and autoscalers.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) source: Source,
    pub(super) reference: ObjectRef,
    pub(super) charges: Vec<Charge>,
}

impl NamespaceLedger {
    pub(super) fn new(objects: &[Value], context: &Context<'_>) -> Self {
        let believed = objects
            .iter()
            .filter(|object| object.at(&["status", "used"]).is_some())
            .filter_map(|object| object.at(&["metadata", "name"])?.as_str())
            .map(CompactString::from)
            .collect();
        let filled: Vec<Value> = objects
            .iter()
            .map(|object| filled(object, context))
            .collect();
        let unlimited = filled.iter().map(|object| {
            let mut object = object.clone();
            if let Some(hard) = object
                .get_mut("status")
                .and_then(|status| status.get_mut("hard"))
            {
                let keys = hard
                    .as_object()
                    .into_iter()
                    .flat_map(tollgate_api::Object::keys);
                *hard = keys.map(|key| (key.to_owned(), UNLIMITED)).collect();
            }
            Quota::stored(&object)
        });
        Self {
            unlimited: Quotas::new(unlimited),
            quotas: Quotas::new(filled.iter().map(Quota::stored)),
            believed,
            existing: BTreeMap::new(),
            workloads: BTreeMap::new(),
        }
    }

    /// Counts an object that exists already, where that is not said.
    pub(super) fn count(&mut self, resource: &GroupResource, now: &Transition<'_>) {
        let mut charges = settle(&self.quotas, resource, now);
        charges.retain(|change| {
            let quota = self.quotas.get(change.quota);
            quota.is_none_or(|quota| !self.believed.contains(quota.name()))
        });
        self.apply(&charges);
    }

    pub(super) fn apply(&mut self, charges: &Charges) {
        self.quotas.apply(charges);
        self.unlimited.apply(charges);
    }
}

/// A quota with the status that its controller would give it: the limits of its spec, and what is used.
fn filled(object: &Value, context: &Context<'_>) -> Value {
    let mut quota = object.clone();
    let hard = object
        .at(&["spec", "hard"])
        .cloned()
        .unwrap_or_else(Value::object);
    let counted: Vec<GroupResource> = hard
        .as_object()
        .into_iter()
        .flat_map(tollgate_api::Object::keys)
        .filter_map(|key| key.strip_prefix("count/"))
        .map(|key| {
            let (resource, group) = key.split_once('.').unwrap_or((key, ""));
            GroupResource::new(group, resource)
        })
        .collect();
    let listings: Vec<_> = counted
        .iter()
        .map(|resource| resource_quota::Listing {
            resource,
            objects: Ok(Vec::new()),
        })
        .collect();
    let zero = resource_quota::recalculate(object, &listings, context).used;
    let mut used: Value = zero
        .iter()
        .map(|(key, amount)| (key.clone(), amount.to_string()))
        .collect();
    for (key, amount) in object
        .get("status")
        .map(|status| status.str_entries("used"))
        .into_iter()
        .flatten()
    {
        used.set(key, amount);
    }
    let status = quota.child_mut("status");
    status.set("hard", hard);
    status.set("used", used);
    quota
}
