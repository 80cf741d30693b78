//! Amounts of resources in the units that the scheduler counts in, and what a pod requests of them.

use std::collections::BTreeMap;
use tollgate_api::pod_resources::{self, Amounts, List, Resize, Sum as _};
use tollgate_api::quantity::Format;
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

    fn of<'a>(amounts: impl Iterator<Item = (&'a str, &'a Quantity)>) -> Self {
        let mut resources = Self::default();
        for (name, amount) in amounts {
            resources.set(name, amount);
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
    /// Adds up what a pod requests; where it is being resized, the larger amount counts.
    pub fn read(pod: &Value) -> Self {
        let spec = pod.get("spec").unwrap_or(&Value::Null);
        let resize = Resize::of(pod);
        let status = pod.get("status");
        let requests = pod_resources::requests(spec, status, |sum, container, role| {
            resize.add(sum, container, role, List::Requests);
        });
        // A pod that says what it requests as a whole lacks only what neither it nor any container says.
        let may_lack = |name: &str| {
            requests.get(name).is_none() || !resource_list::is_pod_level_set_in(spec, "requests")
        };
        let defaults = [
            (
                "cpu",
                Quantity::new_milli(DEFAULT_MILLI_CPU, Format::DecimalSi),
            ),
            ("memory", Quantity::new(DEFAULT_MEMORY, Format::DecimalSi)),
        ];
        let defaults = defaults.map(|(name, amount)| may_lack(name).then_some((name, amount)));
        let scored = pod_resources::requests(spec, status, |sum, container, role| {
            let mut own = Amounts::default();
            resize.add(&mut own, container, role, List::Requests);
            for (name, amount) in defaults.iter().flatten() {
                if own.get(name).is_none() {
                    own.add_amount(name, amount.clone());
                }
            }
            sum.add(&own);
        });
        Self {
            scored_milli_cpu: scored.get("cpu").map_or(0, Quantity::milli_value),
            scored_memory: scored.get("memory").map_or(0, Quantity::value),
            requests: Resources::of(requests.iter()),
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
