//! What a pod without constraints of its own is spread by: the Services that find it and the workload that made it.

use super::pod::{PodInfo, SpreadConstraint, WhenUnsatisfiable};
use super::selector::{Requirement, Selector};
use std::collections::BTreeMap;
use tollgate_api::Value;
use tollgate_api::value::CompactString;

/// Upstream's default constraints, all of them preferences: label of the node, and by how much to differ at most.
const DEFAULT_CONSTRAINTS: [(&str, i64); 2] = [
    ("kubernetes.io/hostname", 3),
    ("topology.kubernetes.io/zone", 5),
];

/// Selectors of Services and of workloads.
#[derive(Debug, Clone, Default)]
pub struct SpreadDefaults {
    services: BTreeMap<CompactString, BTreeMap<CompactString, Selector>>,
    controllers: BTreeMap<(CompactString, CompactString, CompactString), Selector>,
}

impl SpreadDefaults {
    /// Takes over a Service; one without a selector finds no pods.
    pub fn set_service(&mut self, namespace: &str, name: &str, service: &Value) {
        let spec = service.get("spec");
        let labels = spec
            .into_iter()
            .flat_map(|spec| spec.str_entries("selector"));
        let selector = Selector::exactly(labels);
        if selector.is_empty() {
            self.remove_service(namespace, name);
        } else {
            let services = self.services.entry(namespace.into()).or_default();
            services.insert(name.into(), selector);
        }
    }

    /// Forgets a Service.
    pub fn remove_service(&mut self, namespace: &str, name: &str) {
        if let Some(services) = self.services.get_mut(namespace) {
            services.remove(name);
            if services.is_empty() {
                self.services.remove(namespace);
            }
        }
    }

    /// Takes over a ReplicaSet, a StatefulSet or a ReplicationController.
    pub fn set_controller(&mut self, kind: &str, namespace: &str, name: &str, object: &Value) {
        let selector = object.at(&["spec", "selector"]);
        let selector = if kind == "ReplicationController" {
            Selector::exactly(
                object
                    .get("spec")
                    .into_iter()
                    .flat_map(|spec| spec.str_entries("selector")),
            )
        } else {
            Selector::read(selector)
        };
        let key = (kind.into(), namespace.into(), name.into());
        self.controllers.insert(key, selector);
    }

    /// Forgets a workload.
    pub fn remove_controller(&mut self, kind: &str, namespace: &str, name: &str) {
        let key = (kind.into(), namespace.into(), name.into());
        self.controllers.remove(&key);
    }

    /// The constraints for a pod; none if nothing selects it.
    pub fn constraints(&self, pod: &PodInfo) -> Vec<SpreadConstraint> {
        let services = self.services.get(&pod.namespace);
        let services = services.into_iter().flat_map(BTreeMap::values);
        let mut requirements: Vec<Requirement> = services
            .filter(|selector| selector.matches(&pod.labels))
            .flat_map(|selector| selector.requirements().iter().cloned())
            .collect();
        if let Some((kind, name)) = &pod.controller {
            let key = (kind.clone(), pod.namespace.clone(), name.clone());
            let owner = self.controllers.get(&key);
            requirements.extend(
                owner
                    .into_iter()
                    .flat_map(|owner| owner.requirements().iter().cloned()),
            );
        }
        if requirements.is_empty() {
            return Vec::new();
        }
        let selector = Selector::All(Vec::new()).and(requirements);
        DEFAULT_CONSTRAINTS
            .iter()
            .map(|(key, max_skew)| SpreadConstraint {
                max_skew: *max_skew,
                topology_key: (*key).into(),
                when_unsatisfiable: WhenUnsatisfiable::ScheduleAnyway,
                selector: selector.clone(),
                match_label_keys: Vec::new(),
                min_domains: 1,
                honors_affinity: true,
                honors_taints: false,
            })
            .collect()
    }
}
