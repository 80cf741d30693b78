//! Amounts by resource: what nodes have and what pods request.

use std::collections::BTreeMap;
use tollgate_api::resource_list::{amounts, is_pod_level_set_in};
use tollgate_api::{Quantity, Value, resource_name};

/// Amounts by the name of the resource, sorted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resources(BTreeMap<String, Quantity>);

impl Resources {
    /// The amounts of a resource list of an object.
    pub fn from_list(list: Option<&Value>) -> Self {
        amounts(list)
            .map(|(name, amount)| (name.to_owned(), amount))
            .collect()
    }

    /// The amount of one resource, if it is here.
    pub fn get(&self, name: &str) -> Option<&Quantity> {
        self.0.get(name)
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
        self.0.insert(name.to_owned(), amount);
    }

    /// Adds these amounts.
    pub fn add(&mut self, other: &Self) {
        for (name, amount) in other.iter() {
            self.0.entry(name.to_owned()).or_default().add(amount);
        }
    }

    /// Takes these amounts away.
    pub fn sub(&mut self, other: &Self) {
        for (name, amount) in other.iter() {
            self.0.entry(name.to_owned()).or_default().sub(amount);
        }
    }

    fn raise_to(&mut self, other: &Self) {
        for (name, amount) in other.iter() {
            let place = self.0.entry(name.to_owned()).or_default();
            if &*place < amount {
                *place = amount.clone();
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
        Self(entries.into_iter().collect())
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
    let mut sum = Resources::default();
    for container in spec.items("containers") {
        sum.add(&Resources::from_list(requests_of(container)));
    }
    let mut sidecars = Resources::default();
    let mut peak = Resources::default();
    for container in spec.items("initContainers") {
        let own = Resources::from_list(requests_of(container));
        if container.str("restartPolicy") == Some("Always") {
            sum.add(&own);
            sidecars.add(&own);
            peak.raise_to(&sidecars);
        } else {
            let mut together = own;
            together.add(&sidecars);
            peak.raise_to(&together);
        }
    }
    sum.raise_to(&peak);
    if is_pod_level_set_in(spec, "requests") {
        let list = spec.at(&["resources", "requests"]);
        for (name, amount) in amounts(list).filter(|(name, _)| resource_name::is_pod_level(name)) {
            sum.insert(name, amount);
        }
    }
    sum.add(&Resources::from_list(spec.get("overhead")));
    sum
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
