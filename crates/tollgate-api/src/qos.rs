//! Quality of service: the class a pod gets from what its containers request and limit.
//!
//! Follows `pkg/apis/core/v1/helper/qos`, 1.36.

use crate::{Quantity, Value};

/// The class of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum QosClass {
    /// Nothing is requested or limited.
    BestEffort,
    /// Something is.
    Burstable,
    /// Every container limits CPU and memory and requests as much.
    Guaranteed,
}

impl QosClass {
    /// Upstream's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BestEffort => "BestEffort",
            Self::Burstable => "Burstable",
            Self::Guaranteed => "Guaranteed",
        }
    }

    /// The class that is spelt so.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::BestEffort, Self::Burstable, Self::Guaranteed]
            .into_iter()
            .find(|class| class.as_str() == text)
    }
}

/// The class of a pod: as its status says, else as its spec implies (`GetPodQOS`).
///
/// A status with a class that does not exist is none of the three.
pub fn class_of(pod: &Value) -> Option<QosClass> {
    match pod.at(&["status", "qosClass"]).and_then(Value::as_str) {
        None | Some("") => pod
            .get("spec")
            .map_or(Some(QosClass::BestEffort), |spec| Some(class_of_spec(spec))),
        Some(stored) => QosClass::parse(stored),
    }
}

/// The class that a pod spec implies (`ComputePodQOS`).
pub fn class_of_spec(spec: &Value) -> QosClass {
    let mut requests = Totals::default();
    let mut limits = Totals::default();
    let mut all_limited = true;
    if let Some(resources) = spec.get("resources") {
        // What the pod says as a whole counts alone, even if it says nothing.
        requests.add(resources, "requests");
        let limited = limits.add(resources, "limits");
        all_limited = limited.both() || resources.entries("limits").next().is_none();
    } else {
        let containers = spec.items("containers").iter();
        for container in containers.chain(spec.items("initContainers")) {
            let limited = container.get("resources").map(|resources| {
                requests.add(resources, "requests");
                limits.add(resources, "limits")
            });
            all_limited &= limited.is_some_and(Found::both);
        }
    }
    if requests.is_empty() && limits.is_empty() {
        QosClass::BestEffort
    } else if all_limited && requests == limits {
        QosClass::Guaranteed
    } else {
        QosClass::Burstable
    }
}

/// The sums of the two resources that decide; a resource of which nothing is asked has none.
#[derive(Debug, Default)]
struct Totals {
    cpu: Option<Quantity>,
    memory: Option<Quantity>,
}

/// Which of the two a resource list asks for.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    cpu: bool,
    memory: bool,
}

impl Found {
    fn both(self) -> bool {
        self.cpu && self.memory
    }
}

impl Totals {
    fn add(&mut self, resources: &Value, list: &str) -> Found {
        let Some(list) = resources.get(list) else {
            return Found::default();
        };
        Found {
            cpu: add_amount(&mut self.cpu, list.get("cpu")),
            memory: add_amount(&mut self.memory, list.get("memory")),
        }
    }

    fn is_empty(&self) -> bool {
        self.cpu.is_none() && self.memory.is_none()
    }
}

impl PartialEq for Totals {
    fn eq(&self, other: &Self) -> bool {
        let same = |a: &Option<Quantity>, b: &Option<Quantity>| match (a, b) {
            (Some(a), Some(b)) => a.compare(b).is_eq(),
            (a, b) => a.is_none() && b.is_none(),
        };
        same(&self.cpu, &other.cpu) && same(&self.memory, &other.memory)
    }
}

/// Adds an amount; tells whether it is one above zero.
fn add_amount(total: &mut Option<Quantity>, amount: Option<&Value>) -> bool {
    let quantity = amount.and_then(|amount| Quantity::from_value(amount).ok());
    let Some(quantity) = quantity.filter(|quantity| quantity.sign() > 0) else {
        return false;
    };
    match total {
        Some(total) => total.add(&quantity),
        None => *total = Some(quantity),
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::from_str;

    #[track_caller]
    fn check(spec: &str, class: QosClass) {
        assert_eq!(class_of_spec(&from_str(spec).unwrap()), class, "{spec}");
    }

    const SAME: &str =
        r#"{"requests":{"cpu":"1","memory":"1Gi"},"limits":{"cpu":"1000m","memory":"1024Mi"}}"#;

    #[test]
    fn follows_from_what_all_containers_ask() {
        check("{}", QosClass::BestEffort);
        check(
            r#"{"containers":[{},{"resources":{}}]}"#,
            QosClass::BestEffort,
        );
        check(
            r#"{"containers":[{"resources":{"requests":{"cpu":"0"},"limits":{"example.com/gpu":"1"}}}]}"#,
            QosClass::BestEffort,
        );
        check(
            r#"{"containers":[{"resources":{"requests":{"cpu":"1"}}}]}"#,
            QosClass::Burstable,
        );
        check(
            &format!(r#"{{"containers":[{{"resources":{SAME}}}]}}"#),
            QosClass::Guaranteed,
        );
        check(
            &format!(r#"{{"containers":[{{"resources":{SAME}}},{{}}]}}"#),
            QosClass::Burstable,
        );
        check(
            &format!(r#"{{"containers":[{{"resources":{SAME}}}],"initContainers":[{{}}]}}"#),
            QosClass::Burstable,
        );
    }

    #[test]
    fn pod_level_resources_decide_alone() {
        check(
            &format!(r#"{{"resources":{SAME},"containers":[{{}}]}}"#),
            QosClass::Guaranteed,
        );
        check(
            &format!(r#"{{"resources":{{}},"containers":[{{"resources":{SAME}}}]}}"#),
            QosClass::BestEffort,
        );
        check(
            r#"{"resources":{"requests":{"cpu":"1","memory":"1"}},"containers":[]}"#,
            QosClass::Burstable,
        );
    }

    #[test]
    fn the_status_overrides_the_spec() {
        let pod = from_str(r#"{"status":{"qosClass":"Guaranteed"}}"#).unwrap();
        assert_eq!(class_of(&pod), Some(QosClass::Guaranteed));
        assert_eq!(class_of(&Value::object()), Some(QosClass::BestEffort));
    }
}
