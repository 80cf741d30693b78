//! What a pod requests or limits as a whole.
//!
//! Regular containers and sidecars run at once and add up; other init containers run one after another, each beside the
//! sidecars that were started before it. What the pod says for all of them together replaces the sum, overhead comes on
//! top. Upstream: `component-helpers/resource`, whose options are the parameters here.

use crate::resource_list::amounts;
use crate::resource_name::is_pod_level;
use crate::{Quantity, Value};
use std::cmp::Ordering;

/// How a container runs beside the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It runs as long as the pod.
    Regular,
    /// It is started before those, and then runs as long.
    Sidecar,
    /// It ends before the next is started.
    Init,
}

/// Which list of a container's or a pod's resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// `requests`
    Requests,
    /// `limits`
    Limits,
}

impl List {
    /// Its field.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Limits => "limits",
        }
    }

    /// This list of a container, or of a pod's spec.
    pub fn of(self, owner: &Value) -> Option<&Value> {
        owner.get("resources")?.get(self.as_str())
    }
}

/// What can be added up over containers: one amount, or many by name.
pub trait Sum: Default {
    /// Adds what is in the other.
    fn add(&mut self, other: &Self);

    /// Takes the larger of both, for each name.
    fn raise_to(&mut self, other: &Self);
}

/// What all containers take together; `add` adds to a sum what one of them takes.
pub fn over_containers<'o, S: Sum>(
    spec: &'o Value,
    mut add: impl FnMut(&mut S, &'o Value, Role),
) -> S {
    let mut sum = S::default();
    for container in spec.items("containers") {
        add(&mut sum, container, Role::Regular);
    }
    let init_containers = spec.items("initContainers");
    if init_containers.is_empty() {
        return sum;
    }
    let (mut sidecars, mut peak) = (S::default(), S::default());
    for container in init_containers {
        let mut own = S::default();
        if container.str("restartPolicy") == Some("Always") {
            add(&mut own, container, Role::Sidecar);
            sum.add(&own);
            sidecars.add(&own);
            peak.raise_to(&sidecars);
        } else {
            add(&mut own, container, Role::Init);
            own.add(&sidecars);
            peak.raise_to(&own);
        }
    }
    sum.raise_to(&peak);
    sum
}

/// What a pod of this spec requests (`PodRequests`), with `add` to say what a container does.
///
/// `status` is the pod's status where a resize of the pod's own requests that is under way counts.
pub fn requests<'o>(
    spec: &'o Value,
    status: Option<&'o Value>,
    add: impl FnMut(&mut Amounts<'o>, &'o Value, Role),
) -> Amounts<'o> {
    let mut sum = over_containers(spec, add);
    let resized = status.and_then(|status| {
        let in_force = status.get("resources")?;
        let mut largest = Amounts::default();
        let wanted = List::Requests
            .of(spec)
            .filter(|_| !is_infeasible(Some(status)));
        let lists = [
            wanted,
            in_force.get("requests"),
            status.get("allocatedResources"),
        ];
        for (name, amount) in lists.into_iter().flat_map(amounts) {
            largest.raise(name, &amount);
        }
        Some(largest)
    });
    for (name, amount) in pod_level(spec, List::Requests) {
        let amount = match &resized {
            Some(resized) => resized.get(name).cloned().unwrap_or_default(),
            None => amount,
        };
        sum.set(name, amount);
    }
    sum.add_list(spec.get("overhead"));
    sum
}

/// What a pod of this spec is limited to (`PodLimits`). A resource that some container may use without limit is limited
/// all the same: the sum is of the limits there are.
pub fn limits<'o>(
    spec: &'o Value,
    add: impl FnMut(&mut Amounts<'o>, &'o Value, Role),
) -> Amounts<'o> {
    let mut sum = over_containers(spec, add);
    for (name, amount) in pod_level(spec, List::Limits) {
        sum.set(name, amount);
    }
    for (name, amount) in amounts(spec.get("overhead")) {
        if let Some(limit) = sum.find_mut(name).filter(|limit| !limit.is_zero()) {
            limit.add(&amount);
        }
    }
    sum
}

/// Adds what a container's spec says: the `add` for those whom no status concerns.
pub fn as_specified<'o>(list: List) -> impl FnMut(&mut Amounts<'o>, &'o Value, Role) {
    move |sum, container, _| sum.add_list(list.of(container))
}

