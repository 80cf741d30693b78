//! The pods of a StatefulSet: each with a name and claims of its own.

use super::set::{POD_INDEX, POD_NAME, REVISION, Set};
use crate::driver::Cached;
use crate::pod_control::{Owning, pod_of_template};
use tollgate_api::Value;

/// The pod with that ordinal, of a revision and its template.
pub(super) fn of(
    owner: &Owning,
    set: &Set<'_>,
    template: &Value,
    revision: &str,
    ordinal: i64,
) -> Value {
    let mut pod = pod_of_template(owner, template);
    let name = set.pod_name(ordinal);
    let metadata = pod.child_mut("metadata");
    metadata.set("name", name.as_str());
    let labels = metadata.child_mut("labels");
    labels.set(POD_NAME, name.as_str());
    labels.set(POD_INDEX, ordinal.to_string());
    labels.set(REVISION, revision);
    let spec = pod.child_mut("spec");
    spec.set("hostname", name);
    if !set.service.is_empty() {
        spec.set("subdomain", set.service);
    }
    mount_claims(spec, set, ordinal);
    pod
}

/// Puts the volumes of claims into a pod's spec, in the place of others of the same names.
pub(super) fn mount_claims(spec: &mut Value, set: &Set<'_>, ordinal: i64) {
    if set.claims.is_empty() {
        return;
    }
    let mut volumes = Vec::new();
    let mut names = Vec::new();
    for template in set.claims {
        let name = template.at(&["metadata", "name"]).and_then(Value::as_str);
        let name = name.unwrap_or_default();
        let mut volume = Value::object();
        volume.set("name", name);
        let source = volume.child_mut("persistentVolumeClaim");
        source.set("claimName", set.claim_name(template, ordinal));
        volumes.push(volume);
        names.push(name);
    }
    let others = spec.items("volumes").iter();
    let others = others.filter(|volume| !names.contains(&volume.str_or_empty("name")));
    volumes.extend(others.cloned().collect::<Vec<Value>>());
    spec.set("volumes", volumes);
}

/// Whether a pod carries the labels of its place.
pub(super) fn has_identity(pod: &Cached, ordinal: i64) -> bool {
    let labels = &pod.meta.labels;
    labels.str(POD_NAME) == Some(&pod.meta.name)
        && labels.str(POD_INDEX) == Some(&ordinal.to_string())
}

/// Whether a pod's volumes are those of its claims.
pub(super) fn has_storage(pod: &Value, set: &Set<'_>, ordinal: i64) -> bool {
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    set.claims.iter().all(|template| {
        let name = template.at(&["metadata", "name"]);
        let mut volumes = spec.items("volumes").iter();
        let volume = volumes.find(|volume| volume.get("name") == name);
        let claim = volume.and_then(|volume| volume.get("persistentVolumeClaim"));
        let claim = claim.and_then(|claim| claim.str("claimName"));
        claim == Some(&set.claim_name(template, ordinal))
    })
}

/// A pod's revision.
pub(super) fn revision(pod: &Cached) -> &str {
    pod.meta.labels.str(REVISION).unwrap_or_default()
}

/// The claim of a template that a pod gets; it goes with the set if `owner` is there.
pub(super) fn claim(
    set: &Set<'_>,
    template: &Value,
    ordinal: i64,
    namespace: &str,
    owner: Option<Value>,
) -> Value {
    let mut claim = template.clone();
    claim.set("apiVersion", "v1");
    claim.set("kind", "PersistentVolumeClaim");
    claim.remove("status");
    let metadata = claim.child_mut("metadata");
    metadata.set("name", set.claim_name(template, ordinal));
    metadata.set("namespace", namespace);
    let selector = set.object.at(&["spec", "selector"]).unwrap_or(&Value::Null);
    for (key, value) in selector.str_entries("matchLabels") {
        metadata.child_mut("labels").set(key, value);
    }
    if let Some(owner) = owner {
        metadata.set("ownerReferences", vec![owner]);
    }
    claim
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::STATEFUL_SETS;
    use tollgate_api::client::Stored;
    use tollgate_api::json;

    const SET: &str = r#"{"metadata":{"name":"web","namespace":"n","uid":"u"},"spec":{"serviceName":"nginx",
        "selector":{"matchLabels":{"app":"web"}},
        "volumeClaimTemplates":[{"metadata":{"name":"data","labels":{"a":"b"}},"spec":{"storageClassName":"fast"}}],
        "template":{"metadata":{"labels":{"app":"web"}},"spec":{"volumes":[{"name":"data","emptyDir":{}},{"name":"tmp","emptyDir":{}}]}}}}"#;

    fn owner() -> Owning {
        let stored = Stored {
            json: SET.as_bytes().into(),
            revision: 1,
        };
        let cached = Cached::new(&stored, false).unwrap();
        Owning::new(&STATEFUL_SETS, "StatefulSet", &cached)
    }

    #[test]
    fn a_pod_has_a_name_and_claims_of_its_own() {
        let object = json::from_str(SET).unwrap();
        let set = Set::of(&object);
        let template = object.at(&["spec", "template"]).unwrap();
        let pod = of(&owner(), &set, template, "web-abc", 2);
        assert_eq!(
            json::to_string(pod.at(&["metadata", "labels"]).unwrap()),
            r#"{"app":"web","statefulset.kubernetes.io/pod-name":"web-2","apps.kubernetes.io/pod-index":"2","controller-revision-hash":"web-abc"}"#
        );
        assert_eq!(
            json::to_string(pod.get("spec").unwrap()),
            r#"{"volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"data-web-2"}},{"name":"tmp","emptyDir":{}}],"hostname":"web-2","subdomain":"nginx"}"#
        );
        assert!(has_storage(&pod, &set, 2));
        assert!(!has_storage(&pod, &set, 1));
    }

    #[test]
    fn a_claim_has_the_labels_of_its_template_and_of_the_selector() {
        let object = json::from_str(SET).unwrap();
        let set = Set::of(&object);
        let claim = claim(&set, &set.claims[0], 2, "n", None);
        assert_eq!(
            json::to_string(claim.get("metadata").unwrap()),
            r#"{"name":"data-web-2","labels":{"a":"b","app":"web"},"namespace":"n"}"#
        );
    }
}
