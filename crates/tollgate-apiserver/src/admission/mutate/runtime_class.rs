//! RuntimeClass admission: the overhead of a runtime and where it runs (`plugin/pkg/admission/runtimeclass`).

use tollgate_api::Value;

/// Copies overhead, node selector and tolerations of the pod's runtime class into the pod.
///
/// A class that `find` does not know changes nothing: it may exist in the cluster.
pub fn apply_runtime_class<'a>(pod: &mut Value, find: impl FnOnce(&str) -> Option<&'a Value>) {
    let Some(spec) = pod.get_mut("spec") else {
        return;
    };
    let Some(class) = spec.str("runtimeClassName").and_then(find) else {
        return;
    };
    if let Some(overhead) = class.at(&["overhead", "podFixed"])
        && spec.get("overhead").is_none()
    {
        spec.set("overhead", overhead.clone());
    }
    let Some(scheduling) = class.get("scheduling") else {
        return;
    };
    let selector: Vec<(&str, &str)> = scheduling.str_entries("nodeSelector").collect();
    for (key, value) in selector {
        if spec
            .get("nodeSelector")
            .and_then(|selector| selector.str(key))
            .is_none()
        {
            spec.child_mut("nodeSelector").set(key, value);
        }
    }
    let mut tolerations = spec.items("tolerations").to_vec();
    let added = scheduling
        .items("tolerations")
        .iter()
        .filter(|new| !tolerations.contains(new));
    let added: Vec<Value> = added.cloned().collect();
    if !added.is_empty() {
        tolerations.extend(added);
        spec.set("tolerations", Value::Array(tolerations));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[test]
    fn a_known_class_adds_its_overhead() {
        let class = json::from_str(
            r#"{"overhead":{"podFixed":{"cpu":"250m"}},"scheduling":{"nodeSelector":{"sandbox":"yes"},
                "tolerations":[{"key":"sandbox"}]}}"#,
        )
        .unwrap();
        let mut pod = json::from_str(r#"{"spec":{"runtimeClassName":"gvisor"}}"#).unwrap();
        apply_runtime_class(&mut pod, |name| (name == "gvisor").then_some(&class));
        let spec = pod.get("spec").unwrap();
        assert_eq!(spec.at(&["overhead"]).unwrap().str("cpu"), Some("250m"));
        assert_eq!(
            spec.at(&["nodeSelector"]).unwrap().str("sandbox"),
            Some("yes")
        );
        assert_eq!(spec.items("tolerations").len(), 1);
    }
}
