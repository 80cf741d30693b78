//! Charges as data: what is used before and after, for a store to commit together with the object.

use super::quota::{Quota, Quotas};
use super::usage::Usage;
use std::cmp::Ordering;
use tollgate_api::Quantity;

/// New usage of the quotas that something touches. Applies to the quotas it was made from.
#[derive(Debug, Clone, Default)]
pub struct Charges {
    // By quota, then by key.
    pub(super) changes: Vec<Change>,
}

/// New usage under one key of one quota.
#[derive(Debug, Clone)]
pub struct Change {
    /// The quota's place in its [`Quotas`].
    pub quota: usize,
    /// The key's place in the quota.
    pub(super) entry: usize,
    /// What was used; none if the status did not say.
    pub old: Option<Quantity>,
    /// What is used from now on.
    pub new: Quantity,
}

impl Charges {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The changes: by quota, then by key.
    pub fn iter(&self) -> std::slice::Iter<'_, Change> {
        self.changes.iter()
    }

    /// Leaves out changes.
    pub fn retain(&mut self, keep: impl FnMut(&Change) -> bool) {
        self.changes.retain(keep);
    }

    /// The quotas that change, by name.
    pub fn quotas(&self) -> impl Iterator<Item = usize> {
        let groups = self.changes.chunk_by(|a, b| a.quota == b.quota);
        groups.filter_map(|changes| changes.first().map(|change| change.quota))
    }
}

impl<'c> IntoIterator for &'c Charges {
    type Item = &'c Change;
    type IntoIter = std::slice::Iter<'c, Change>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Change {
    /// The key.
    pub fn key<'q>(&self, quotas: &'q Quotas) -> Option<&'q str> {
        let entry = quotas.get(self.quota)?.entry(self.entry)?;
        Some(entry.key.as_str())
    }
}

impl Quotas {
    /// Writes new usage into the quotas.
    pub fn apply(&mut self, charges: &Charges) {
        for change in charges {
            if let Some(quota) = self.get_mut(change.quota) {
                quota.set_used(change.entry, change.new.clone());
            }
        }
    }
}

/// How much more something needs under one key of one quota.
#[derive(Debug, Clone)]
pub(super) struct Need {
    pub(super) quota: usize,
    pub(super) entry: usize,
    pub(super) amount: Quantity,
}

/// Appends what `usage` needs of a quota.
pub(super) fn add_needs(needs: &mut Vec<Need>, place: usize, quota: &Quota, usage: &Usage) {
    for (entry, amount) in quota.limited(usage) {
        if !amount.is_zero() {
            needs.push(Need {
                quota: place,
                entry,
                amount: amount.clone(),
            });
        }
    }
}

/// A need that a quota has no room for.
#[derive(Debug, Clone)]
pub(super) struct Exceeded<'q> {
    pub(super) key: &'q str,
    pub(super) requested: Quantity,
    /// None prints as nothing: the status does not say.
    pub(super) used: Option<Quantity>,
    pub(super) hard: Quantity,
}

/// Charges what is needed; where a quota has no room, the first such quota and all its keys without room.
pub(super) fn charge<'q>(
    quotas: &'q Quotas,
    needs: &[Need],
    enforced: bool,
) -> Result<Charges, (&'q Quota, Vec<Exceeded<'q>>)> {
    let mut changes = Vec::with_capacity(needs.len());
    for needs in needs.chunk_by(|a, b| a.quota == b.quota) {
        let quota = needs.first().and_then(|need| quotas.get(need.quota));
        let Some(quota) = quota else { continue };
        let mut exceeded = Vec::new();
        for need in needs {
            let Some(entry) = quota.entry(need.entry) else {
                continue;
            };
            let new = sum(entry.used.as_ref(), &need.amount);
            match &entry.hard {
                Some(hard) if enforced && new.compare(hard) == Ordering::Greater => {
                    exceeded.push(Exceeded {
                        key: &entry.key,
                        requested: need.amount.clone(),
                        used: entry.used.clone(),
                        hard: hard.clone(),
                    });
                }
                _ => changes.push(Change {
                    quota: need.quota,
                    entry: need.entry,
                    old: entry.used.clone(),
                    new,
                }),
            }
        }
        if !exceeded.is_empty() {
            return Err((quota, exceeded));
        }
    }
    Ok(Charges { changes })
}

/// How often all of `needs` find room, one after another, up to `most` times.
pub(super) fn room(quotas: &Quotas, needs: &[Need], most: u64) -> u64 {
    needs.iter().fold(most, |most, need| {
        let entry = quotas
            .get(need.quota)
            .and_then(|quota| quota.entry(need.entry));
        match entry.and_then(|entry| Some((entry.used.as_ref(), entry.hard.as_ref()?))) {
            Some((used, hard)) => room_for(used, &need.amount, hard, most),
            None => most,
        }
    })
}

fn room_for(used: Option<&Quantity>, amount: &Quantity, hard: &Quantity, most: u64) -> u64 {
    let mut total = used.cloned().unwrap_or_default();
    let mut count = 0;
    // From the largest power of two times the amount down, as far as there is room.
    for (power, amount) in multiples(amount, most).iter().rev() {
        let mut next = total.clone();
        next.add(amount);
        let fits = next.compare(hard) != Ordering::Greater;
        if fits && power.checked_add(count).is_some_and(|sum| sum <= most) {
            total = next;
            count += power;
        }
    }
    count
}

/// The amount times 1, 2, 4, … up to `most`.
fn multiples(amount: &Quantity, most: u64) -> Vec<(u64, Quantity)> {
    let mut multiples = Vec::new();
    let mut next = Some((1_u64, amount.clone()));
    while let Some((power, amount)) = next.filter(|(power, _)| *power <= most) {
        let mut double = amount.clone();
        double.add(&amount);
        multiples.push((power, amount));
        next = power.checked_mul(2).map(|power| (power, double));
    }
    multiples
}

/// The needs of `count` equal objects together.
pub(super) fn times(needs: &[Need], count: u64) -> Vec<Need> {
    if count == 0 {
        return Vec::new();
    }
    needs
        .iter()
        .map(|need| {
            let mut amount: Option<Quantity> = None;
            for (power, multiple) in multiples(&need.amount, count) {
                if count & power != 0 {
                    amount = Some(sum(amount.as_ref(), &multiple));
                }
            }
            Need {
                amount: amount.unwrap_or_default(),
                ..need.clone()
            }
        })
        .collect()
}

fn sum(used: Option<&Quantity>, amount: &Quantity) -> Quantity {
    match used {
        Some(used) => {
            let mut sum = used.clone();
            sum.add(amount);
            sum
        }
        None => amount.clone(),
    }
}
