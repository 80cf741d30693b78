//! What the subresource `resize` may change: `ValidatePodResize`.

use super::update::{MIRROR, good_again, spec_of};
use crate::validation::{Options, go_struct};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, qos};

const LISTS: [&str; 2] = ["containers", "initContainers"];

/// Validates an update of the resources of a pod's containers.
pub(super) fn validate(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    good_again(new, old, options, errors);
    let (spec, before) = (spec_of(new), spec_of(old));
    let unsupported = if old.at(&["metadata", "annotations", MIRROR]).is_some() {
        Some("static pods cannot be resized")
    } else if before.at(&["os", "name"]).and_then(Value::as_str) == Some("windows") {
        Some("windows pods cannot be resized")
    } else {
        None
    };
    if let Some(why) = unsupported {
        errors.clear();
        errors.push(Error::forbidden(&Path::root(""), why));
        return;
    }
    let path = Path::root("spec");
    let class = qos::class_of(old).unwrap_or_else(|| qos::class_of_spec(before));
    if class != qos::class_of_spec(spec) {
        let why = "Pod QOS Class may not change as a result of resizing";
        let shown = new
            .at(&["status", "qosClass"])
            .cloned()
            .unwrap_or_else(|| "".into());
        errors.push(Error::invalid(&path, shown, why));
    }
    if runs_where_nothing_is_resized(old) {
        let why = "Pod running on node without support for resize";
        errors.push(Error::forbidden(&path, why));
    }
    if !same_order(spec, before, &path, errors) {
        return;
    }
    for list in LISTS {
        let path = path.child(list);
        for (place, (container, before)) in
            spec.items(list).iter().zip(before.items(list)).enumerate()
        {
            let path = path.index(place);
            let path = path.child("resources");
            for amounts in ["requests", "limits"] {
                if is_removed(container, before, amounts) {
                    let why = format!("resource {amounts} cannot be removed");
                    errors.push(Error::forbidden(&path.child(amounts), why));
                }
            }
        }
    }
    only_cpu_and_memory(new, old, &path, errors);
}

/// A kubelet that can resize says what a running container has got.
fn runs_where_nothing_is_resized(pod: &Value) -> bool {
    let statuses = pod
        .get("status")
        .map_or(&[][..], |status| status.items("containerStatuses"));
    statuses.iter().any(|status| {
        status.at(&["state", "running"]).is_some() && status.get("resources").is_none()
    })
}

fn same_order(new: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) -> bool {
    let before = errors.len();
    for list in LISTS {
        let (now, before) = (new.items(list), old.items(list));
        let same_names = || {
            now.iter()
                .zip(before)
                .all(|(now, before)| now.get("name") == before.get("name"))
        };
        let why = if now.len() != before.len() {
            format!("{list} may not be added or removed on resize")
        } else if !same_names() {
            format!("{list} may not be renamed or reordered on resize")
        } else {
            continue;
        };
        errors.push(Error::forbidden(path, why));
    }
    errors.len() == before
}

fn is_removed(new: &Value, old: &Value, amounts: &str) -> bool {
    let has = |container: &Value, name: &str| container.at(&["resources", amounts, name]).is_some();
    let before = old.get("resources").unwrap_or(&Value::Null);
    before.entries(amounts).any(|(name, _)| !has(new, name))
}

/// What remains after CPU and memory are put back must be what was there.
fn only_cpu_and_memory(new: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    let before = spec_of(old);
    let mut munged = new.clone();
    let Some(spec) = munged.get_mut("spec") else {
        return;
    };
    for list in LISTS {
        for (container, before) in spec.items_mut(list).iter_mut().zip(before.items(list)) {
            put_back(container, before);
        }
    }
    let [shown_before, shown] =
        [old, &munged].map(|pod| go_struct::of_field("v1", "Pod", "spec", pod));
    if !go_struct::same(&shown, &shown_before) {
        let diff = go_struct::diff(&shown_before, &shown);
        let why = format!("only cpu and memory resources are mutable\n{diff}");
        errors.push(Error::forbidden(path, why));
    }
}

fn put_back(container: &mut Value, before: &Value) {
    match before.get("resizePolicy") {
        Some(policy) => container.set("resizePolicy", policy.clone()),
        None => {
            container.remove("resizePolicy");
        }
    }
    for amounts in ["requests", "limits"] {
        for name in ["cpu", "memory"] {
            let amount = before.at(&["resources", amounts, name]).cloned();
            if let Some(amount) = amount {
                let list = container.child_mut("resources").child_mut(amounts);
                list.set(name, amount);
            } else if container.at(&["resources", amounts, name]).is_some() {
                container
                    .child_mut("resources")
                    .child_mut(amounts)
                    .remove(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    fn pod(resources: &str) -> Value {
        let text = format!(
            r#"{{"metadata":{{"name":"a","namespace":"b","resourceVersion":"1"}},"spec":{{"restartPolicy":"Always","dnsPolicy":"ClusterFirst","serviceAccountName":"default","terminationGracePeriodSeconds":30,"containers":[{{"name":"c","image":"i","imagePullPolicy":"Always","terminationMessagePolicy":"File","resources":{resources}}}]}}}}"#
        );
        from_str(&text).unwrap()
    }

    #[track_caller]
    fn check(old: &str, new: &str, expected: &[&str]) {
        let mut errors = Errors::new();
        validate(&pod(new), &pod(old), &Options::default(), &mut errors);
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(texts.len(), expected.len(), "{texts:#?}");
        for (text, start) in texts.iter().zip(expected) {
            assert!(text.starts_with(start), "{text}");
        }
    }

    #[test]
    fn cpu_and_memory_are_resized() {
        let old = r#"{"requests":{"cpu":"1"}}"#;
        check(old, r#"{"requests":{"cpu":"2","memory":"1Gi"}}"#, &[]);
    }

    #[test]
    fn nothing_is_removed_and_the_class_stays() {
        check(
            r#"{"requests":{"cpu":"1"}}"#,
            "{}",
            &[
                "spec: Invalid value: \"\": Pod QOS Class may not change",
                "spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed",
            ],
        );
    }

    #[test]
    fn other_resources_stay() {
        check(
            r#"{"requests":{"cpu":"1"}}"#,
            r#"{"requests":{"cpu":"1","ephemeral-storage":"1Gi"}}"#,
            &["spec: Forbidden: only cpu and memory resources are mutable\n@@ "],
        );
    }
}
