//! A refusal in the words of a workload: how many fit, and what would let all of them in.

use super::namespace::NamespaceLedger;
use crate::diagnostics::Rule;
use crate::judge::chain::Refusal;
use crate::judge::object::{Charge, Role};
use tollgate_policy::Policy;
use tollgate_policy::resource_quota::{self as quota, Demand, Quotas};

/// A refusal and how many fit before it.
pub(super) struct Refused {
    pub(super) refusal: Refusal,
    pub(super) room: u64,
    pub(super) verdict: Option<String>,
    /// What to do for all of them, if that is more than for one.
    pub(super) help: Vec<String>,
}

impl Refused {
    fn new(refusal: quota::Refusal, charge: &Charge, room: u64) -> Self {
        let control = refusal.violations.first().map_or("", |first| first.control);
        let (fit, next) = (
            format!("{room} of {}", charge.count),
            ordinal(room.saturating_add(1)),
        );
        let verdict = match charge.role {
            Role::Itself => None,
            Role::Pods => Some(format!("{fit} pods fit; the {next} is refused")),
            Role::Created => Some(format!(
                "{fit} {} fit; the {next} is refused",
                charge.resource
            )),
        };
        Self {
            refusal: Refusal {
                rule: Rule::Control(Policy::ResourceQuota, control),
                message: refusal.status.message,
                violations: refusal.violations,
            },
            room,
            verdict,
            help: Vec::new(),
        }
    }

    pub(super) fn all(refusal: quota::Refusal, charge: &Charge) -> Self {
        Self::new(refusal, charge, 0)
    }
}

/// The refusal of the one behind `room`, counted from quotas into which `room` went.
pub(super) fn refused_after(
    demand: &Demand<'_>,
    quotas: &Quotas,
    charge: &Charge,
    room: u64,
) -> Option<Refused> {
    let mut after = quotas.clone();
    after.apply(&demand.charge_times(quotas, room).unwrap_or_default());
    let refusal = demand.charge(&after).err()?;
    Some(Refused::new(*refusal, charge, room))
}

/// What would let all of a workload's pods in.
pub(super) fn help_for_all(
    demand: &Demand<'_>,
    namespace: &NamespaceLedger,
    charge: &Charge,
    room: u64,
) -> Vec<String> {
    if charge.role != Role::Pods || charge.count < 2 {
        return Vec::new();
    }
    let charges = demand
        .charge_times(&namespace.unlimited, charge.count)
        .unwrap_or_default();
    let mut help = Vec::new();
    for change in &charges {
        let Some(quota) = namespace.quotas.get(change.quota) else {
            continue;
        };
        let Some(key) = change.key(&namespace.quotas) else {
            continue;
        };
        if quota
            .hard(key)
            .is_some_and(|hard| change.new.compare(hard).is_gt())
        {
            help.push(format!(
                "all {} pods fit if `spec.hard[{key}]` of quota `{}` is at least {}",
                charge.count,
                quota.name(),
                change.new
            ));
        }
    }
    if room > 0 {
        help.push(format!("or run {room} replicas"));
    }
    help
}

/// `1st`, `2nd`, `3rd`, `4th`, …
pub(super) fn ordinal(number: u64) -> String {
    let suffix = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_are_english() {
        let all: Vec<String> = [1, 2, 3, 4, 11, 12, 13, 21, 101, 111].map(ordinal).into();
        assert_eq!(
            all,
            [
                "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "101st", "111th"
            ]
        );
    }
}
