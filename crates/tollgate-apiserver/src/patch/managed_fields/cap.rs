//! No object has more than a few entries of updates.

use super::entries::{Entries, Entry, Operation};
use std::collections::BTreeMap;
use tollgate_api::value::CompactString;

/// The most entries of updates.
const UPDATES_MAX: usize = 10;

/// The manager of what the oldest updates wrote.
const OLDEST: &str = "ancient-changes";

/// Joins the oldest entries of updates of one version until there are few enough.
pub(super) fn cap(mut entries: Entries) -> Entries {
    let mut updates: Vec<(i64, String)> = entries
        .iter()
        .filter(|(_, entry)| entry.operation == Operation::Update)
        .map(|(id, entry)| (entry.seconds(), id.clone()))
        .collect();
    let mut count = updates.len();
    updates.sort();
    let mut first_of: BTreeMap<CompactString, String> = BTreeMap::new();
    for (_, id) in updates {
        if count <= UPDATES_MAX {
            break;
        }
        let Some(version) = entries.get(&id).map(|entry| entry.api_version.clone()) else {
            continue;
        };
        let Some(first) = first_of.get(&version) else {
            first_of.insert(version, id);
            continue;
        };
        let Some(entry) = entries.remove(&id) else {
            continue;
        };
        let mut bucket = Entry {
            manager: OLDEST.into(),
            operation: Operation::Update,
            api_version: version,
            subresource: CompactString::default(),
            // The newest of what is joined.
            time: entry.time.clone(),
            fields: entry.fields,
        };
        let bucket_id = bucket.id();
        let joined = entries.remove(&bucket_id).or_else(|| entries.remove(first));
        if let Some(joined) = joined {
            bucket.fields = bucket.fields.union(&joined.fields);
        }
        entries.insert(bucket_id, bucket);
        count = count.saturating_sub(1);
    }
    entries
}
