//! A refusal in the words of a workload: how many fit, and what would let all of them in.

use super::namespace::NamespaceLedger;
use crate::diagnostics::{Finding, Level, ObjectRef, Rule};
use crate::judge::chain::Refusal;
use crate::judge::explain_places::Explainer;
use crate::judge::object::{Charge, Role};
use compact_str::CompactString;
use tollgate_api::field::FieldPath;
use tollgate_policy::Policy;
use tollgate_policy::resource_quota::{self as quota, Demand, Quotas};

/// A refusal and how many fit before it.
pub(super) struct Refused {
    pub(super) refusal: Refusal,
    pub(super) room: u64,
    pub(super) verdict: Option<String>,
    /// What to do for all of them; what the quota itself proposes, for one more, if there is nothing.
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

    /// The finding, with what helps all of them.
    pub(super) fn into_finding(
        self,
        explainer: &Explainer<'_>,
        level: Level,
        prefix: &FieldPath,
        verdict: Option<&str>,
    ) -> Finding {
        let mut finding = explainer.finding(level, self.refusal, prefix, verdict);
        if !self.help.is_empty() {
            finding.help = self.help;
        }
        finding
    }

    pub(super) fn all(refusal: quota::Refusal, charge: &Charge) -> Self {
        Self::new(refusal, charge, 0)
    }
}

/// The refusal of the one behind `room`, counted from quotas into which `room` went. `demand` is that of its request.
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

/// The name of one of the objects that a charge stands for, counted from 0. Only those of StatefulSets differ in what
/// can be known: they end in a number.
pub(super) fn name_of_nth(reference: &ObjectRef, charge: &Charge, nth: u64) -> CompactString {
    let metadata = charge.object.get("metadata");
    let name = metadata.map_or("", |metadata| metadata.str_or_empty("name"));
    if reference.kind != "StatefulSet" || charge.role == Role::Itself {
        return name.into();
    }
    let stem = name.trim_end_matches(|digit: char| digit.is_ascii_digit());
    let first: u64 = name
        .strip_prefix(stem)
        .and_then(|digits| digits.parse().ok())
        .unwrap_or_default();
    compact_str::format_compact!("{stem}{}", first.saturating_add(nth))
}

/// What would let `count` of them in, called `who`.
pub(super) fn help_to_fit(
    demand: &Demand<'_>,
    namespace: &NamespaceLedger,
    count: u64,
    who: &str,
) -> Vec<String> {
    let charges = demand
        .charge_times(&namespace.unlimited, count)
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
                "{who} fit if `spec.hard[{key}]` of quota `{}` is at least {}",
                quota.name(),
                change.new
            ));
        }
    }
    help
}

/// `both pods`, `all 5 pods`
pub(super) fn all(count: u64, what: &str) -> String {
    if count == 2 {
        format!("both {what}")
    } else {
        format!("all {count} {what}")
    }
}

/// What makes a workload one of `room` pods.
pub(super) fn help_to_shrink(kind: &str, room: u64) -> Option<String> {
    let field = match kind {
        _ if room == 0 => return None,
        "Deployment" | "ReplicaSet" | "ReplicationController" | "StatefulSet" => "spec.replicas",
        "Job" => "spec.parallelism",
        "CronJob" => "spec.jobTemplate.spec.parallelism",
        "DaemonSet" => {
            let nodes = if room == 1 { "node" } else { "nodes" };
            return Some(format!("or let it run on {room} {nodes} only"));
        }
        _ => return None,
    };
    Some(format!("or set `{field}` to {room}"))
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
    fn two_are_both() {
        assert_eq!(all(2, "pods"), "both pods");
        assert_eq!(all(3, "pods"), "all 3 pods");
        assert_eq!(help_to_shrink("Deployment", 0), None);
    }

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
