//! How many pods a measured usage calls for.

use std::collections::{BTreeMap, BTreeSet};
use tollgate_api::{Timestamp, Value};

/// How long after its start a pod's CPU may be that of its beginning.
const CPU_INITIALIZATION_SECONDS: i64 = 300;
/// How long after its start a pod that was not ready yet has never been.
const INITIAL_READINESS_SECONDS: i64 = 30;
/// Within how many thousandths of the target nothing changes, if nothing is said.
pub(super) const TOLERANCE: i64 = 100;

/// Within how many thousandths of the target nothing changes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tolerance {
    pub(super) up: i64,
    pub(super) down: i64,
}

/// What was measured of a pod, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) value: i64,
    pub(super) time: Timestamp,
    pub(super) window_seconds: i64,
}

/// A pod as far as it counts here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pod {
    pub(super) name: String,
    pub(super) phase: String,
    pub(super) is_ending: bool,
    pub(super) started: Option<Timestamp>,
    /// The status of the condition `Ready`, and since when.
    pub(super) ready: Option<(bool, Timestamp)>,
    /// What it requests of the resource, in thousandths; an error if that is not said.
    pub(super) request: Result<i64, String>,
}

/// What is aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// Hundredths of what is requested.
    Utilization(i64),
    /// Thousandths for each pod.
    Average(i64),
}

/// What comes of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Proposal {
    pub(super) replicas: i64,
    /// In hundredths of what is requested.
    pub(super) utilization: Option<i64>,
    /// In thousandths for each pod.
    pub(super) average: i64,
}

/// A ratio of usage to target, exactly.
#[derive(Debug, Clone, Copy)]
struct Ratio {
    used: i64,
    wanted: i64,
}

impl Ratio {
    fn is_above(self) -> bool {
        self.used > self.wanted
    }

    fn is_below(self) -> bool {
        self.used < self.wanted
    }

    fn is_within(self, tolerance: Tolerance) -> bool {
        let difference = i128::from(self.used) - i128::from(self.wanted);
        let allowed = if difference > 0 {
            tolerance.up
        } else {
            tolerance.down
        };
        difference.abs() * 1000 <= i128::from(allowed) * i128::from(self.wanted)
    }

    /// That many times the ratio, rounded up.
    fn times(self, count: usize) -> i64 {
        let count = i128::try_from(count).unwrap_or(i128::MAX);
        let wanted = i128::from(self.wanted).max(1);
        let product = count.saturating_mul(i128::from(self.used));
        let rounded = product.saturating_add(wanted - 1).div_euclid(wanted);
        i64::try_from(rounded).unwrap_or(i64::MAX)
    }
}

/// How many pods are wanted; an error in upstream's words if that cannot be said.
pub(super) fn propose(
    pods: &[Pod],
    samples: &BTreeMap<String, Sample>,
    is_cpu: bool,
    target: Target,
    current: i64,
    tolerance: Tolerance,
    now: Timestamp,
) -> Result<Proposal, String> {
    if pods.is_empty() {
        return Err("no pods returned by selector while calculating replica count".to_owned());
    }
    let Groups {
        ready,
        beginning,
        missing,
        gone,
    } = group(pods, samples, is_cpu, now);
    let known = samples.iter().filter(|(name, _)| {
        let name = name.as_str();
        !beginning.contains(name) && !gone.contains(name)
    });
    let mut values: BTreeMap<&str, i64> = known
        .map(|(name, sample)| (name.as_str(), sample.value))
        .collect();
    if values.is_empty() {
        let message = "did not receive metrics for targeted pods (pods might be unready)";
        return Err(message.to_owned());
    }
    let requests = requests(pods, target)?;
    let (ratio, utilization, average) = measure(&values, &requests, target)?;
    let proposal = |replicas| Proposal {
        replicas,
        utilization,
        average,
    };
    let rebalances = !beginning.is_empty() && ratio.is_above();
    if !rebalances && missing.is_empty() {
        if ratio.is_within(tolerance) {
            return Ok(proposal(current));
        }
        return Ok(proposal(ratio.times(ready)));
    }
    if ratio.is_below() {
        // Who is not known is taken for busy, or at least for what is aimed at.
        let value = |name: &str| match target {
            Target::Utilization(wanted) => {
                let request = requests.get(name).copied().unwrap_or_default();
                request.saturating_mul(wanted.max(100)).div_euclid(100)
            }
            Target::Average(average) => average,
        };
        values.extend(missing.iter().map(|name| (*name, value(name))));
    } else if ratio.is_above() {
        values.extend(missing.iter().map(|name| (*name, 0)));
    }
    if rebalances {
        values.extend(beginning.iter().map(|name| (*name, 0)));
    }
    let (again, ..) = measure(&values, &requests, target)?;
    let turns = ratio.is_below() && again.is_above() || ratio.is_above() && again.is_below();
    if turns || again.is_within(tolerance) {
        return Ok(proposal(current));
    }
    let replicas = again.times(values.len());
    let turns = again.is_below() && replicas > current || again.is_above() && replicas < current;
    Ok(proposal(if turns { current } else { replicas }))
}

