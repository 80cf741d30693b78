//! How endpoints are spread over slices, with as few writes as possible.

use std::collections::BTreeMap;
use tollgate_api::Value;

/// How many endpoints a slice holds.
pub(super) const ENDPOINTS_MAX: usize = 100;

/// A slice that is there.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// Its ports, as JSON.
    pub(super) ports: String,
    /// Its endpoints.
    pub(super) endpoints: Vec<Value>,
}

/// What is to be done.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Plan {
    /// The slices that stay, by their place: their ports and endpoints.
    pub(super) kept: Vec<(usize, String, Vec<Value>)>,
    /// New slices: their ports and endpoints.
    pub(super) made: Vec<(String, Vec<Value>)>,
    /// The slices that go, by their place.
    pub(super) removed: Vec<usize>,
}

/// The ports of a slice without endpoints.
pub(super) const NO_PORTS: &str = "[]";

/// What an endpoint is, whatever state it is in.
fn identity(endpoint: &Value) -> String {
    let uid = endpoint.at(&["targetRef", "uid"]).and_then(Value::as_str);
    let address = endpoint.items("addresses").first().and_then(Value::as_str);
    format!(
        "{} {}",
        uid.unwrap_or_default(),
        address.unwrap_or_default()
    )
}

/// Spreads the wanted endpoints, given by their ports. Endpoints stay in the slice in which they are, new ones take free
/// places, and a slice that would go becomes one that would be made. There is always one slice.
pub(super) fn plan(known: &[Known], wanted: &BTreeMap<String, Vec<Value>>) -> Plan {
    let mut plan = Plan::default();
    for (ports, endpoints) in wanted.iter().filter(|(_, endpoints)| !endpoints.is_empty()) {
        let mut left: BTreeMap<String, &Value> = endpoints
            .iter()
            .map(|endpoint| (identity(endpoint), endpoint))
            .collect();
        let first = plan.kept.len();
        for (place, slice) in known.iter().enumerate() {
            if slice.ports != *ports {
                continue;
            }
            let kept = slice.endpoints.iter();
            let kept = kept.filter_map(|endpoint| left.remove(&identity(endpoint)).cloned());
            let kept: Vec<Value> = kept.collect();
            if !kept.is_empty() {
                plan.kept.push((place, ports.clone(), kept));
            }
        }
        let mut left = left.into_values().cloned();
        for (.., kept) in plan.kept.iter_mut().skip(first) {
            let room = ENDPOINTS_MAX.saturating_sub(kept.len());
            kept.extend(left.by_ref().take(room));
        }
        loop {
            let next: Vec<Value> = left.by_ref().take(ENDPOINTS_MAX).collect();
            if next.is_empty() {
                break;
            }
            plan.made.push((ports.clone(), next));
        }
    }
    if plan.kept.is_empty() && plan.made.is_empty() {
        plan.made.push((NO_PORTS.to_owned(), Vec::new()));
    }
    let places = 0..known.len();
    let mut removed: Vec<usize> = places
        .filter(|place| plan.kept.iter().all(|(kept, ..)| kept != place))
        .collect();
    while !removed.is_empty() && !plan.made.is_empty() {
        let (ports, endpoints) = plan.made.remove(0);
        plan.kept.push((removed.remove(0), ports, endpoints));
    }
    plan.removed = removed;
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(number: usize) -> Value {
        let mut endpoint = Value::object();
        endpoint.set(
            "addresses",
            vec![format!("10.0.{}.{}", number / 250, number % 250)],
        );
        endpoint
    }

    fn wanted(ports: &str, numbers: impl Iterator<Item = usize>) -> BTreeMap<String, Vec<Value>> {
        BTreeMap::from([(ports.to_owned(), numbers.map(endpoint).collect())])
    }

    fn slice(ports: &str, numbers: impl Iterator<Item = usize>) -> Known {
        Known {
            ports: ports.to_owned(),
            endpoints: numbers.map(endpoint).collect(),
        }
    }

    #[test]
    fn many_endpoints_fill_slices_of_a_hundred() {
        let plan = plan(&[], &wanted("p", 0..250));
        let sizes: Vec<usize> = plan.made.iter().map(|(_, made)| made.len()).collect();
        assert_eq!(sizes, [100, 100, 50]);
    }

    #[test]
    fn a_new_endpoint_takes_a_free_place_and_the_others_stay() {
        let known = [slice("p", 0..100), slice("p", 100..110)];
        let plan = plan(&known, &wanted("p", 0..111));
        let sizes: Vec<usize> = plan.kept.iter().map(|(.., kept)| kept.len()).collect();
        assert_eq!(sizes, [100, 11]);
        assert!(plan.made.is_empty() && plan.removed.is_empty());
    }

    #[test]
    fn without_endpoints_one_empty_slice_is_left() {
        assert_eq!(
            plan(&[], &BTreeMap::new()).made,
            [(NO_PORTS.to_owned(), Vec::new())]
        );
        let known = [slice("p", 0..5), slice("p", 5..9)];
        let plan = plan(&known, &BTreeMap::new());
        assert_eq!(plan.kept, [(0, NO_PORTS.to_owned(), Vec::new())]);
        assert_eq!(plan.removed, [1]);
    }

    #[test]
    fn a_slice_whose_ports_nobody_wants_becomes_another() {
        let known = [slice("old", 0..5)];
        let plan = plan(&known, &wanted("new", 0..5));
        assert_eq!(plan.kept.len(), 1);
        assert_eq!(plan.kept[0].1, "new");
    }
}
