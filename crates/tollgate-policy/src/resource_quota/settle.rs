//! Keeping usage equal to a recount, whatever happens to what is stored.

use super::charge::{Change, Charges};
use super::context::Context;
use super::evaluators::Evaluator;
use super::quota::{Quota, Quotas};
use super::usage::Usage;
use std::cmp::Ordering;
use tollgate_api::{GroupResource, Quantity, Value};

/// A change of what is stored.
#[derive(Debug, Clone, Copy)]
pub struct Transition<'a> {
    /// The object as it was, and the context in which it was counted last; none for one that is created.
    pub old: Option<(&'a Value, &'a Context<'a>)>,
    /// The object as it is; none for one that is gone.
    pub new: Option<(&'a Value, &'a Context<'a>)>,
}

/// Brings usage in line with a change of what is stored: deletion, a pod that has ended, a resize, an update.
///
/// Unlike admission, which upstream lets only ever add, this takes back what the old object used: after every stored
/// change the usage equals a recount. It refuses nothing. A quota whose usage under a key is unknown stays so.
pub fn settle(quotas: &Quotas, resource: &GroupResource, transition: &Transition<'_>) -> Charges {
    let sides = [transition.old, transition.new].map(|side| {
        side.map(|(object, context)| {
            let evaluator = Evaluator::of(resource, context);
            let usage = evaluator.usage(object, context);
            (object, context, evaluator, usage)
        })
    });
    let mut changes = Vec::new();
    for (place, quota) in quotas.iter().enumerate() {
        let [old, new] = sides.each_ref().map(|side| {
            side.as_ref()
                .filter(|(object, context, evaluator, _)| {
                    quota.claimed(evaluator, context).next().is_some()
                        && quota.is_in_scopes(evaluator, object) == Ok(true)
                })
                .map(|(.., usage)| usage)
        });
        settle_quota(&mut changes, place, quota, old, new);
    }
    Charges { changes }
}

fn settle_quota(
    changes: &mut Vec<Change>,
    place: usize,
    quota: &Quota,
    old: Option<&Usage>,
    new: Option<&Usage>,
) {
    let mut entries: Vec<(usize, Option<&Quantity>, Option<&Quantity>)> = Vec::new();
    entries.extend(
        new.into_iter()
            .flat_map(|usage| quota.limited(usage))
            .map(|(entry, amount)| (entry, None, Some(amount))),
    );
    for (entry, amount) in old.into_iter().flat_map(|usage| quota.limited(usage)) {
        match entries.iter_mut().find(|(known, ..)| *known == entry) {
            Some((_, old, _)) => *old = Some(amount),
            None => entries.push((entry, Some(amount), None)),
        }
    }
    entries.sort_unstable_by_key(|(entry, ..)| *entry);
    for (entry, old, new) in entries {
        let Some(used) = quota.entry(entry).and_then(|entry| entry.used.as_ref()) else {
            continue;
        };
        let mut total = used.clone();
        if let Some(amount) = old {
            total.sub(amount);
        }
        if let Some(amount) = new {
            total.add(amount);
        }
        if total.compare(used) != Ordering::Equal {
            changes.push(Change {
                quota: place,
                entry,
                old: Some(used.clone()),
                new: total,
            });
        }
    }
}
