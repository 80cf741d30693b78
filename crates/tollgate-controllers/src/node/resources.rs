//! Amounts by resource: what nodes have and what pods request.

use tollgate_api::pod_resources;
use tollgate_api::resource_list::amounts;
use tollgate_api::value::CompactString;
use tollgate_api::{Quantity, Value};

/// Amounts by the name of the resource, sorted. They are few, and every pod on a node has some: a list takes a tenth of
/// the memory of a tree.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resources(Vec<(CompactString, Quantity)>);

impl Resources {
    /// The amounts of a resource list of an object.
    pub fn from_list(list: Option<&Value>) -> Self {
        amounts(list)
            .map(|(name, amount)| (name.to_owned(), amount))
            .collect()
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0
            .binary_search_by(|(entry, _)| entry.as_str().cmp(name))
    }

    /// The amount of one resource, if it is here.
    pub fn get(&self, name: &str) -> Option<&Quantity> {
        let (_, amount) = self.0.get(self.place(name).ok()?)?;
        Some(amount)
    }

    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Quantity)> {
        self.0.iter().map(|(name, amount)| (name.as_str(), amount))
    }

    /// Whether nothing is here.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts an amount in the place of what was there.
    pub fn insert(&mut self, name: &str, amount: Quantity) {
        self.change(name, |place| *place = amount);
    }

    /// Adds these amounts.
    pub fn add(&mut self, other: &Self) {
        for (name, amount) in other.iter() {
            self.change(name, |place| place.add(amount));
        }
    }

    /// Takes these amounts away.
    pub fn sub(&mut self, other: &Self) {
        for (name, amount) in other.iter() {
            self.change(name, |place| place.sub(amount));
        }
    }

    fn change(&mut self, name: &str, change: impl FnOnce(&mut Quantity)) {
        match self.place(name) {
            Ok(place) => {
                if let Some((_, amount)) = self.0.get_mut(place) {
                    change(amount);
                }
            }
            Err(place) => {
                let mut amount = Quantity::default();
                change(&mut amount);
                self.0.insert(place, (name.into(), amount));
            }
        }
    }

    /// As objects hold them.
    pub fn to_value(&self) -> Value {
        self.iter()
            .map(|(name, amount)| (name.to_owned(), amount.to_string()))
            .collect()
    }
}

impl FromIterator<(String, Quantity)> for Resources {
    fn from_iter<I: IntoIterator<Item = (String, Quantity)>>(entries: I) -> Self {
        let mut resources = Self::default();
        for (name, amount) in entries {
            resources.insert(&name, amount);
        }
        resources.0.shrink_to_fit();
        resources
    }
}

/// The amount as kubelets write it in messages: CPU in thousandths, all else whole.
pub(crate) fn in_messages(name: &str, amount: &Quantity) -> i64 {
    if name == "cpu" {
        amount.milli_value()
    } else {
        amount.value()
    }
}

/// What a pod of this spec requests of its node (`PodRequests`), with `requests_of` a container in place of its own
/// requests where it knows better.
pub(crate) fn pod_requests<'p>(
    spec: &'p Value,
    requests_of: impl Fn(&'p Value) -> Option<&'p Value>,
) -> Resources {
    let requests = pod_resources::requests(spec, None, |sum, container, _| {
        sum.add_list(requests_of(container));
    });
    let requests = requests.into_iter();
    requests
        .map(|(name, amount)| (name.to_owned(), amount))
        .collect()
}

/// The requests that a container's spec states.
pub(crate) fn requests(container: &Value) -> Option<&Value> {
    container.at(&["resources", "requests"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[track_caller]
    fn check(spec: &str, expected: &str) {
        let spec = from_str(spec).unwrap();
        let sum = pod_requests(&spec, requests);
        assert_eq!(sum.to_value(), from_str(expected).unwrap());
    }

    #[test]
    fn sums_containers_and_raises_to_the_peak_of_initialisation() {
        check(
            r#"{"containers":[{"resources":{"requests":{"cpu":"1","memory":"1Gi"}}},{}],
                "initContainers":[{"restartPolicy":"Always","resources":{"requests":{"cpu":"500m"}}},
                                  {"resources":{"requests":{"cpu":"3"}}}]}"#,
            r#"{"cpu":"3500m","memory":"1Gi"}"#,
        );
    }

    #[test]
    fn what_the_pod_says_as_a_whole_counts_and_overhead_is_added() {
        check(
            r#"{"containers":[{"resources":{"requests":{"cpu":"1"}}}],
                "resources":{"requests":{"cpu":"4"}},"overhead":{"cpu":"250m"}}"#,
            r#"{"cpu":"4250m"}"#,
        );
    }
}