/// What the pods request, if it counts.
fn requests(pods: &[Pod], target: Target) -> Result<BTreeMap<&str, i64>, String> {
    if matches!(target, Target::Average(_)) {
        return Ok(BTreeMap::new());
    }
    let request = |pod: &Pod| pod.request.clone();
    pods.iter()
        .map(|pod| Ok((pod.name.as_str(), request(pod)?)))
        .collect()
}

fn measure(
    values: &BTreeMap<&str, i64>,
    requests: &BTreeMap<&str, i64>,
    target: Target,
) -> Result<(Ratio, Option<i64>, i64), String> {
    let mut used = 0_i64;
    let mut requested = 0_i64;
    let mut count = 0_i64;
    for (name, value) in values {
        let request = requests.get(name);
        if matches!(target, Target::Utilization(_)) && request.is_none() {
            continue;
        }
        used = used.saturating_add(*value);
        requested = requested.saturating_add(request.copied().unwrap_or_default());
        count = count.saturating_add(1);
    }
    let average = used.checked_div(count).unwrap_or_default();
    match target {
        Target::Utilization(wanted) => {
            let hundred = used.saturating_mul(100);
            let utilization = hundred
                .checked_div(requested)
                .ok_or("no metrics returned matched known pods")?;
            let ratio = Ratio {
                used: utilization,
                wanted,
            };
            Ok((ratio, Some(utilization), average))
        }
        Target::Average(wanted) => {
            let ratio = Ratio {
                used: average,
                wanted,
            };
            Ok((ratio, None, average))
        }
    }
}

type Names<'p> = BTreeSet<&'p str>;

#[derive(Debug, Default)]
struct Groups<'p> {
    /// How many count as they are.
    ready: usize,
    /// Those whose usage says nothing yet.
    beginning: Names<'p>,
    /// Those that were not measured.
    missing: Names<'p>,
    /// Those that are on their way out, or have failed.
    gone: Names<'p>,
}

fn group<'p>(
    pods: &'p [Pod],
    samples: &BTreeMap<String, Sample>,
    is_cpu: bool,
    now: Timestamp,
) -> Groups<'p> {
    let mut groups = Groups::default();
    for pod in pods {
        let name = pod.name.as_str();
        if pod.is_ending || pod.phase == "Failed" {
            groups.gone.insert(name);
        } else if pod.phase == "Pending" {
            groups.beginning.insert(name);
        } else if let Some(sample) = samples.get(name) {
            if is_cpu && is_beginning(pod, sample, now) {
                groups.beginning.insert(name);
            } else {
                groups.ready = groups.ready.saturating_add(1);
            }
        } else {
            groups.missing.insert(name);
        }
    }
    groups
}

