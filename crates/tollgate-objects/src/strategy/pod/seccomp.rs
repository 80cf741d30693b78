//! Seccomp profiles of pods up to 1.26: the annotations and the fields that replaced them are kept in step
//! (`applySeccompVersionSkew`).

use super::annotations::{self, Profile};
use super::{CONTAINER_LISTS, object_mut};
use tollgate_api::Value;

const POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const CONTAINER_PREFIX: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// Whichever of the two is missing follows the other, for the pod and for each container.
pub(super) fn synchronize(pod: &mut Value) {
    let annotation = annotations::get(pod, POD).map(str::to_owned);
    if let Some(text) = synchronize_context(pod.get_mut("spec"), annotation.as_deref()) {
        annotate(pod, POD.to_owned(), text);
    }
    for list in CONTAINER_LISTS {
        let count = pod.get("spec").map_or(0, |spec| spec.items(list).len());
        for index in 0..count {
            let name = |pod: &Value| {
                let container = pod.get("spec")?.items(list).get(index)?;
                Some(format!(
                    "{CONTAINER_PREFIX}{}",
                    container.str_or_empty("name")
                ))
            };
            let Some(key) = name(pod) else { continue };
            let annotation = annotations::get(pod, &key).map(str::to_owned);
            let container = pod
                .get_mut("spec")
                .and_then(|spec| spec.items_mut(list).get_mut(index));
            if let Some(text) = synchronize_context(container, annotation.as_deref()) {
                annotate(pod, key, text);
            }
        }
    }
}

/// Sets the field of a security context from the annotation, or returns the annotation that the field calls for.
fn synchronize_context(owner: Option<&mut Value>, annotation: Option<&str>) -> Option<String> {
    let owner = owner.filter(|owner| owner.as_object().is_some())?;
    let field = owner.at(&["securityContext", "seccompProfile"]);
    match (field, annotation) {
        (Some(field), None) => Profile::from_field(field).to_annotation(),
        (None, Some(annotation)) => {
            let text = if annotation == "docker/default" {
                "runtime/default"
            } else {
                annotation
            };
            let profile = Profile::from_annotation(text)?;
            object_mut(owner, "securityContext")?.set("seccompProfile", profile.to_field());
            None
        }
        _ => None,
    }
}

fn annotate(pod: &mut Value, key: String, text: String) {
    let annotations =
        object_mut(pod, "metadata").and_then(|metadata| object_mut(metadata, "annotations"));
    if let Some(annotations) = annotations {
        annotations.set(key, text);
    }
}
