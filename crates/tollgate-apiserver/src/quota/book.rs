//! The quotas of one namespace, prepared, and as the objects they are stored as.

use crate::storage::{Key, Revision, Snapshot, Write};
use crate::verbs::record;
use std::sync::LazyLock;
use tollgate_api::{GroupVersionKind, Status, Value};
use tollgate_policy::resource_quota::{Charges, Quota, Quotas};

static KIND: LazyLock<GroupVersionKind> =
    LazyLock::new(|| GroupVersionKind::new("v1", "ResourceQuota"));

/// The quotas of a namespace as they were at some revisions.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// Prepared, by name.
    pub(super) quotas: Quotas,
    /// As stored, in the same order.
    objects: Vec<(Key, Revision, Value)>,
}

impl Book {
    /// Reads anew what has changed.
    pub(super) fn refresh(&mut self, head: &Snapshot, prefix: &str) -> Result<(), Status> {
        let mut known = self.objects.iter();
        let is_current = head.range(prefix).all(|(key, record)| {
            known
                .next()
                .is_some_and(|(known, revision, _)| known == key && *revision == record.revision)
        });
        if is_current && known.next().is_none() {
            return Ok(());
        }
        let mut objects = Vec::new();
        for (key, record) in head.range(prefix) {
            let object = record::parse(&record.value, 0)?;
            objects.push((key.clone(), record.revision, object));
        }
        self.quotas = Quotas::new(objects.iter().map(|(.., object)| Quota::stored(object)));
        self.objects = objects;
        Ok(())
    }

    /// Takes charges and gives the quotas to write. Of a quota that the request itself changes nothing is written here.
    pub(super) fn apply(
        &mut self,
        head: &Snapshot,
        charges: &Charges,
        name: &str,
        is_quota: bool,
    ) -> Vec<Write> {
        if charges.is_empty() {
            return Vec::new();
        }
        self.quotas.apply(charges);
        let next = head.revision().saturating_add(1);
        let mut writes = Vec::new();
        for place in charges.quotas() {
            let (Some(quota), Some((key, revision, object))) =
                (self.quotas.get(place), self.objects.get_mut(place))
            else {
                continue;
            };
            if is_quota && key.name() == name {
                // Read anew when it is stored.
                *revision = 0;
                continue;
            }
            object.child_mut("status").set("used", quota.used_value());
            *revision = next;
            writes.push(Write::Put {
                key: key.clone(),
                value: record::encode(&KIND, object),
            });
        }
        writes
    }
}