fn is_beginning(pod: &Pod, sample: &Sample, now: Timestamp) -> bool {
    let (Some(started), Some((is_ready, since))) = (pod.started, pod.ready) else {
        return true;
    };
    if started.saturating_add_seconds(CPU_INITIALIZATION_SECONDS) > now {
        return !is_ready || sample.time < since.saturating_add_seconds(sample.window_seconds);
    }
    !is_ready && started.saturating_add_seconds(INITIAL_READINESS_SECONDS) > since
}

/// The tolerance that a behavior asks for.
pub(super) fn tolerance(behavior: Option<&Value>) -> Tolerance {
    let of = |side: &str| {
        let given = behavior.and_then(|behavior| behavior.at(&[side, "tolerance"]));
        let given = given.and_then(|given| tollgate_api::Quantity::from_value(given).ok());
        given.map_or(TOLERANCE, |given| given.milli_value())
    };
    Tolerance {
        up: of("scaleUp"),
        down: of("scaleDown"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_768_478_400);
    const EVEN: Tolerance = Tolerance {
        up: TOLERANCE,
        down: TOLERANCE,
    };

    fn pod(name: &str, phase: &str) -> Pod {
        let long_ago = NOW.saturating_add_seconds(-3600);
        Pod {
            name: name.to_owned(),
            phase: phase.to_owned(),
            is_ending: false,
            started: Some(long_ago),
            ready: Some((true, long_ago)),
            request: Ok(1000),
        }
    }

    fn run(used: &[i64], phases: &[&str], target: Target) -> Result<Proposal, String> {
        let pods: Vec<Pod> = phases
            .iter()
            .enumerate()
            .map(|(number, phase)| pod(&format!("p{number}"), phase))
            .collect();
        let samples = used.iter().enumerate().map(|(number, value)| {
            let sample = Sample {
                value: *value,
                time: NOW,
                window_seconds: 30,
            };
            (format!("p{number}"), sample)
        });
        let current = i64::try_from(phases.len()).unwrap();
        propose(&pods, &samples.collect(), true, target, current, EVEN, NOW)
    }

    fn check(used: &[i64], phases: &[&str], target: Target, expected: i64) {
        assert_eq!(
            run(used, phases, target).unwrap().replicas,
            expected,
            "{used:?} {phases:?}"
        );
    }

    #[test]
    fn pods_follow_their_usage() {
        let three = ["Running"; 3];
        check(&[300, 500, 700], &three, Target::Utilization(30), 5);
        check(&[500, 500, 500], &three, Target::Utilization(50), 3);
        check(&[520, 540, 540], &three, Target::Utilization(50), 3);
        check(&[100, 100, 100], &three, Target::Utilization(50), 1);
        check(&[1000, 1000, 1000], &three, Target::Average(500), 6);
        let told = run(&[300, 500, 700], &three, Target::Utilization(30)).unwrap();
        assert_eq!((told.utilization, told.average), (Some(50), 500));
    }

    #[test]
    fn pods_that_begin_or_were_not_measured_are_taken_carefully() {
        // A pending pod counts as idle when the others need more.
        check(
            &[900, 900],
            &["Running", "Running", "Pending"],
            Target::Utilization(50),
            4,
        );
        // A missing one counts as busy when the others need less.
        check(&[100, 100], &["Running"; 3], Target::Utilization(50), 3);
        check(&[10, 10, 10], &["Running"; 4], Target::Utilization(50), 2);
        // Where more is aimed at than is requested, as busy as that.
        check(
            &[1000, 1000, 1000],
            &["Running"; 4],
            Target::Utilization(200),
            3,
        );
    }

    #[test]
    fn without_measures_nothing_can_be_said() {
        assert_eq!(
            run(&[], &[], Target::Utilization(50)),
            Err("no pods returned by selector while calculating replica count".to_owned())
        );
        assert_eq!(
            run(&[5], &["Pending"], Target::Utilization(50)),
            Err("did not receive metrics for targeted pods (pods might be unready)".to_owned())
        );
    }
}