fn pod_level(spec: &Value, list: List) -> impl Iterator<Item = (&str, Quantity)> {
    amounts(list.of(spec)).filter(|(name, _)| is_pod_level(name))
}

/// What the status says about a resize of containers that is under way: the largest of what is wanted, given and in force
/// counts (`UseStatusResources`).
#[derive(Debug)]
pub struct Resize<'o> {
    statuses: [&'o [Value]; 2],
    is_infeasible: bool,
}

impl<'o> Resize<'o> {
    /// Reads the status of a pod.
    pub fn of(pod: &'o Value) -> Self {
        let status = pod.get("status");
        let items = |list| status.map_or(&[][..], |status| status.items(list));
        Self {
            statuses: [items("initContainerStatuses"), items("containerStatuses")],
            is_infeasible: is_infeasible(status),
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

    /// Adds what a container takes.
    pub fn add(&self, sum: &mut Amounts<'o>, container: &'o Value, role: Role, list: List) {
        let wanted = list.of(container);
        let status = match role {
            // What ends before others are started is never resized.
            Role::Init => None,
            Role::Regular | Role::Sidecar => self.status_of(container),
        };
        let Some(status) = status else {
            sum.add_list(wanted);
            return;
        };
        let given = match list {
            List::Requests => status.get("allocatedResources"),
            List::Limits => None,
        };
        let wanted = if self.is_infeasible { None } else { wanted };
        let mut largest = Amounts::default();
        for (name, amount) in [wanted, list.of(status), given]
            .into_iter()
            .flat_map(amounts)
        {
            largest.raise(name, &amount);
        }
        for (name, amount) in largest.0 {
            sum.add_amount(name, amount);
        }
    }
}

/// Whether a resize that was asked for can never be (`IsPodResizeInfeasible`).
fn is_infeasible(status: Option<&Value>) -> bool {
    let conditions = status.map_or(&[][..], |status| status.items("conditions"));
    let mut conditions = conditions.iter();
    conditions
        .find(|condition| condition.str("type") == Some("PodResizePending"))
        .is_some_and(|pending| pending.str("reason") == Some("Infeasible"))
}

/// Amounts by resource; a pod names few resources, so that a list is searched.
#[derive(Debug, Clone, Default)]
pub struct Amounts<'o>(Vec<(&'o str, Quantity)>);

impl<'o> Amounts<'o> {
    /// The amounts, in the order in which their resources were met.
    pub fn iter(&self) -> impl Iterator<Item = (&'o str, &Quantity)> {
        self.0.iter().map(|(name, amount)| (*name, amount))
    }

    /// The amount of a resource.
    pub fn get(&self, name: &str) -> Option<&Quantity> {
        let mut entries = self.0.iter();
        let found = entries.find(|(entry, _)| *entry == name)?;
        Some(&found.1)
    }

    fn find_mut(&mut self, name: &str) -> Option<&mut Quantity> {
        let mut entries = self.0.iter_mut();
        let found = entries.find(|(entry, _)| *entry == name)?;
        Some(&mut found.1)
    }

    /// Adds the amounts of a list.
    pub fn add_list(&mut self, list: Option<&'o Value>) {
        for (name, amount) in amounts(list) {
            self.add_amount(name, amount);
        }
    }

    /// Adds an amount.
    pub fn add_amount(&mut self, name: &'o str, amount: Quantity) {
        match self.find_mut(name) {
            Some(sum) => sum.add(&amount),
            None => self.push(name, amount),
        }
    }

    fn set(&mut self, name: &'o str, amount: Quantity) {
        match self.find_mut(name) {
            Some(sum) => *sum = amount,
            None => self.push(name, amount),
        }
    }

    fn raise(&mut self, name: &'o str, amount: &Quantity) {
        match self.find_mut(name) {
            Some(largest) if amount.compare(largest) == Ordering::Greater => {
                *largest = amount.clone();
            }
            Some(_) => {}
            None => self.push(name, amount.clone()),
        }
    }

    fn push(&mut self, name: &'o str, amount: Quantity) {
        if self.0.capacity() == 0 {
            self.0.reserve_exact(4);
        }
        self.0.push((name, amount));
    }
}

