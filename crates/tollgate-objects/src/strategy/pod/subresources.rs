//! Updates of a pod through its subresources: each changes its own part of the spec and nothing else.

use std::collections::BTreeMap;
use tollgate_api::Value;

/// What of the metadata belongs to the request.
const OF_THE_REQUEST: [&str; 5] = [
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "managedFields",
];

/// Prepares an update through `subresource`; tells whether it is one of those that change a part of the spec.
pub(in crate::strategy) fn prepare_for_update(
    subresource: &str,
    new: &mut Value,
    old: &Value,
) -> bool {
    match subresource {
        "ephemeralcontainers" => {
            let given = new.at(&["spec", "ephemeralContainers"]).cloned();
            keep_all(new, old);
            let spec = new.child_mut("spec");
            match given {
                Some(containers) => spec.set("ephemeralContainers", containers),
                None => {
                    spec.remove("ephemeralContainers");
                }
            }
            true
        }
        "resize" => {
            keep_all_but_resources(new, old);
            true
        }
        _ => false,
    }
}

/// Everything but what tells which pod is meant is as it was.
fn keep_all(new: &mut Value, old: &Value) {
    let given = new.remove("metadata").unwrap_or_default();
    *new = old.clone();
    let metadata = new.child_mut("metadata");
    for field in OF_THE_REQUEST {
        match given.get(field) {
            Some(value) => metadata.set(field, value.clone()),
            None => {
                metadata.remove(field);
            }
        }
    }
}

/// Containers may change what they request, and how they are resized.
fn keep_all_but_resources(new: &mut Value, old: &Value) {
    let before = old.get("spec").unwrap_or(&Value::Null);
    let given = new.get("spec").cloned().unwrap_or_default();
    keep_all(new, old);
    let spec = new.child_mut("spec");
    for list in ["containers", "initContainers"] {
        let known: BTreeMap<&str, &Value> = before
            .items(list)
            .iter()
            .map(|container| (container.str_or_empty("name"), container))
            .collect();
        // Whoever adds, removes or reorders containers hears of it when the pod is validated.
        let containers: Vec<Value> = given
            .items(list)
            .iter()
            .map(|container| {
                let known = known.get(container.str_or_empty("name"));
                known.map_or_else(|| container.clone(), |known| resized(known, container))
            })
            .collect();
        if containers.is_empty() {
            spec.remove(list);
        } else {
            spec.set(list, containers);
        }
    }
}

fn resized(known: &Value, given: &Value) -> Value {
    let mut container = known.clone();
    for field in ["resources", "resizePolicy"] {
        match given.get(field) {
            Some(value) => container.set(field, value.clone()),
            None => {
                container.remove(field);
            }
        }
    }
    container
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    const OLD: &str = r#"{"metadata":{"name":"a","labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}"#;

    #[track_caller]
    fn check(subresource: &str, new: &str, expected: &str) {
        let mut new = from_str(new).unwrap();
        assert!(prepare_for_update(
            subresource,
            &mut new,
            &from_str(OLD).unwrap()
        ));
        assert_eq!(new, from_str(expected).unwrap());
    }

    #[test]
    fn only_ephemeral_containers_are_added() {
        check(
            "ephemeralcontainers",
            r#"{"metadata":{"name":"a"},"spec":{"nodeName":"n","ephemeralContainers":[{"name":"e"}]}}"#,
            r#"{"metadata":{"name":"a","labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}],"ephemeralContainers":[{"name":"e"}]}}"#,
        );
    }

    #[test]
    fn only_resources_are_resized() {
        check(
            "resize",
            r#"{"metadata":{"name":"a"},"spec":{"nodeName":"n","containers":[{"name":"c","image":"j","resources":{"limits":{"cpu":"1"}}}]}}"#,
            r#"{"metadata":{"name":"a","labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i","resources":{"limits":{"cpu":"1"}}}]}}"#,
        );
    }
}
