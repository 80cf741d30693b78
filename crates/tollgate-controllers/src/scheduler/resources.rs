//! Amounts of resources in the units that the scheduler counts in, and what a pod requests of them.

use std::collections::BTreeMap;
use tollgate_api::value::CompactString;
use tollgate_api::{Quantity, Value, resource_list, resource_name};

/// What a container without a request for CPU is taken to use when nodes are scored.
const DEFAULT_MILLI_CPU: i64 = 100;
/// What a container without a request for memory is taken to use when nodes are scored.
const DEFAULT_MEMORY: i64 = 200 * 1024 * 1024;

/// Amounts: CPU in thousandths, all else in whole units.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resources {
    /// `cpu`, in thousandths.
    pub milli_cpu: i64,
    /// `memory`, in bytes.
    pub memory: i64,
    /// `ephemeral-storage`, in bytes.
    pub ephemeral_storage: i64,
    /// Extended resources, huge pages and whatever else has a domain.
    pub scalars: BTreeMap<CompactString, i64>,
}

/// Whether the scheduler counts a resource that is not one of the three basic ones.
fn is_scalar(name: &str) -> bool {
    resource_name::is_extended(name)
        || resource_name::is_huge_pages(name)
        || name.contains("kubernetes.io/")
        || name.starts_with("attachable-volumes-")
}

impl Resources {
    /// Reads a list of amounts; names that the scheduler does not count are left out.
    pub fn read(list: Option<&Value>) -> Self {
        let mut resources = Self::default();
        for (name, amount) in resource_list::amounts(list) {
            resources.set(name, &amount);
        }
        resources
    }

    fn set(&mut self, name: &str, amount: &Quantity) {
        match name {
            "cpu" => self.milli_cpu = amount.milli_value(),
            "memory" => self.memory = amount.value(),
            "ephemeral-storage" => self.ephemeral_storage = amount.value(),
            _ if is_scalar(name) => {
                self.scalars.insert(name.into(), amount.value());
            }
            _ => {}
        }
    }

    /// Adds all amounts.
    pub fn add(&mut self, other: &Self) {
        self.combine(other, i64::saturating_add);
    }

    /// Takes all amounts away.
    pub fn subtract(&mut self, other: &Self) {
        self.combine(other, i64::saturating_sub);
        self.scalars.retain(|_, amount| *amount != 0);
    }

    /// Raises each amount to the other's where that is larger.
    pub fn raise_to(&mut self, other: &Self) {
        self.combine(other, i64::max);
    }

    fn combine(&mut self, other: &Self, with: impl Fn(i64, i64) -> i64) {
        self.milli_cpu = with(self.milli_cpu, other.milli_cpu);
        self.memory = with(self.memory, other.memory);
        self.ephemeral_storage = with(self.ephemeral_storage, other.ephemeral_storage);
        for (name, amount) in &other.scalars {
            let place = self.scalars.entry(name.clone()).or_insert(0);
            *place = with(*place, *amount);
        }
    }

    /// Whether nothing is asked for.
    pub fn is_zero(&self) -> bool {
        self.milli_cpu == 0
            && self.memory == 0
            && self.ephemeral_storage == 0
            && self.scalars.values().all(|amount| *amount == 0)
    }
}

/// What a pod is counted with.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodRequests {
    /// What it requests.
    pub requests: Resources,
    /// CPU and memory with a small amount for every container that requests none, so that such pods spread out.
    pub scored_milli_cpu: i64,
    /// See [`Self::scored_milli_cpu`].
    pub scored_memory: i64,
}

impl PodRequests {
    /// Adds up what a pod requests: its containers together, but at least what its init containers need one after
    /// another beside the sidecars started before them; the pod's own requests where it has any; its overhead.
    pub fn read(pod: &Value) -> Self {
        let spec = pod.get("spec");
        let requests = Self::sum(pod, |_, _| {});
        let own = spec.and_then(|spec| spec.at(&["resources", "requests"]));
        let has_own = |name: &str| own.is_some_and(|own| own.get(name).is_some());
        let is_own_set =
            spec.is_some_and(|spec| resource_list::is_pod_level_set_in(spec, "requests"));
        let mut scored = Self::sum(pod, |container, amounts| {
            let lacks = |name: &str| container.at(&["resources", "requests", name]).is_none();
            if lacks("cpu") && !(is_own_set && (has_own("cpu") || requests.milli_cpu > 0)) {
                amounts.milli_cpu = DEFAULT_MILLI_CPU;
            }
            if lacks("memory") && !(is_own_set && (has_own("memory") || requests.memory > 0)) {
                amounts.memory = DEFAULT_MEMORY;
            }
        });
        let mut requests = requests;
        for (name, amount) in resource_list::amounts(own) {
            if resource_name::is_pod_level(name) {
                requests.set(name, &amount);
                scored.set(name, &amount);
            }
        }
        let overhead = Resources::read(spec.and_then(|spec| spec.get("overhead")));
        requests.add(&overhead);
        scored.add(&overhead);
        Self {
            scored_milli_cpu: scored.milli_cpu,
            scored_memory: scored.memory,
            requests,
        }
    }

