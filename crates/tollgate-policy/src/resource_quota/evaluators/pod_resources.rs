//! What all containers of a pod request or limit together, as the scheduler and quotas count it.
//!
//! Containers and sidecars run at once and add up; other init containers run one after another, each beside the
//! sidecars that were started before it. Pod-level amounts replace the sum, overhead comes on top. While a pod is
//! resized, the largest of what is wanted, given and in force counts.

use std::cmp::Ordering;
use tollgate_api::resource_list::{amounts, is_pod_level_set, is_pod_level_set_in};
use tollgate_api::{Quantity, Value, resource_name};

/// Amounts by resource; a pod names few resources, so that a list is searched.
#[derive(Debug, Default)]
pub(super) struct Amounts<'o>(Vec<(&'o str, Quantity)>);

/// Which of the two lists of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Requests,
    Limits,
}

impl List {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Limits => "limits",
        }
    }
}

/// What a pod requests.
pub(super) fn requests(pod: &Value) -> Amounts<'_> {
    let mut sum = containers(pod, List::Requests);
    let Some(spec) = pod.get("spec") else {
        return sum;
    };
    if is_pod_level_set_in(spec, "requests") {
        sum.replace_by_pod_level(spec, List::Requests);
    }
    for (name, amount) in amounts(spec.get("overhead")) {
        sum.add(name, amount);
    }
    sum
}

/// What a pod is limited to. A resource that some container may use without limit is limited all the same: the sum is
/// of the limits there are.
pub(super) fn limits(pod: &Value) -> Amounts<'_> {
    let mut sum = containers(pod, List::Limits);
    let Some(spec) = pod.get("spec") else {
        return sum;
    };
    if is_pod_level_set(spec) {
        sum.replace_by_pod_level(spec, List::Limits);
    }
    for (name, amount) in amounts(spec.get("overhead")) {
        if let Some(limit) = sum.find_mut(name).filter(|limit| !limit.is_zero()) {
            limit.add(&amount);
        }
    }
    sum
}

fn containers(pod: &Value, list: List) -> Amounts<'_> {
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let resize = Resize::of(pod);
    let mut sum = Amounts(Vec::with_capacity(4));
    for container in spec.items("containers") {
        resize.add_to(&mut sum, container, list);
    }
    let init_containers = spec.items("initContainers");
    if init_containers.is_empty() {
        return sum;
    }
    let mut sidecars = Amounts::default();
    let mut peak = Amounts::default();
    for container in init_containers {
        if container.str("restartPolicy") == Some("Always") {
            let mut own = Amounts::default();
            resize.add_to(&mut own, container, list);
            sum.add_all(&own);
            sidecars.add_all(&own);
            peak.raise_to(&sidecars);
        } else {
            let mut together = Amounts::default();
            Resize::NONE.add_to(&mut together, container, list);
            together.add_all(&sidecars);
            peak.raise_to(&together);
        }
    }
    sum.raise_to(&peak);
    sum
}

/// What the status says about a resize that is under way.
struct Resize<'o> {
    statuses: [&'o [Value]; 2],
    infeasible: bool,
}

impl<'o> Resize<'o> {
    const NONE: Self = Self {
        statuses: [&[], &[]],
        infeasible: false,
    };

    fn of(pod: &'o Value) -> Self {
        let Some(status) = pod.get("status") else {
            return Self::NONE;
        };
        let pending = status
            .items("conditions")
            .iter()
            .find(|condition| condition.str("type") == Some("PodResizePending"));
        Self {
            statuses: [
                status.items("initContainerStatuses"),
                status.items("containerStatuses"),
            ],
            infeasible: pending.is_some_and(|pending| pending.str("reason") == Some("Infeasible")),
        }
    }

    /// The status of a container that says what is in force.
    fn status_of(&self, container: &Value) -> Option<&'o Value> {
        let name = container.str_or_empty("name");
        self.statuses
            .iter()
            // Of two statuses of one name the last one counts.
            .find_map(|statuses| {
                let mut statuses = statuses.iter().rev();
                statuses.find(|status| status.str_or_empty("name") == name)
            })
            .filter(|status| status.get("resources").is_some())
    }

    fn add_to(&self, sum: &mut Amounts<'o>, container: &'o Value, list: List) {
        let wanted = container.get("resources");
        let wanted = wanted.and_then(|resources| resources.get(list.as_str()));
        let Some(status) = self.status_of(container) else {
            for (name, amount) in amounts(wanted) {
                sum.add(name, amount);
            }
            return;
        };
        let in_force = status.get("resources");
        let in_force = in_force.and_then(|resources| resources.get(list.as_str()));
        let given = match list {
            List::Requests => status.get("allocatedResources"),
            List::Limits => None,
        };
        let wanted = if self.infeasible { None } else { wanted };
        let mut largest = Amounts::default();
        for (name, amount) in [wanted, in_force, given].into_iter().flat_map(amounts) {
            largest.raise(name, &amount);
        }
        for (name, amount) in largest.0 {
            sum.add(name, amount);
        }
    }
}

impl<'o> Amounts<'o> {
    /// The amounts, in the order in which their resources were met.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'o str, &Quantity)> {
        self.0.iter().map(|(name, amount)| (*name, amount))
    }

    /// The amount of a resource.
    pub(super) fn get(&self, name: &str) -> Option<&Quantity> {
        let mut entries = self.0.iter();
        entries
            .find(|(entry, _)| *entry == name)
            .map(|(_, amount)| amount)
    }

    fn find_mut(&mut self, name: &str) -> Option<&mut Quantity> {
        self.0
            .iter_mut()
            .find(|(entry, _)| *entry == name)
            .map(|(_, amount)| amount)
    }

    fn add(&mut self, name: &'o str, amount: Quantity) {
        match self.find_mut(name) {
            Some(sum) => sum.add(&amount),
            None => self.0.push((name, amount)),
        }
    }

    fn add_all(&mut self, other: &Self) {
        for (name, amount) in other.iter() {
            self.add(name, amount.clone());
        }
    }

    fn raise(&mut self, name: &'o str, amount: &Quantity) {
        match self.find_mut(name) {
            Some(largest) if amount.compare(largest) == Ordering::Greater => {
                *largest = amount.clone();
            }
            Some(_) => {}
            None => self.0.push((name, amount.clone())),
        }
    }

    fn raise_to(&mut self, other: &Self) {
        for (name, amount) in other.iter() {
            self.raise(name, amount);
        }
    }

    fn replace_by_pod_level(&mut self, spec: &'o Value, list: List) {
        let resources = spec.get("resources");
        let pod_level = resources.and_then(|resources| resources.get(list.as_str()));
        for (name, amount) in amounts(pod_level) {
            if resource_name::is_pod_level(name) {
                match self.find_mut(name) {
                    Some(sum) => *sum = amount,
                    None => self.0.push((name, amount)),
                }
            }
        }
    }
}
