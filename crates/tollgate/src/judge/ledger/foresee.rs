//! What would not fit later: rolling updates at their peak, autoscalers at their maximum.

use super::namespace::{Admitted, Identity, NamespaceLedger};
use super::refused::{Refused, all, help_to_fit, name_of_nth, ordinal, refused_after};
use super::state::{Ledger, context, request};
use crate::diagnostics::{Finding, Level, ObjectRef};
use crate::judge::explain_places::Explainer;
use crate::judge::object::{Charge, Role};
use crate::judge::source::Source;
use tollgate_api::field::FieldPath;
use tollgate_policy::resource_quota as quota;

/// The kind of objects that change how many pods a workload has.
pub(super) const AUTOSCALER: &str = "HorizontalPodAutoscaler";

#[derive(Debug)]
pub(super) struct Autoscaler {
    pub(super) source: Source,
    pub(super) reference: ObjectRef,
    pub(super) target: Identity,
    pub(super) maximum: u64,
}

impl Ledger<'_> {
    /// What would not fit later: rolling updates at their peak, autoscalers at their maximum.
    pub fn foresee(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for namespace in self.namespaces.values() {
            for admitted in namespace.workloads.values() {
                let surging = admitted.charges.iter().filter(|charge| charge.surge > 0);
                for charge in surging {
                    findings.extend(self.foresee_peak(namespace, admitted, charge));
                }
            }
        }
        findings.extend(
            self.autoscalers
                .iter()
                .filter_map(|autoscaler| self.foresee_scale(autoscaler)),
        );
        findings
    }

    fn foresee_peak(
        &self,
        namespace: &NamespaceLedger,
        admitted: &Admitted,
        charge: &Charge,
    ) -> Option<Finding> {
        let total = charge.count.saturating_add(charge.surge);
        let who = match charge.role {
            Role::Pods => all(total, "pods"),
            Role::Created | Role::Itself => all(total, "of them"),
        };
        let mut refused =
            self.without_room(namespace, &admitted.reference, charge, charge.surge, &who)?;
        if charge.role == Role::Pods && !charge.may_shrink {
            refused
                .help
                .extend(help_to_roll(&admitted.reference.kind).map(str::to_owned));
        }
        let (level, verdict) = match charge.role {
            Role::Pods if admitted.reference.kind == "CronJob" => {
                let fit = refused.room;
                (
                    Level::Note,
                    format!(
                        "{fit} of the {} pods of an overlapping run fit",
                        charge.surge
                    ),
                )
            }
            Role::Pods => {
                let fit = charge.count.saturating_add(refused.room);
                let outcome = if charge.may_shrink {
                    "it has to take old pods away first"
                } else {
                    "it would not get on"
                };
                let level = if charge.may_shrink {
                    Level::Note
                } else {
                    Level::Warning
                };
                let pods = if total == 1 { "pod" } else { "pods" };
                (
                    level,
                    format!(
                        "a rolling update needs {total} {pods} at its peak, {fit} fit: {outcome}"
                    ),
                )
            }
            Role::Created | Role::Itself => (
                Level::Note,
                format!("up to {total} {} exist at the same time", charge.resource),
            ),
        };
        let explainer = Explainer::of(
            self.world,
            admitted.source.clone(),
            admitted.reference.clone(),
        );
        Some(refused.into_finding(&explainer, level, &charge.prefix, Some(&verdict)))
    }

    fn foresee_scale(&self, autoscaler: &Autoscaler) -> Option<Finding> {
        let namespace = self
            .namespaces
            .get(autoscaler.reference.namespace.as_str())?;
        let admitted = namespace.workloads.get(&autoscaler.target)?;
        let charge = admitted
            .charges
            .iter()
            .find(|charge| charge.role == Role::Pods)?;
        let more = autoscaler
            .maximum
            .checked_sub(charge.count)
            .filter(|more| *more > 0)?;
        let who = all(autoscaler.maximum, "pods");
        let mut refused = self.without_room(namespace, &admitted.reference, charge, more, &who)?;
        let fit = charge.count.saturating_add(refused.room);
        refused
            .help
            .push(format!("or set `spec.maxReplicas` to {fit}"));
        let verdict = format!(
            "{fit} of {} pods of {} fit; the {} is refused",
            autoscaler.maximum,
            admitted.reference,
            ordinal(fit.saturating_add(1))
        );
        let explainer = Explainer::of(
            self.world,
            autoscaler.source.clone(),
            autoscaler.reference.clone(),
        );
        let maximum = FieldPath::parse("spec.maxReplicas");
        for violation in &mut refused.refusal.violations {
            violation.fields = vec![maximum.clone()];
        }
        Some(refused.into_finding(
            &explainer,
            Level::Warning,
            &FieldPath::default(),
            Some(&verdict),
        ))
    }

    /// The refusal of the first of `count` more that does not fit, and what would let `who` in, all of them.
    fn without_room(
        &self,
        namespace: &NamespaceLedger,
        reference: &ObjectRef,
        charge: &Charge,
        count: u64,
        who: &str,
    ) -> Option<Refused> {
        let limited = &self.settings.limited_resources;
        let context = context(self.settings, &self.device_classes);
        let quotas = &namespace.quotas;
        let name = name_of_nth(reference, charge, charge.count);
        let first = request(self.settings, self.world, reference, charge, &name);
        let attributes = first.attributes(Some(&charge.object));
        let demand = quota::demand(&attributes, quotas, limited, &context).ok()?;
        let room = demand.room(quotas, count);
        if room == count {
            return None;
        }
        let name = name_of_nth(reference, charge, charge.count.saturating_add(room));
        let refused = request(self.settings, self.world, reference, charge, &name);
        let attributes = refused.attributes(Some(&charge.object));
        let demand = quota::demand(&attributes, quotas, limited, &context).ok()?;
        let mut refused = refused_after(&demand, quotas, charge, room)?;
        refused.help = help_to_fit(&demand, namespace, count, who);
        Some(refused)
    }
}

/// What lets a rolling update take a pod away first.
fn help_to_roll(kind: &str) -> Option<&'static str> {
    match kind {
        "Deployment" => Some(
            "or set `spec.strategy.rollingUpdate.maxUnavailable` to 1, so that a pod may go first",
        ),
        "DaemonSet" => Some(
            "or set `spec.updateStrategy.rollingUpdate.maxUnavailable` to 1 instead of `maxSurge`",
        ),
        _ => None,
    }
}
