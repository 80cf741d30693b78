//! How full the quotas are at the end.

use super::namespace::{Identity, NamespaceLedger};
use super::refused::name_of_nth;
use super::state::{Ledger, context, request};
use crate::diagnostics::{NamespaceQuotas, QuotaBar};
use crate::judge::object::Role;
use std::collections::BTreeMap;
use tollgate_api::Quantity;
use tollgate_policy::resource_quota as quota;

impl Ledger<'_> {
    /// How full every quota is, and would be at the peak of its most demanding rollout.
    pub fn bars(&self) -> Vec<NamespaceQuotas> {
        self.namespaces
            .iter()
            .map(|(name, namespace)| {
                let peaks = self.peaks(namespace);
                let mut bars = Vec::new();
                for quota in &namespace.quotas {
                    for (key, hard, used) in quota.amounts() {
                        let (Some(hard), Some(used)) = (hard, used) else {
                            continue;
                        };
                        let peak = peaks.get(&(quota.name().into(), key.into()));
                        bars.push(QuotaBar {
                            quota: quota.name().to_owned(),
                            key: key.to_owned(),
                            used: used.clone(),
                            peak: peak.filter(|peak| peak.compare(used).is_gt()).cloned(),
                            hard: hard.clone(),
                        });
                    }
                }
                NamespaceQuotas {
                    namespace: name.to_string(),
                    bars,
                }
            })
            .collect()
    }

    /// The largest use under each key while one workload is rolled out.
    fn peaks(&self, namespace: &NamespaceLedger) -> BTreeMap<Identity, Quantity> {
        let mut peaks: BTreeMap<Identity, Quantity> = BTreeMap::new();
        let context = context(self.settings, &self.device_classes);
        for admitted in namespace.workloads.values() {
            // Pods only: history waits for no rollout.
            let charge = admitted
                .charges
                .iter()
                .find(|charge| charge.role == Role::Pods);
            let Some(charge) = charge.filter(|charge| charge.surge > 0) else {
                continue;
            };
            let name = name_of_nth(&admitted.reference, charge, 0);
            let request = request(
                self.settings,
                self.world,
                &admitted.reference,
                charge,
                &name,
            );
            let attributes = request.attributes(Some(&charge.object));
            let Ok(demand) = quota::demand(&attributes, &namespace.unlimited, &[], &context) else {
                continue;
            };
            let charges = demand.charge_times(&namespace.unlimited, charge.surge);
            for change in &charges.unwrap_or_default() {
                let Some(key) = change.key(&namespace.unlimited) else {
                    continue;
                };
                let Some(quota) = namespace.unlimited.get(change.quota) else {
                    continue;
                };
                let peak = peaks.entry((quota.name().into(), key.into())).or_default();
                if change.new.compare(peak).is_gt() {
                    *peak = change.new.clone();
                }
            }
        }
        peaks
    }
}
