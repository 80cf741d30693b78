//! What a quota demands of every container: where it limits cpu or memory, each container must say how much.
//!
//! Upstream calls this a mistake that is kept for those who rely on it: it holds for no other resource.

use tollgate_api::Value;
use tollgate_api::field::{FieldPath, Path};
use tollgate_api::resource_list::is_pod_level_set;

/// A set of the keys in [`KEYS`].
pub(in crate::resource_quota) type KeyBits = u8;

/// The keys that demand something, sorted, each with what it demands of a container.
const KEYS: [(&str, &str, &str); 6] = [
    ("cpu", "requests", "cpu"),
    ("limits.cpu", "limits", "cpu"),
    ("limits.memory", "limits", "memory"),
    ("memory", "requests", "memory"),
    ("requests.cpu", "requests", "cpu"),
    ("requests.memory", "requests", "memory"),
];

/// The set of a key alone; empty for keys that demand nothing.
pub(in crate::resource_quota) fn constraint_bit(key: &str) -> KeyBits {
    KEYS.iter()
        .position(|(constrained, ..)| *constrained == key)
        .map_or(0, |place| 1 << place)
}

/// What the containers of one pod say, looked up once for all quotas.
#[derive(Debug)]
pub(in crate::resource_quota) struct Constraints<'o> {
    spec: &'o Value,
    said_by_all: KeyBits,
}

/// Something a container does not say.
#[derive(Debug, Clone, Copy)]
pub(in crate::resource_quota) struct Missing<'o> {
    /// The quota's key that demands it.
    pub key: &'static str,
    /// The container's name.
    pub container: &'o str,
    /// `containers` or `initContainers`
    pub containers: &'static str,
    /// The container's place in its list.
    pub index: usize,
    /// `requests` or `limits`
    pub list: &'static str,
    /// `cpu` or `memory`
    pub resource: &'static str,
}

impl Missing<'_> {
    /// Where it would have to stand.
    pub(in crate::resource_quota) fn path(&self) -> FieldPath {
        let containers = Path::root("spec");
        let containers = containers.child(self.containers);
        let container = containers.index(self.index);
        let resources = container.child("resources");
        resources.child(self.list).key(self.resource).to_owned()
    }
}

impl<'o> Constraints<'o> {
    /// Looks at a pod.
    pub(in crate::resource_quota) fn of(pod: &'o Value) -> Self {
        let spec = pod.get("spec").unwrap_or(&Value::Null);
        // One pod-level resource, whichever, lifts all demands.
        let said_by_all = if is_pod_level_set(spec) {
            KeyBits::MAX
        } else {
            containers(spec).fold(KeyBits::MAX, |said, (_, _, container)| {
                said & says(container)
            })
        };
        Self { spec, said_by_all }
    }

    /// Whether every container says what the keys demand.
    pub(in crate::resource_quota) fn are_met(&self, keys: KeyBits) -> bool {
        keys & !self.said_by_all == 0
    }

    /// What the keys demand and some container does not say: by key, then in the order of containers.
    pub(in crate::resource_quota) fn missing(&self, keys: KeyBits) -> Vec<Missing<'o>> {
        let mut all = Vec::new();
        for (key, list, resource) in KEYS {
            let bit = constraint_bit(key);
            if keys & bit & !self.said_by_all == 0 {
                continue;
            }
            for (containers, index, container) in containers(self.spec) {
                if says(container) & bit == 0 {
                    all.push(Missing {
                        key,
                        container: container.str_or_empty("name"),
                        containers,
                        index,
                        list,
                        resource,
                    });
                }
            }
        }
        all
    }
}

/// Containers, then init containers, with their places.
fn containers(spec: &Value) -> impl Iterator<Item = (&'static str, usize, &Value)> {
    ["containers", "initContainers"]
        .into_iter()
        .flat_map(|list| {
            let containers = spec.items(list).iter().enumerate();
            containers.map(move |(index, container)| (list, index, container))
        })
}

/// The keys whose demand a container meets.
fn says(container: &Value) -> KeyBits {
    let Some(resources) = container.get("resources") else {
        return 0;
    };
    let said = ["requests", "limits"].map(|list| {
        let amounts = resources.get(list).and_then(Value::as_object);
        ["cpu", "memory"]
            .map(|resource| amounts.is_some_and(|amounts| amounts.get_or_null(resource).is_some()))
    });
    let [[requests_cpu, requests_memory], [limits_cpu, limits_memory]] = said;
    // In the order of `KEYS`.
    [
        requests_cpu,
        limits_cpu,
        limits_memory,
        requests_memory,
        requests_cpu,
        requests_memory,
    ]
    .iter()
    .rev()
    .fold(0, |bits, said| bits << 1 | KeyBits::from(*said))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[test]
    fn a_container_says_what_it_requests_and_limits() {
        for (key, list, resource) in KEYS {
            let container = from_str(&format!(
                r#"{{"resources":{{"{list}":{{"{resource}":"1"}}}}}}"#
            ))
            .unwrap();
            let met: Vec<_> = KEYS
                .iter()
                .filter(|(key, ..)| says(&container) & constraint_bit(key) != 0)
                .map(|(_, list, resource)| (*list, *resource))
                .collect();
            assert!(
                met.iter().all(|met| *met == (list, resource)),
                "{key}: {met:?}"
            );
            assert!(!met.is_empty());
        }
        assert_eq!(constraint_bit("pods"), 0);
    }
}
