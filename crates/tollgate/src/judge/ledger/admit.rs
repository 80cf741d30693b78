//! Objects let in one after the other, as far as they fit.

use super::foresee::{AUTOSCALER, Autoscaler};
use super::namespace::Admitted;
use super::refused::{Refused, all, help_to_fit, help_to_shrink, name_of_nth, refused_after};
use super::state::{Ledger, context, request};
use crate::diagnostics::{Level, ObjectRef};
use crate::judge::explain_places::Explainer;
use crate::judge::object::{Charge, Judged, Role};
use tollgate_policy::resource_quota::{self as quota, Quotas};

impl Ledger<'_> {
    /// Lets an object in, as far as it fits; what does not fit becomes findings of `judged`.
    pub fn admit(&mut self, judged: &mut Judged) {
        if judged.is_refused {
            judged.charges.clear();
            return;
        }
        self.note_autoscaler(judged);
        if !self.settings.plugins.resource_quota {
            return;
        }
        self.release_existing(judged);
        let limited = &self.settings.limited_resources;
        if limited.is_empty()
            && !self
                .namespaces
                .contains_key(judged.reference.namespace.as_str())
        {
            return;
        }
        let charges = std::mem::take(&mut judged.charges);
        let mut let_in = Vec::new();
        for charge in charges {
            let outcome = self.charge(&judged.reference, &charge);
            if let Some(refusal) = outcome {
                let explainer =
                    Explainer::of(self.world, judged.source.clone(), judged.reference.clone());
                judged.is_refused = true;
                let verdict = refusal.verdict.clone();
                judged.findings.push(refusal.into_finding(
                    &explainer,
                    Level::Error,
                    &charge.prefix,
                    verdict.as_deref(),
                ));
                // Without the object itself its controller has nothing to do.
                if charge.role == Role::Itself {
                    return;
                }
            }
            let_in.push(charge);
        }
        if !judged.is_refused
            && let_in.iter().any(|charge| charge.role == Role::Pods)
            && let Some(namespace) = self.namespaces.get_mut(judged.reference.namespace.as_str())
        {
            let reference = judged.reference.clone();
            let identity = (
                reference.kind.as_str().into(),
                reference.name.as_str().into(),
            );
            let source = judged.source.clone();
            namespace.workloads.insert(
                identity,
                Admitted {
                    source,
                    reference,
                    charges: let_in,
                },
            );
        }
    }

    /// Charges as many as fit.
    fn charge(&mut self, reference: &ObjectRef, charge: &Charge) -> Option<Refused> {
        if charge.count == 0 {
            return None;
        }
        let context = context(self.settings, &self.device_classes);
        let name = name_of_nth(reference, charge, 0);
        let request = request(self.settings, self.world, reference, charge, &name);
        let attributes = request.attributes(Some(&charge.object));
        let limited = &self.settings.limited_resources;
        let none = Quotas::default();
        let namespace = self.namespaces.get_mut(reference.namespace.as_str());
        let quotas = namespace
            .as_ref()
            .map_or(&none, |namespace| &namespace.quotas);
        let demand = match quota::demand(&attributes, quotas, limited, &context) {
            Ok(demand) => demand,
            Err(refusal) => return Some(Refused::all(*refusal, charge)),
        };
        let room = demand.room(quotas, charge.count);
        let mut refusal = None;
        if room < charge.count {
            let name = name_of_nth(reference, charge, room);
            let request = crate::judge::chain::Request {
                name: &name,
                ..request
            };
            let attributes = request.attributes(Some(&charge.object));
            let demand = quota::demand(&attributes, quotas, limited, &context);
            refusal = demand
                .ok()
                .and_then(|demand| refused_after(&demand, quotas, charge, room));
        }
        if let (Some(refusal), Some(namespace)) = (&mut refusal, &namespace)
            && charge.count > 1
        {
            let pods = charge.role == Role::Pods;
            let who = all(charge.count, if pods { "pods" } else { "of them" });
            refusal.help = help_to_fit(&demand, namespace, charge.count, &who);
            if pods {
                refusal.help.extend(help_to_shrink(&reference.kind, room));
            }
        }
        let charges = demand.charge_times(quotas, room).unwrap_or_default();
        if let Some(namespace) = namespace {
            namespace.apply(&charges);
        }
        refusal
    }

    fn note_autoscaler(&mut self, judged: &Judged) {
        if judged.reference.kind != AUTOSCALER {
            return;
        }
        let Some(charge) = judged.charges.first() else {
            return;
        };
        let Some(spec) = charge.object.get("spec") else {
            return;
        };
        let Some(target) = spec.get("scaleTargetRef") else {
            return;
        };
        let maximum = spec
            .int("maxReplicas")
            .and_then(|maximum| u64::try_from(maximum).ok());
        self.autoscalers.push(Autoscaler {
            source: judged.source.clone(),
            reference: judged.reference.clone(),
            target: (
                target.str_or_empty("kind").into(),
                target.str_or_empty("name").into(),
            ),
            maximum: maximum.unwrap_or(0),
        });
    }
}