    fn sum(pod: &Value, amend: impl Fn(&Value, &mut Resources)) -> Resources {
        let amounts = |container: &Value, statuses: &str| {
            let mut amounts = Resources::read(container.at(&["resources", "requests"]));
            raise_to_status(pod, container, statuses, &mut amounts);
            amend(container, &mut amounts);
            amounts
        };
        let mut total = Resources::default();
        let (mut sidecars, mut init) = (Resources::default(), Resources::default());
        let Some(spec) = pod.get("spec") else {
            return total;
        };
        for container in spec.items("containers") {
            total.add(&amounts(container, "containerStatuses"));
        }
        for container in spec.items("initContainers") {
            let mut needed = amounts(container, "initContainerStatuses");
            if container.str("restartPolicy") == Some("Always") {
                total.add(&needed);
                sidecars.add(&needed);
                needed = sidecars.clone();
            } else {
                needed.add(&sidecars);
            }
            init.raise_to(&needed);
        }
        total.raise_to(&init);
        total
    }
}

/// A container that is being resized counts with the larger of what it has and what it shall have.
fn raise_to_status(pod: &Value, container: &Value, statuses: &str, amounts: &mut Resources) {
    let name = container.str_or_empty("name");
    let status = pod.get("status").and_then(|status| {
        let mut statuses = status.items(statuses).iter();
        statuses.find(|status| status.str("name") == Some(name))
    });
    if let Some(status) = status {
        for list in [
            status.at(&["resources", "requests"]),
            status.get("allocatedResources"),
        ] {
            if list.is_some() {
                amounts.raise_to(&Resources::read(list));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[track_caller]
    fn check(spec: &str, milli_cpu: i64, memory: i64, scored: (i64, i64)) {
        let pod = json::from_str(&format!(r#"{{"spec":{spec}}}"#)).unwrap();
        let found = PodRequests::read(&pod);
        assert_eq!(
            (found.requests.milli_cpu, found.requests.memory),
            (milli_cpu, memory)
        );
        assert_eq!((found.scored_milli_cpu, found.scored_memory), scored);
    }

    #[test]
    fn containers_add_up_and_missing_requests_are_scored_with_defaults() {
        check(
            r#"{"containers":[{"resources":{"requests":{"cpu":"1","memory":"1Ki"}}},{}]}"#,
            1000,
            1024,
            (1100, 1024 + DEFAULT_MEMORY),
        );
    }

    #[test]
    fn init_containers_run_beside_earlier_sidecars() {
        let spec = r#"{"initContainers":[
            {"resources":{"requests":{"cpu":"3","memory":"1"}}},
            {"restartPolicy":"Always","resources":{"requests":{"cpu":"1","memory":"1"}}},
            {"resources":{"requests":{"cpu":"4","memory":"1"}}}],
            "containers":[{"resources":{"requests":{"cpu":"1","memory":"7"}}}]}"#;
        check(spec, 5000, 8, (5000, 8));
    }

    #[test]
    fn requests_of_the_pod_win_and_overhead_comes_on_top() {
        let spec = r#"{"resources":{"requests":{"cpu":"2"}},"overhead":{"cpu":"250m"},
            "containers":[{"resources":{"requests":{"cpu":"1","memory":"7"}}}]}"#;
        check(spec, 2250, 7, (2250, 7));
    }

    #[test]
    fn a_resize_counts_with_the_larger_amount() {
        let pod = json::from_str(
            r#"{"spec":{"containers":[{"name":"a","resources":{"requests":{"cpu":"1"}}}]},
            "status":{"containerStatuses":[{"name":"a","resources":{"requests":{"cpu":"2"}}}]}}"#,
        );
        assert_eq!(PodRequests::read(&pod.unwrap()).requests.milli_cpu, 2000);
    }

    #[test]
    fn only_resources_that_are_scheduled_by_are_counted() {
        let list =
            json::from_str(r#"{"nvidia.com/gpu":"2","hugepages-2Mi":"4Mi","storage":"1Gi"}"#);
        let found = Resources::read(Some(&list.unwrap()));
        let names: Vec<_> = found.scalars.keys().map(CompactString::as_str).collect();
        assert_eq!(names, ["hugepages-2Mi", "nvidia.com/gpu"]);
    }
}