impl<'o> IntoIterator for Amounts<'o> {
    type Item = (&'o str, Quantity);
    type IntoIter = std::vec::IntoIter<(&'o str, Quantity)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Sum for Amounts<'_> {
    fn add(&mut self, other: &Self) {
        for (name, amount) in other.iter() {
            self.add_amount(name, amount.clone());
        }
    }

    fn raise_to(&mut self, other: &Self) {
        for (name, amount) in other.iter() {
            self.raise(name, amount);
        }
    }
}

/// One amount; none if nothing asks for it.
impl Sum for Option<Quantity> {
    fn add(&mut self, other: &Self) {
        match (self.as_mut(), other) {
            (Some(sum), Some(amount)) => sum.add(amount),
            (None, amount) => self.clone_from(amount),
            (Some(_), None) => {}
        }
    }

    fn raise_to(&mut self, other: &Self) {
        let is_higher = match (self.as_ref(), other) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(peak), Some(amount)) => amount.compare(peak) == Ordering::Greater,
        };
        if is_higher {
            self.clone_from(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::from_str;

    fn written(amounts: &Amounts<'_>) -> String {
        let all = amounts
            .iter()
            .map(|(name, amount)| format!("{name}={amount}"));
        all.collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn check(pod: &str, asked: &str, limited: &str) {
        let pod = from_str(pod).unwrap();
        let spec = pod.get("spec").unwrap();
        let resize = Resize::of(&pod);
        let found = requests(spec, pod.get("status"), |sum, container, role| {
            resize.add(sum, container, role, List::Requests);
        });
        assert_eq!(written(&found), asked);
        let found = limits(spec, |sum, container, role| {
            resize.add(sum, container, role, List::Limits);
        });
        assert_eq!(written(&found), limited);
    }

    #[test]
    fn init_containers_run_beside_earlier_sidecars() {
        check(
            r#"{"spec":{"initContainers":[
              {"resources":{"requests":{"cpu":"3"}}},
              {"restartPolicy":"Always","resources":{"requests":{"cpu":"1"}}},
              {"resources":{"requests":{"cpu":"4"}}}],
              "containers":[{"resources":{"requests":{"cpu":"1","memory":"7"}}}]}}"#,
            "cpu=5 memory=7",
            "",
        );
    }

    #[test]
    fn what_the_pod_says_replaces_the_sum_and_overhead_comes_on_top_of_what_is_limited() {
        check(
            r#"{"spec":{"resources":{"requests":{"cpu":"2","x.io/gpu":"9"},"limits":{"memory":"0"}},
              "overhead":{"cpu":"250m","memory":"1"},
              "containers":[{"resources":{"requests":{"cpu":"1"},"limits":{"cpu":"3","memory":"5"}}}]}}"#,
            "cpu=2250m memory=1",
            "cpu=3250m memory=0",
        );
    }

    #[test]
    fn during_a_resize_the_largest_counts_but_not_what_can_never_be() {
        let pod = |condition: &str| {
            format!(
                r#"{{"spec":{{"containers":[{{"name":"a","resources":{{"requests":{{"cpu":"3"}}}}}}],
                "initContainers":[{{"name":"i","resources":{{"requests":{{"cpu":"1"}}}}}}]}},
                "status":{{"conditions":[{condition}],
                "initContainerStatuses":[{{"name":"i","resources":{{"requests":{{"cpu":"8"}}}}}}],
                "containerStatuses":[{{"name":"a","resources":{{"requests":{{"cpu":"1"}}}},"allocatedResources":{{"cpu":"2"}}}}]}}}}"#
            )
        };
        check(&pod(""), "cpu=3", "");
        check(
            &pod(r#"{"type":"PodResizePending","reason":"Infeasible"}"#),
            "cpu=2",
            "",
        );
    }

    #[test]
    fn during_a_resize_of_the_pod_the_largest_counts() {
        check(
            r#"{"spec":{"resources":{"requests":{"cpu":"2","memory":"6"}},"containers":[]},
              "status":{"resources":{"requests":{"cpu":"4","hugepages-2Mi":"2Mi"}},"allocatedResources":{"cpu":"3"}}}"#,
            "cpu=4 memory=6",
            "",
        );
    }
}
